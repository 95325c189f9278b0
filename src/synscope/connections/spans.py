"""From when to when each half's time is told, and the moments between that split it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from synscope.connections.exchange import Exchange, exchange, last_until
from synscope.connections.model import Segment
from synscope.connections.rows import HalfRow
from synscope.events.wire import MILESTONE, Fate, HalfFlag
from synscope.tcp.errnos import ERRNOS
from synscope.tcp.states import State

_CONNECT, _SYN_OUT, _REQUEST, _SYNACK_OUT, _ACK_IN = (
    MILESTONE[name] for name in ("connect", "syn_out", "request", "synack_out", "ack_in")
)
_QUEUED, _ESTABLISHED, _ACCEPTED, _CLOSED, _DECIDED = (
    MILESTONE[name] for name in ("queued", "established", "accepted", "closed", "decided")
)
_SYN_SENT = int(State.SYN_SENT)
_OPEN, _FAILED, _PEER = int(Fate.OPEN), int(Fate.FAILED), int(HalfFlag.PEER)
_TIMED_OUT = next(number for number, name in ERRNOS.items() if name == "ETIMEDOUT")

Cut = tuple[str, int]
"""A phase's name and when it was over, ns; 0 where that is not known: it is part of the next one then."""


class Outlook(NamedTuple):
    """What the trace as a whole says.

    Attributes:
        ended_ns: when it ended; 0 where that is not known.
        complete: it has all segments, and all accept() calls of whoever is traced: not in record
            detail, and not where something was lost.
    """

    ended_ns: int = 0
    complete: bool = False


class Seen(NamedTuple):
    """What the trace shows of one connection beside its halves.

    Attributes:
        segments: the captured ones, in time order.
        resolved: the SYN left when its neighbour's address came, and not in connect().
        accepting_ns: when the accept() that took it was called; None where that is not known.
    """

    segments: Sequence[Segment] = ()
    resolved: bool = False
    accepting_ns: int | None = None


class Span(NamedTuple):
    """A half's time, ns; `rest` names what is left after the last cut. `end` 0: at the last cut."""

    start: int
    end: int
    cuts: Sequence[Cut]
    rest: str


def client_span(row: HalfRow, server: HalfRow | None, seen: Seen, outlook: Outlook) -> Span:
    """connect() to ESTABLISHED, CLOSE, its failing return, or the trace's end."""
    t = row.t
    cuts = list(_setup(row))
    start = t[_CONNECT] or (cuts[0][1] if cuts else 0)
    end = t[_ESTABLISHED] or _client_over(row, outlook)
    if not t[_SYN_OUT]:
        return Span(start, end, cuts, "port" if cuts else "route")
    wait = exchange(seen.segments, "client", row.syn_retransmits, end)
    output = "neighbour" if seen.resolved or wait.neighbour else "ip_output"
    if wait.neighbour or (not wait.first and _never_left(row, outlook)):
        return Span(start, end, cuts, output)
    if not wait.first:
        return Span(start, end, cuts + _between_sockets(row, server), _unanswered(row))
    cuts += [(output, wait.first), ("syn_retransmit", wait.asked)]
    if not wait.back:
        return Span(start, end, cuts, _unanswered(row))
    return Span(start, end, cuts + _there_and_back(wait, "syn_wait"), "local_delivery")


def _setup(row: HalfRow) -> Iterator[Cut]:
    """Up to the SYN. SYN_SENT comes between route and port; in record detail it is seen with the SYN only."""
    sent = row.t[_SYN_OUT]
    first = row.transitions[0] if row.transitions else None
    if first is not None and first.target == _SYN_SENT and first.t != sent:
        yield "route", first.t
        yield "port", sent
    elif sent:
        yield "route_and_port", sent


def _client_over(row: HalfRow, outlook: Outlook) -> int:
    """When an attempt ended that did not succeed; 0 where that is not known."""
    if row.t[_CLOSED]:
        return row.t[_CLOSED]
    if row.fate == _FAILED and not row.transitions:
        return row.t[_DECIDED]  # connect() returned its error and had not changed the state
    return outlook.ended_ns if row.fate == _OPEN else 0


def _never_left(row: HalfRow, outlook: Outlook) -> bool:
    """No segment was captured where none can have been missed."""
    return outlook.complete and not row.t[_ESTABLISHED]


def _unanswered(row: HalfRow) -> str:
    """What was waited for at the end of an attempt without an answer."""
    return "syn_timeout" if _TIMED_OUT in (row.sk_err, row.error) else "syn_wait"


def _between_sockets(row: HalfRow, server: HalfRow | None) -> list[Cut]:
    """Without segments, two sockets of one clock tell what was under way, unless something was sent again."""
    if server is None or row.syn_retransmits or server.synack_retransmits:
        return []
    arrived, answered = server.t[_REQUEST], server.t[_SYNACK_OUT]
    back = row.t[_ESTABLISHED]
    if not row.t[_SYN_OUT] <= arrived <= answered <= back:
        return []
    return [("network_out", arrived), ("peer", answered), ("network_back", back)]


def _there_and_back(wait: Exchange, unsplit: str) -> list[Cut]:
    """The wait for an answer, told apart where both ends were seen."""
    if not wait.is_split:
        return [(unsplit, wait.back)]
    there = [("network_out", wait.arrived), ("peer", wait.answered)]
    return [*there, ("synack_retransmit", wait.again), ("network_back", wait.back)]


def server_span(row: HalfRow, seen: Seen, outlook: Outlook) -> Span:
    """The SYN's arrival to accept(), CLOSE, or the trace's end."""
    t = row.t
    arrivals = [
        one.received_ns
        for one in seen.segments
        if one.flags == "S" and one.source == "client" and one.received_ns
    ]
    wait = exchange(seen.segments, "server", row.synack_retransmits, t[_ACK_IN])
    synack = wait.first or t[_SYNACK_OUT]
    start = (arrivals[0] if arrivals else 0) or t[_REQUEST] or t[_ACK_IN] or t[_QUEUED]
    cuts = [("syn_retransmit", last_until(arrivals, t[_REQUEST] or synack)), ("request", synack)]
    cuts.append(("synack_retransmit", wait.asked))
    cuts += _there_and_back(wait, "synack_wait") if wait.back else [("synack_wait", t[_ACK_IN])]
    queued = t[_QUEUED] or t[_ESTABLISHED]
    cuts.append(("local_delivery", queued))
    if not queued:
        rest = "local_delivery" if wait.reset else "synack_wait" if synack else "request"
        return Span(start, t[_CLOSED] or _server_over(row, wait, outlook), cuts, rest)
    woken = seen.accepting_ns is not None and seen.accepting_ns <= queued
    return Span(start, _taken(row, outlook), cuts, "accept_wake" if woken else "accept_queue")


def _server_over(row: HalfRow, wait: Exchange, outlook: Outlook) -> int:
    """A request that an RST ended is over; nobody tells when one was given up."""
    return outlook.ended_ns if row.fate == _OPEN and not wait.reset else 0


def _taken(row: HalfRow, outlook: Outlook) -> int:
    """When a queued connection left the queue; 0 where accept() may have come and not been seen."""
    if row.t[_ACCEPTED]:
        return row.t[_ACCEPTED]
    if not outlook.complete or row.flags & _PEER:
        return 0
    return row.t[_CLOSED] or (outlook.ended_ns if row.fate == _OPEN else 0)
