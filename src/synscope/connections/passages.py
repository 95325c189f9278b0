"""Events sorted into passages: one journey of one segment, however many devices it crosses."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from synscope.connections.flow import Flow
from synscope.connections.model import SideName
from synscope.connections.rows import EventRow
from synscope.events.wire import PathKind
from synscope.tcp.header import ACK, FIN, RST, SYN, TcpHeader

SENT, RECEIVED, DROPPED = int(PathKind.SENT), int(PathKind.RECEIVED), int(PathKind.DROPPED)

_BEFORE_CHECKSUM, _AFTER_CHECKSUM = slice(16), slice(18, None)


@dataclass(slots=True)
class Passage:
    """One journey of a segment from its sender to its receiver.

    `image` is its header but for the checksum: devices fill that in, so that it may differ from hop to hop.
    """

    source: SideName
    header: TcpHeader
    image: bytes
    events: list[EventRow] = field(default_factory=list)
    hops: set[tuple[int, int, int]] = field(default_factory=set)

    def add(self, event: EventRow) -> None:
        """One more hop."""
        self.events.append(event)
        self.hops.add(_hop(event))

    def first(self, kind: int, netns: int | None = None, after: int = 0) -> EventRow | None:
        """The first event of a kind, in a namespace where one is given, not before `after` ns."""
        for event in self.events:
            if event.kind == kind and event.t >= after and netns in (None, event.netns):
                return event
        return None

    def may_be(self, other: "Passage") -> bool:
        """Whether both may be one segment whose bytes a device changed; forwarding changes no timestamps."""
        stamps = [(one.header.options or {}).get("timestamp") for one in (self, other)]
        return None in stamps or stamps[0] == stamps[1]

    @property
    def is_ack(self) -> bool:
        """Neither SYN nor RST: an acknowledgement, with data or without."""
        return not self.header.bits & (SYN | RST)

    @property
    def is_data(self) -> bool:
        """Whether it carries data or ends them."""
        return bool(self.header.bits & FIN or self.events[0].payload)

    @property
    def dropped(self) -> EventRow | None:
        """Where it was freed instead of delivered."""
        return self.first(DROPPED)

    def sent(self, flow: Flow) -> EventRow | None:
        """Where it left its sender. What was freed before any device had it left at that moment."""
        netns = flow.netns(self.source)[0]
        first = self.events[0]
        if first.kind == DROPPED:
            return first if netns in (None, first.netns) else None
        if netns is None:
            return first if first.kind == SENT else None
        return self.first(SENT, netns)

    def received(self, flow: Flow, after: int) -> EventRow | None:
        """Where it reached its receiver; of an unknown receiver, where its journey on this host ended."""
        netns = flow.netns(self.source)[1]
        if netns is not None:
            return self.first(RECEIVED, netns, after)
        journey = [event for event in self.events if event.kind != DROPPED]
        return journey[-1] if journey and journey[-1].kind == RECEIVED else None


class Passages:
    """The passages of one flow, as its events come, in order of time."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._alike: dict[tuple[SideName, int, int, int], list[Passage]] = {}

    def add(self, event: EventRow, source: SideName, header: TcpHeader, data: bytes) -> None:
        """Put the event with the passage that it is a hop of; else a new one begins: a retransmission."""
        key = source, header.seq, header.ack if header.bits & ACK else 0, header.bits
        group = self._alike.setdefault(key, [])
        image = data[_BEFORE_CHECKSUM] + data[_AFTER_CHECKSUM]
        new = Passage(source, header, image)
        passage = self._home(group, new, event)
        if passage is None:
            passage = new
            group.append(new)
        passage.add(event)

    def handshake(self) -> list[Passage]:
        """Only the segments that make the handshake, in no order.

        Data and FIN repeat the acknowledgement that a pure ACK made before them: they count only where
        there was none. The passive side makes none at all; what it sends with these numbers is its first
        data.
        """
        every = [passage for group in self._alike.values() for passage in group]
        keep_data = not any(one.source == "client" and one.is_ack and not one.is_data for one in every)
        return [
            one
            for one in every
            if not one.is_ack or not one.is_data or (keep_data and one.source == "client")
        ]

    def _home(self, group: Sequence[Passage], new: Passage, event: EventRow) -> Passage | None:
        """The latest passage that has not passed here yet, by preference one with the same bytes.

        A retransmission differs in its timestamp option, or passes its first device again.
        """
        here = _hop(event)
        waiting = [one for one in reversed(group) if one.dropped is None and here not in one.hops]
        for one in waiting:
            if one.image == new.image:
                return one
        if event.kind == SENT and event.netns == self._flow.netns(new.source)[0]:
            return None
        return next((one for one in waiting if one.may_be(new)), None)


def _hop(event: EventRow) -> tuple[int, int, int]:
    return event.kind, event.netns, event.ifindex
