"""The segments of one handshake, and what is known to judge them by."""

from collections.abc import Mapping, Sequence
from typing import Protocol

SEQUENCE = 2**32
OTHER = {"client": "server", "server": "client"}


class Seen(Protocol):
    """A segment as it was seen: see `connections.model.Segment`."""

    @property
    def n(self) -> int: ...
    @property
    def source(self) -> str: ...
    @property
    def flags(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def ack(self) -> int | None: ...
    @property
    def options(self) -> Mapping[str, object] | None: ...


class Exchange:
    """The segments of one connection, and what they are held against.

    Attributes:
        isns: by side, the ISN that its socket says it has; else those of all its SYNs.
        syn_data: whether the SYN may have carried data that the server took.
    """

    def __init__(self, segments: Sequence[Seen], isns: Mapping[str, int | None], syn_data: bool) -> None:
        self.segments = segments
        self.syns = {side: [s for s in segments if s.source == side and "S" in s.flags] for side in OTHER}
        self.syn_data = syn_data or any("fastopen" in (syn.options or ()) for syn in self.syns["client"])
        self.isns = {
            side: {own} if (own := isns.get(side)) is not None else {syn.seq for syn in self.syns[side]}
            for side in OTHER
        }

    @property
    def crossing(self) -> bool:
        """Simultaneous open: both sides sent a SYN without ACK."""
        return all(any("." not in syn.flags for syn in syns) for syns in self.syns.values())

    def ahead(self, number: int, side: str, room: int) -> bool:
        """Whether `number` is an ISN of `side` + 1, or up to `room` beyond; true where no ISN is known."""
        isns = self.isns[side]
        return not isns or any((number - isn - 1) % SEQUENCE <= room for isn in isns)
