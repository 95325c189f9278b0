"""Rows as the kernel half would send them, for tests: one keyword per thing a test cares about.

The defaults are one established connection on loopback, 127.0.0.1:50164 → 127.0.0.1:8080, seen from
both sides: `trace([listener_row(), client_row(), server_row()])`. Times are ns; `t0` moves a row.

    client_row(t={"connect": 5}, transitions=[(5, "CLOSE", "SYN_SENT")])   replaces times and states
    client_row(remote="::1", local="::1")                                  the family follows the text
    client_row(isn=None)                                                   an ISN that is not known
"""

import ipaddress
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from synscope.events.trace import Footer, Header, Rows, Trace
from synscope.events.wire import HALF, MILESTONE, PATH_EVENT, Fate, Known, PathKind, Side
from synscope.tcp.states import State

CLIENT_ISN = 2269068384
SERVER_ISN = 829471100
T0 = 1_000_000_000
NETNS = 4026531840

CLIENT_TIMES = {"socket": 0, "connect": 10_000, "syn_out": 25_000, "synack_in": 70_000, "established": 70_000}
SERVER_TIMES = {
    "request": 40_000,
    "synack_out": 50_000,
    "ack_in": 80_000,
    "queued": 82_000,
    "established": 84_000,
    "accepted": 95_000,
}
LISTENER_TIMES = {"socket": -300_000, "bind": -250_000, "listen": -200_000}

SYNACK_OPTIONS = bytes.fromhex("0204ffd70402080a000000100000000101030307")


def tcp_header(
    sport: int,
    dport: int,
    seq: int,
    ack: int = 0,
    flags: int = 0x02,
    window: int = 65483,
    options: bytes = b"",
) -> bytes:
    """A TCP header's bytes (RFC 9293 section 3.1), the options padded to a whole number of words."""
    options += bytes(-len(options) % 4)
    offset = (20 + len(options)) // 4
    return struct.pack("!HHIIHHHH", sport, dport, seq, ack, offset << 12 | flags, window, 0, 0) + options


def client_row(**kw: Any) -> Rows:
    """One CLIENT row: by default established at T0 + 70 µs."""
    base: dict[str, Any] = {
        "side": Side.CLIENT,
        "fate": Fate.ESTABLISHED,
        "cookie": 1,
        "lport": 50164,
        "rport": 8080,
        "isn": CLIENT_ISN,
        "peer_isn": SERVER_ISN,
        "pid": 4711,
        "comm": "python3",
        "attempt": 1,
        "t": CLIENT_TIMES,
        "transitions": [(15_000, "CLOSE", "SYN_SENT"), (70_000, "SYN_SENT", "ESTABLISHED")],
    }
    return _row(base | kw)


def server_row(**kw: Any) -> Rows:
    """One SERVER row: by default the mirror of `client_row()`, accepted at T0 + 95 µs."""
    base: dict[str, Any] = {
        "side": Side.SERVER,
        "fate": Fate.ACCEPTED,
        "cookie": 2,
        "listener": 3,
        "lport": 8080,
        "rport": 50164,
        "isn": SERVER_ISN,
        "peer_isn": CLIENT_ISN,
        "pid": 4710,
        "comm": "python3",
        "backlog": 0,
        "backlog_max": 128,
        "t": SERVER_TIMES,
        "transitions": [(80_000, "LISTEN", "SYN_RECV"), (84_000, "SYN_RECV", "ESTABLISHED")],
    }
    return _row(base | kw)


def listener_row(**kw: Any) -> Rows:
    """One LISTENER row: by default the listener behind `server_row()`."""
    base: dict[str, Any] = {
        "side": Side.LISTENER,
        "fate": Fate.LISTENING,
        "cookie": 3,
        "lport": 8080,
        "rport": 0,
        "remote": "0.0.0.0",
        "isn": None,
        "peer_isn": None,
        "pid": 4710,
        "comm": "python3",
        "backlog_max": 128,
        "t": LISTENER_TIMES,
        "transitions": [(-200_000, "CLOSE", "LISTEN")],
    }
    return _row(base | kw)


