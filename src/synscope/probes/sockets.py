"""`bpf/sockets.bpf.c`: what the owner asks of its socket."""

from synscope.probes.probe import Probe

PROBES = (
    Probe("sock_create", "cgroup/sock_create", "socket() and its owner", needed=True),
    Probe("sock_release", "cgroup/sock_release", "close() of a socket that never sent a SYN"),
    Probe("connect4", "cgroup/connect4", "connect() over IPv4", needed=True),
    Probe("connect6", "cgroup/connect6", "connect() over IPv6", needed=True),
    Probe("bind4", "cgroup/bind4", "bind() over IPv4"),
    Probe("bind6", "cgroup/bind6", "bind() over IPv6"),
    Probe("post_bind4", "cgroup/post_bind4", "the port that bind() was given, IPv4"),
    Probe("post_bind6", "cgroup/post_bind6", "the port that bind() was given, IPv6"),
    Probe("getpeername4", "cgroup/getpeername4", "accept() over IPv4"),
    Probe("getpeername6", "cgroup/getpeername6", "accept() over IPv6"),
)
