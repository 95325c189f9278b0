"""`bpf/calls.bpf.c`: the system calls and what they return (path detail)."""

from synscope.probes.probe import Probe

PROBES = (
    Probe("sys_enter", "tp_btf/sys_enter", "system calls beginning", "path"),
    Probe("sys_exit", "tp_btf/sys_exit", "what system calls return, errno included", "path"),
    Probe("timer_init", "tp_btf/timer_init", "inet_create", "path"),
)