def segment_event(kind: PathKind, t: int, header: bytes, **kw: Any) -> Rows:
    """One SENT, RECEIVED or DROPPED row; `source` and `target` are addresses as text."""
    base = {"source": "127.0.0.1", "target": "127.0.0.1", "stack": -1, "netns": NETNS, "t0": T0} | kw
    source, target, t0 = base.pop("source"), base.pop("target"), base.pop("t0")
    row = np.zeros(1, PATH_EVENT)
    row["kind"], row["t"], row["header_len"] = kind, t0 + t, len(header)
    row["header"], row["family"] = header.ljust(60, b"\0"), family_of(source)
    row["saddr"], row["daddr"] = address_bytes(source), address_bytes(target)
    for name, value in base.items():
        row[name] = value
    return row


def event(kind: PathKind, t: int, **kw: Any) -> Rows:
    """One row of another kind (SOCKET, CALL, RETURN, ACCEPT)."""
    base = {"stack": -1, "netns": NETNS, "t0": T0} | kw
    row = np.zeros(1, PATH_EVENT)
    row["kind"], row["t"] = kind, base.pop("t0") + t
    for name, value in base.items():
        row[name] = value
    return row


def trace(
    rows: Sequence[Rows],
    events: Sequence[Rows] = (),
    stacks: Mapping[int, list[str]] | None = None,
    *,
    header: Mapping[str, Any] | None = None,
    footer: Mapping[str, Any] | None = None,
) -> Trace:
    """A Trace of these rows; `detail` is `path` when there are events or stacks."""
    fields: dict[str, Any] = {
        "synscope": "0.1.0",
        "kernel": "6.18.0",
        "machine": "x86_64",
        "started_mono_ns": T0,
        "started_wall_ns": 1_700_000_000 * 10**9,
        "detail": "path" if events or stacks else "record",
        "drop_reasons": {2: "NOT_SPECIFIED", 3: "NO_SOCKET", 8: "NETFILTER_DROP"},
        "syscalls": {41: "socket", 42: "connect", 49: "bind", 50: "listen", 288: "accept4"},
    }
    return Trace(
        header=Header(**(fields | dict(header or {}))),
        halves=np.concatenate(rows) if len(rows) else np.empty(0, HALF),
        events=np.concatenate(events) if len(events) else np.empty(0, PATH_EVENT),
        footer=Footer(**({"stacks": dict(stacks or {})} | dict(footer or {}))),
    )


def address_bytes(text: str) -> bytes:
    """An address as the wire has it: 16 bytes, IPv4 in the first four."""
    return ipaddress.ip_address(text).packed.ljust(16, b"\0")


def family_of(text: str) -> int:
    """AF_INET (2) or AF_INET6 (10)."""
    return 2 if ipaddress.ip_address(text).version == 4 else 10


def _row(kw: dict[str, Any]) -> Rows:
    row = np.zeros(1, HALF)
    half = row[0]
    known = 0
    t0 = kw.pop("t0", T0)
    kw = {"local": "127.0.0.1", "remote": "127.0.0.1", "netns": NETNS, "uid": 1000, "backlog": None} | kw
    kw.setdefault("tid", kw.get("pid", 0))
    half["family"] = family_of(kw["local"])
    for name, flag in (("isn", Known.ISN), ("peer_isn", Known.PEER_ISN), ("backlog", Known.BACKLOG)):
        value = kw.pop(name)
        known |= 0 if value is None else flag
        half[name] = value or 0
    half["known"] = known | Known.UID
    for name, at in kw.pop("t").items():
        half["t"][MILESTONE[name]] = t0 + at
    _put_transitions(half, t0, kw.pop("transitions"))
    header = kw.pop("header", b"")
    half["header"], half["header_len"] = header.ljust(60, b"\0"), len(header)
    half["local"], half["remote"] = address_bytes(kw.pop("local")), address_bytes(kw.pop("remote"))
    half["comm"] = kw.pop("comm").encode().ljust(16, b"\0")[:16]
    for name, value in kw.items():
        half[name] = value
    return row


def _put_transitions(half: Any, t0: int, steps: Sequence[tuple[Any, ...]]) -> None:
    """Steps are (time, from, to) or (time, from, to, stack id)."""
    half["transition_count"] = len(steps)
    for slot, (at, source, target, *stack) in zip(half["transitions"], steps, strict=False):
        slot["t"], slot["stack"] = t0 + at, stack[0] if stack else -1
        slot["from"], slot["to"] = State[source], State[target]
