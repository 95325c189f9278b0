"""`bpf/effects.bpf.c`: what inlined functions do, by which they are known (path detail)."""

from synscope.probes.probe import Probe

PROBES = (
    Probe("connecting4", "cgroup/connect4", "which thread connects over IPv4", "path"),
    Probe("connecting6", "cgroup/connect6", "which thread connects over IPv6", "path"),
    Probe("fib_table_lookup", "tp_btf/fib_table_lookup", "routes that connect() looks up, IPv4", "path"),
    Probe("fib6_table_lookup", "tp_btf/fib6_table_lookup", "routes that connect() looks up, IPv6", "path"),
    Probe("initial_window", "sockops", "tcp_connect_init", "path"),
    Probe(
        "timer_start",
        "tp_btf/timer_start",
        "the timers of SYN and SYN-ACK",
        "path",
        functions={"write_timer": "tcp_write_timer", "request_timer": "reqsk_timer_handler"},
    ),
)
