"""`bpf/failures.bpf.c`: errors, retransmissions and resets."""

from synscope.probes.probe import Probe

PROBES = (
    Probe("tcp_retransmit_skb", "tp_btf/tcp_retransmit_skb", "retransmitted SYNs"),
    Probe("tcp_retransmit_synack", "tp_btf/tcp_retransmit_synack", "retransmitted SYN-ACKs"),
    Probe("tcp_receive_reset", "tp_btf/tcp_receive_reset", "RSTs received"),
    Probe("tcp_send_reset", "tp_btf/tcp_send_reset", "RSTs sent"),
    Probe("inet_sk_error_report", "tp_btf/inet_sk_error_report", "the error that a socket ended with"),
)
