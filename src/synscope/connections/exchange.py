"""A segment and what answered it, as captured segments tell: the moments that a wait is split at."""

from collections.abc import Sequence
from typing import NamedTuple

from synscope.connections.model import Segment, SideName


class Exchange(NamedTuple):
    """A SYN (or SYN-ACK) and its answer; times in ns, 0 for what was not seen.

    Attributes:
        first: it was sent for the first time, or freed by the kernel before any device had it.
        asked: the one that was answered was sent. Which that is, the other end tells (`arrived`); where
            that is not seen it is the last one before the answer, or before the wait was over.
        arrived: the one that was answered reached the other end.
        answered: the other end's first answer to it was sent.
        again: the answer that came was sent; later than `answered` where that one was lost.
        back: an answer came.
        reset: that answer is an RST.
        neighbour: each was freed for want of its neighbour's link-layer address (`NEIGH_FAILED`).
    """

    first: int = 0
    asked: int = 0
    arrived: int = 0
    answered: int = 0
    again: int = 0
    back: int = 0
    reset: bool = False
    neighbour: bool = False

    @property
    def is_split(self) -> bool:
        """Whether the way there, the other end and the way back are told apart."""
        return 0 < self.asked <= self.arrived <= self.answered <= self.again <= self.back


NOTHING = Exchange()


def exchange(segments: Sequence[Segment], source: SideName, counted: int, over_ns: int) -> Exchange:
    """The SYN's exchange (`source` client) or the SYN-ACK's (server).

    `counted` is how often its socket sent it again: if fewer were captured, an answer may be another's,
    and what happened at the other end is not told. `over_ns`: when the wait was over, 0 if never.
    """
    flags = "S" if source == "client" else "S."
    asked = [one for one in segments if one.flags == flags and one.source == source]
    sent = [one.sent_ns for one in asked if one.sent_ns]
    if not sent:
        return NOTHING
    answers = [one for one in segments if one.source != source and _answers(one.flags, source)]
    came = next((one for one in answers if one.received_ns and one.dropped is None), None)
    back = 0 if came is None else came.received_ns or 0
    found = Exchange(
        first=sent[0],
        asked=last_until(sent, back or over_ns),
        back=back,
        reset=came is not None and came.flags[0] == "R",
        neighbour=all(one.dropped is not None and one.dropped.startswith("NEIGH_") for one in asked),
    )
    if came is None or not came.sent_ns or len(asked) <= counted:
        return found
    return _there(found, asked, answers, came.sent_ns)


def last_until(times: Sequence[int], until: int) -> int:
    """The last of `times` (ascending) not after `until`, 0 for no end; the first if none is; 0 of none."""
    before = [t for t in times if t <= until] if until else times
    return before[-1] if before else times[0] if times else 0


def _answers(flags: str, source: SideName) -> bool:
    """Whether a segment of the other side answers: a SYN by SYN-ACK or RST, a SYN-ACK by all but a SYN."""
    return flags[0] == "R" or (flags == "S." if source == "client" else "S" not in flags)


def _there(found: Exchange, asked: Sequence[Segment], answers: Sequence[Segment], again: int) -> Exchange:
    """The same with the other end's moments: it answered the last that had arrived when its answer left.

    What an RST answers is freed with a reason (`NO_SOCKET`): that it was dropped says nothing then.
    """
    for one in reversed(asked):
        arrived = one.received_ns
        taken = found.reset or one.dropped is None
        if one.sent_ns and arrived and taken and arrived <= again:
            left = min(answer.sent_ns for answer in answers if answer.sent_ns and answer.sent_ns >= arrived)
            return found._replace(asked=one.sent_ns, arrived=arrived, answered=left, again=again)
    return found
