"""`bpf/state.bpf.c`: which state each socket moves through."""

from synscope.probes.probe import Probe

PROBES = (
    Probe(
        "inet_sock_set_state",
        "tp_btf/inet_sock_set_state",
        "state changes, and who made them",
        "path",
        needed=True,
    ),
)
