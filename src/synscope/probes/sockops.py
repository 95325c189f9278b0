"""`bpf/sockops.bpf.c`: the moments between state changes, initial sequence numbers, the listener's queue."""

from synscope.probes.probe import Probe

PROBES = (Probe("tcp_events", "sockops", "SYN and SYN-ACK leaving, requests, headers", needed=True),)
