"""A trace of synthetic handshakes, for `build.py` where none can be recorded: `decode.py`'s, with events."""

import numpy as np

import decode
from synscope.events.decode import latest
from synscope.events.trace import Footer, Header, Rows, Trace
from synscope.events.wire import HALF, MILESTONE, PATH_EVENT, PathKind, Side

SYSCALLS = {41: "socket", 42: "connect", 288: "accept4"}
SYN, SYNACK, ACK = 0x02, 0x12, 0x10
SEGMENTS = ((SYN, 20_000, 40_000), (SYNACK, 45_000, 70_000), (ACK, 72_000, 80_000))
CALLS = (
    (PathKind.CALL, -5_000, 41),
    (PathKind.RETURN, 5_000, 41),
    (PathKind.CALL, 8_000, 42),
    (PathKind.RETURN, 90_000, 42),
    (PathKind.CALL, 92_000, 288),
    (PathKind.RETURN, 97_000, 288),
)
# Kinds of options and their order as Linux sends them; the data offset is ten words.
OPTIONS = np.frombuffer(bytes.fromhex("0204ffd70402080a000000100000000101030307"), np.uint8)
DEPTH = 20


def synthetic(detail: str, connections: int) -> Trace:
    """About that many connections; in `path` detail with 13 events each, of seven stacks."""
    halves = np.frombuffer(decode.synthetic(connections * 2), HALF).copy()
    halves["tid"] = halves["pid"]
    header = Header(
        synscope="benchmark",
        kernel="synthetic",
        machine="x86_64",
        started_mono_ns=0,
        started_wall_ns=0,
        detail=detail,
        syscalls=SYSCALLS,
    )
    if detail == "record":
        return Trace(header=header, halves=halves)
    rows = latest(halves)
    clients = rows[rows["side"] == Side.CLIENT]
    parts = [segment for each in SEGMENTS for segment in segments(clients, *each)]
    parts += [calls(clients, *call) for call in CALLS]
    parts.append(events(clients, PathKind.SOCKET, -1_000, stack=7))
    footer = Footer(stacks={number: stack(number) for number in range(1, 8)})
    return Trace(header=header, halves=halves, events=np.concatenate(parts), footer=footer)


def events(clients: Rows, kind: PathKind, after: int, stack: int = -1) -> Rows:
    """One event of that kind per client, `after` ns from its socket()."""
    rows = np.zeros(len(clients), PATH_EVENT)
    rows["kind"], rows["stack"] = kind, stack
    rows["t"] = (clients["t"][:, MILESTONE["socket"]].astype(np.int64) + after).astype(np.uint64)
    rows["tid"], rows["netns"] = clients["tid"], clients["netns"]
    return rows


def calls(clients: Rows, kind: PathKind, after: int, number: int) -> Rows:
    """A system call's begin or end, per client."""
    rows = events(clients, kind, after)
    rows["syscall"] = number
    return rows


def segments(clients: Rows, flags: int, sent: int, received: int) -> tuple[Rows, Rows]:
    """One segment per client, sent and received."""
    first = 1 + 2 * (SYN, SYNACK, ACK).index(flags)
    both = (
        events(clients, PathKind.SENT, sent, first),
        events(clients, PathKind.RECEIVED, received, first + 1),
    )
    ends = ("remote", "local") if flags == SYNACK else ("local", "remote")
    for rows in both:
        rows["family"], rows["header_len"] = 2, 40
        rows["saddr"], rows["daddr"] = (clients[end] for end in ends)
        rows["header"] = headers(clients, flags)
    return both


def headers(clients: Rows, flags: int) -> Rows:
    """TCP headers (RFC 9293 section 3.1) of 40 bytes, in rows of 60."""
    isn, peer_isn = clients["isn"], clients["peer_isn"]
    ports = (clients["lport"], clients["rport"])
    numbers = (
        (isn, 0) if flags == SYN else (peer_isn, isn + 1) if flags == SYNACK else (isn + 1, peer_isn + 1)
    )
    table = np.zeros(
        len(clients), [("ports", ">u2", 2), ("numbers", ">u4", 2), ("word", ">u2"), ("rest", "u1", 46)]
    )
    for at in range(2):
        table["ports"][:, at] = ports[1 - at if flags == SYNACK else at]
        table["numbers"][:, at] = numbers[at]
    table["word"], table["rest"][:, 6:26] = 10 << 12 | flags, OPTIONS
    return table.view("V60")


def stack(number: int) -> list[str]:
    """Frames innermost first; those of one context share their outer half."""
    inner = [f"function_{number}_{frame}+0x10" for frame in range(DEPTH // 2)]
    outer = [f"outer_{frame}+0x20" for frame in range(DEPTH // 2)]
    return [*inner, *outer] if number % 2 else [*inner, "net_rx_action+0x1", "handle_softirqs+0x2", *outer]
