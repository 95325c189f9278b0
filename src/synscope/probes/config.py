"""The settings that the kernel half reads: `struct config` of `bpf/track.h`, field by field."""

import ipaddress

import numpy as np

from synscope.events.wire import FUNCTION_CALL

CONFIG = np.dtype(
    [
        ("cgroup", "<u8"),
        ("cgroup_level", "<u4"),
        ("netns", "<u4"),
        ("pid", "<u4"),
        ("slots", "<u4"),
        ("address", "V16"),
        ("port", "<u2"),
        ("address_family", "u1"),
        ("peers", "u1"),
        ("path", "u1"),
        ("until_close", "u1"),
        ("keep", "u1"),
        ("filters", "u1"),
        ("cast", "u1"),
        ("ends", "u1"),
        ("queue_purge", "<u2"),
        ("pad2", "V4"),
        ("write_timer", "<u8"),
        ("request_timer", "<u8"),
    ]
)

HOOKS = (
    "tp_btf/inet_sock_set_state",
    "sockops",
    "cgroup/sock_create",
    "cgroup/sock_release",
    "cgroup/connect",
    "cgroup/bind",
    "cgroup/getpeername",
    "failures",
    "segments",
    "calls",
    "effects",
    "functions",
)
"""`enum hook`: who lost something."""

LOSSES = ("ring full", "table full", "stack lost", "transitions lost", "return not seen", "mptcp")
"""`enum loss`: what; the last is not a loss but a socket that was left out."""

ARGUMENTS = np.dtype([("kind", "u1", (6,)), ("pad", "V2")])
"""`struct function_arguments` of bpf/functions.h: of each argument its `enum argument`."""
FUNCTIONS = 512
"""How many functions can be hooked."""

FRAME = np.dtype(
    [
        ("call", FUNCTION_CALL),
        ("sp", "<u8"),
        ("half", "<u8"),
        ("ours", "u1"),
        ("kept", "u1"),
        ("pad", "V6"),
    ]
)
FRAMES = np.dtype([("depth", "<u4"), ("pad", "V4"), ("at", FRAME, (48,))])
"""`struct frames` of bpf/functions.h: the calls under way in one thread, outermost first."""


def address_bytes(text: str) -> tuple[int, bytes]:
    """`("127.0.0.1")` → `(2, 16 bytes)`: family number and bytes as in `struct half`."""
    address = ipaddress.ip_address(text)
    return (2 if address.version == 4 else 10), address.packed.ljust(16, b"\0")
