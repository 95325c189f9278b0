"""The initial sequence numbers in a trace, by the peer that chose them.

A server is an address and a port, a client an address: its ports are the kernel's choice. What either end
knows of the other's number counts as well as what the other says itself.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from synscope.connections.half import moment
from synscope.connections.inferred import isns_of
from synscope.connections.join import join
from synscope.connections.rows import HalfRow, half_row
from synscope.events.decode import address_text, latest
from synscope.events.trace import Trace
from synscope.events.wire import HalfFlag
from synscope.tcp.header import ACK, SYN, parse_header
from synscope.tcp.isn.samples import UNKNOWN, Samples, samples
from synscope.text import endpoint

Flow = tuple[str | None, int, str | None, int]
_COOKIE = int(HalfFlag.SYN_COOKIE)
_LATEST = 1 << 62
"""Times are signed from here on, and subtracted: a foreign file's may be anything."""


class Peer(NamedTuple):
    """Who chose these numbers: `127.0.0.1:8080` where it is a server, `127.0.0.1` where it is a client."""

    name: str
    side: Literal["server", "client"]
    samples: Samples


class _Seen(NamedTuple):
    t: int
    isn: int
    flow: Flow
    other: int
    window: int
    cookie: int


def peers(trace: Trace, pid: int | None = None) -> list[Peer]:
    """Every peer with a number, the one with the most first.

    A number whose segment was sent more than once is left out: when it was chosen is not known well. With
    `pid`, only of connections that this process opened.
    """
    found: dict[tuple[str, Literal["server", "client"]], list[_Seen]] = {}
    halves = latest(trace.halves)
    for client, server in zip(*join(halves), strict=True):
        rows = [half_row(halves[at]) if at >= 0 else None for at in (int(client), int(server))]
        if _is_clean(rows) and (pid is None or (rows[0] is not None and rows[0].pid == pid)):
            for name, side, seen in _numbers(*rows):
                found.setdefault((name, side), []).append(seen)
    every = [Peer(name, side, _columns(seen)) for (name, side), seen in found.items()]
    return sorted(every, key=lambda peer: -len(peer.samples.isn))


def _is_clean(rows: list[HalfRow | None]) -> bool:
    return not any(row is not None and (row.syn_retransmits or row.synack_retransmits) for row in rows)


def _numbers(
    client: HalfRow | None, server: HalfRow | None
) -> Iterator[tuple[str, Literal["server", "client"], _Seen]]:
    flow = _flow(client, server)
    source, _, target, target_port = flow
    mine, yours = isns_of(client, server)
    arrived = _first(client, "synack_in") or _first(server, "request", "ack_in")
    left = _first(client, "syn_out") or _first(server, "request", "ack_in")
    if yours is not None and target is not None and arrived:
        other = UNKNOWN if mine is None else mine
        seen = _Seen(arrived, yours, flow, other, _window(client), _cookie(server))
        yield endpoint(target, target_port), "server", seen
    if mine is not None and source is not None and left:
        yield source, "client", _Seen(left, mine, flow, UNKNOWN, UNKNOWN, 0)


def _flow(client: HalfRow | None, server: HalfRow | None) -> Flow:
    """The client's address and port, the server's: as the client has them where it was seen."""
    row = client or server
    assert row is not None
    local, remote = ((address_text(end, row.family)) for end in (row.local, row.remote))
    here, there = (local, row.lport), (remote, row.rport)
    return (*here, *there) if row is client else (*there, *here)


def _first(row: HalfRow | None, *names: str) -> int | None:
    return None if row is None else next((t for name in names if (t := moment(row, name))), None)


def _window(client: HalfRow | None) -> int:
    """Of the SYN-ACK, whose header is the client's."""
    header = None if client is None else parse_header(client.header[: client.header_len])
    return header.window if header is not None and header.bits & (SYN | ACK) == SYN | ACK else UNKNOWN


def _cookie(server: HalfRow | None) -> int:
    if server is None:
        return UNKNOWN
    return 1 if server.flags & _COOKIE else 0 if moment(server, "request") else UNKNOWN


def _columns(seen: list[_Seen]) -> Samples:
    t, isn, flow, other, window, cookie = zip(*seen, strict=True)
    numbers: dict[Flow, int] = {}
    flows = [numbers.setdefault(one, len(numbers)) for one in flow]
    times = [min(one, _LATEST) for one in t]
    return samples(times, isn, flows, other, window, cookie)
