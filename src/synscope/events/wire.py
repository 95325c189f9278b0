"""The wire format of the kernel half, as numpy dtypes: `bpf/halves.h` and `bpf/path.h`, field by field.

The build compares these with the BTF of the compiled objects (`synscope.probes.layout`), so that a
record decodes in one step: `numpy.frombuffer(buffer, HALF)`.
"""

from enum import IntEnum, IntFlag

import numpy as np

MILESTONES = (
    "socket",
    "bind",
    "listen",
    "connect",
    "syn_out",
    "syn_in",
    "request",
    "synack_out",
    "synack_in",
    "ack_out",
    "ack_in",
    "established",
    "queued",
    "accepted",
    "closed",
)
"""Names of the milestones, in the order of `enum milestone` (which adds `decided` as its last)."""

MILESTONE = {name: index for index, name in enumerate((*MILESTONES, "decided"))}

HALF_TRANSITIONS = 7
HEADER = 60


class Side(IntEnum):
    """`enum side`."""

    NONE = 0
    CLIENT = 1
    SERVER = 2
    LISTENER = 3


class Fate(IntEnum):
    """`enum fate`: why a record left the kernel when it did."""

    OPEN = 0
    ESTABLISHED = 1
    ACCEPTED = 2
    FAILED = 3
    CLOSED = 4
    RELEASED = 5
    LISTENING = 6


class HalfFlag(IntFlag):
    """`enum half_flags`."""

    PEER = 1
    SYN_COOKIE = 2
    EMITTED = 4
    RESET_IN = 8
    RESET_OUT = 16
    ACK_SENT = 32
    ACK_RECEIVED = 64
    RELEASED = 128
    TFO = 256
    PROVISIONAL = 512


class Known(IntFlag):
    """`enum known`: fields whose 0 means zero."""

    ISN = 1
    PEER_ISN = 2
    BACKLOG = 4
    UID = 8


class PathKind(IntEnum):
    """`enum path_kind`."""

    SOCKET = 1
    SENT = 2
    RECEIVED = 3
    DROPPED = 4
    CALL = 5
    RETURN = 6
    ACCEPT = 7
    OPS = 8
    ROUTE = 9
    TIMER = 10
    WINDOW = 11


class CallFlag(IntFlag):
    """What else a row of `FUNCTION_CALL` says."""

    RETURNED = 1  # `exit` and `ret` are there
    TAIL = 2  # entered by a jump: its caller had left its frame
    SOFTIRQ = 4  # ran in softirq context: `tid` is of whoever was interrupted
    PEER = 8  # `cookie` is of the other end: the half that it works for has none yet


TRANSITION = np.dtype([("t", "<u8"), ("stack", "<i4"), ("from", "u1"), ("to", "u1"), ("pad", "<u2")])

HALF = np.dtype(
    [
        ("cookie", "<u8"),
        ("listener", "<u8"),
        ("cgroup", "<u8"),
        ("drop_location", "<u8"),
        ("t", "<u8", (16,)),
        ("local", "V16"),
        ("remote", "V16"),
        ("comm", "V16"),
        ("netns", "<u4"),
        ("pid", "<u4"),
        ("tid", "<u4"),
        ("uid", "<u4"),
        ("isn", "<u4"),
        ("peer_isn", "<u4"),
        ("backlog", "<u4"),
        ("backlog_max", "<u4"),
        ("lport", "<u2"),
        ("rport", "<u2"),
        ("error", "<u2"),
        ("sk_err", "<u2"),
        ("sk_err_soft", "<u2"),
        ("flags", "<u2"),
        ("drop_reason", "<u2"),
        ("side", "u1"),
        ("fate", "u1"),
        ("family", "u1"),
        ("attempt", "u1"),
        ("transition_count", "u1"),
        ("syn_retransmits", "u1"),
        ("synack_retransmits", "u1"),
        ("known", "u1"),
        ("header_len", "u1"),
        ("pad", "V1"),
        ("header", "V60"),
        ("pad2", "V4"),
        ("transitions", TRANSITION, (HALF_TRANSITIONS,)),
    ]
)

PATH_EVENT = np.dtype(
    [
        ("t", "<u8"),
        ("cookie", "<u8"),
        ("location", "<u8"),
        ("code", "<i8"),
        ("stack", "<i4"),
        ("netns", "<u4"),
        ("pid", "<u4"),
        ("tid", "<u4"),
        ("kind", "u1"),
        ("family", "u1"),
        ("payload", "u1"),
        ("header_len", "u1"),
        ("syscall", "<u2"),
        ("ifindex", "<u2"),
        ("saddr", "V16"),
        ("daddr", "V16"),
        ("header", "V60"),
        ("cpu", "<u4"),
    ]
)

FUNCTION_CALL = np.dtype(
    [
        ("enter", "<u8"),
        ("exit", "<u8"),
        ("cookie", "<u8"),
        ("args", "<u8", (6,)),
        ("ret", "<i8"),
        ("function", "<u4"),
        ("pid", "<u4"),
        ("tid", "<u4"),
        ("cpu", "<u2"),
        ("flags", "u1"),
        ("pad", "u1"),
    ]
)
"""One call of a function: `struct function_call` of bpf/functions.h, and what the lab reads in QEMU's log.

`enter` and `exit`: ns of CLOCK_MONOTONIC, or places in the order of the log (`Header.calls_clock`). On one
thread in process context, and on one CPU in softirq, calls nest as their intervals do. `exit` without
`RETURNED` (in the lab): it returned to text that is not logged, and its value was not seen. `cookie`: of the
half that the call works for; 0 where that is not known of the call itself. `function`: index into
`Footer.functions`. `args`: the argument registers, of which `Footer.functions` says how many mean something.
"""
