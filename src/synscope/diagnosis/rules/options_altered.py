"""The TCP options changed on the way: something between the ends rewrites SYNs.

What happened
    The SYN or SYN-ACK did not arrive with the options that it left with. Routers and tunnels lower the
    MSS on purpose (MSS clamping) so that segments fit; others remove options (SACK, window scale,
    timestamps, Fast Open), which costs throughput.

How synscope knows
    The same segment at the sender's device and at the receiver's (net_dev_queue, netif_receive_skb), its
    options compared. Both ends must be on this host.

What it would look like otherwise
    Without a middlebox both are equal byte for byte. What the sender's own OUTPUT rules change is changed
    before the first device, and is not seen.

What to do
    MSS: usually right as it is; compare with the path's MTU (MSS + 40, or + 60 for IPv6). Removed
    options: look for scrubbing rules (`tcp option ... reset`, TCPOPTSTRIP) and proxies between.

Related codes
    nat-between, fastopen-refused
"""

from collections.abc import Iterator
from itertools import takewhile

from synscope.connections.rows import EventRow
from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict
from synscope.events.wire import PathKind
from synscope.tcp.header import ACK, RST, SYN, TcpHeader

CODE = "options-altered"
SEVERITY = "info"
ROLE = "besides"
CONN_STATE = "S1"
ERROR_TYPE = None

_Hop = tuple[EventRow, TcpHeader]


def find(case: Case) -> Verdict | None:
    """A SYN or SYN-ACK whose options differ between two devices."""
    changes = [*_changes(case, 0, "SYN"), *_changes(case, ACK, "SYN-ACK")]
    if not changes:
        return None
    clamped = all("mss" in change for change in changes)
    return Verdict(
        summary="The MSS was lowered between the ends."
        if clamped
        else "TCP options were changed between the ends.",
        evidence=tuple(changes),
        counter_evidence=("it is the same segment: it was not sent again between",),
        remedy="Look for MSS clamping or option stripping (`nft list ruleset | grep -E 'maxseg|tcp "
        "option'`, TCPMSS, "
        "TCPOPTSTRIP) in the network namespaces between.",
    )


def _changes(case: Case, ack: int, name: str) -> Iterator[str]:
    """What differs between the first and the last sight of the first such segment."""
    hops = [
        (event, header)
        for event, header in case.seen
        if header.bits & (SYN | RST | ACK) == SYN | ack and event.kind in (PathKind.SENT, PathKind.RECEIVED)
    ]
    if not hops:
        return
    same = _first_copy(hops)
    before, after = same[0][1].options, same[-1][1].options
    if before is None or after is None:
        return
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key, "absent"), after.get(key, "absent")
        if old != new:
            yield f"{name}: {key} {old} at {_place(same[0][0])}, {new} at {_place(same[-1][0])}"


def _first_copy(hops: list[_Hop]) -> list[_Hop]:
    """Its way until it is sent again: where it began, then with that timestamp, or stripped of it."""
    (first, header), *others = hops
    start = (first.kind, first.netns, first.ifindex)
    stamps = (_stamp(header), None)
    way = takewhile(lambda hop: (hop[0].kind, hop[0].netns, hop[0].ifindex) != start, others)
    return [hops[0], *(hop for hop in way if _stamp(hop[1]) in stamps)]


def _stamp(header: TcpHeader) -> object:
    """The timestamp tells a segment from its retransmission."""
    return (header.options or {}).get("timestamp")


def _place(event: EventRow) -> str:
    return f"device {event.ifindex} of network namespace {event.netns}"
