"""A segment in words: its name, its fields, and whether its ack is what it has to be."""

from collections.abc import Iterator

from rich.text import Text

from synscope.connections.model import Connection, Segment
from synscope.text import Glyphs
from synscope.views.facts import ack_offset, flag_names
from synscope.views.style import BAD, GOOD, NOTE, Style

_SHORT = {"mss": "mss", "wscale": "ws", "sack_ok": "sack", "timestamp": "ts", "fastopen": "tfo", "nop": ""}
_NAME_ONLY = ("timestamp", "fastopen")


def label(connection: Connection, segment: Segment, style: Style) -> str:
    """`SYN`, `SYN-ACK`, and for one sent again, which time it is: `SYN, retransmission 2`."""
    name = style.clean(flag_names(segment.flags))
    if not segment.retransmission:
        return name
    again = [s for s in connection.segments if s.retransmission and _alike(s, segment)]
    return f"{name}, retransmission {1 + next(i for i, s in enumerate(again) if s is segment)}"


def _alike(one: Segment, two: Segment) -> bool:
    return one.source == two.source and one.flags == two.flags


def fields(connection: Connection, segment: Segment, style: Style) -> Iterator[Text]:
    """What the segment carries, in pieces: why it was dropped, seq, ack and its check, options, window."""
    if segment.dropped is not None:
        yield Text(f"dropped: {style.clean(segment.dropped)}", BAD)
    yield Text(f"seq {segment.seq}")
    if segment.ack is not None:
        yield Text(f"ack {segment.ack}").append_text(_check(ack_offset(connection, segment), style.glyphs))
    carried = carries(segment.options or {}, style)
    if carried:
        yield Text(carried, NOTE)
    if segment.window is not None:
        yield Text(f"win {segment.window}", NOTE)


def _check(offset: int | None, glyphs: Glyphs) -> Text:
    """` = ISN+1 ✓`, or `✗` and what it is instead; nothing where the peer's ISN is not known."""
    if offset is None:
        return Text()
    if offset == 1:
        return Text(f" = ISN+1 {glyphs.check}", GOOD)
    known = f"ISN+{offset}" if offset >= 0 else f"ISN{glyphs.minus}{-offset}"
    return Text(f" {glyphs.cross} {known}, not ISN+1", BAD)


def carries(options: dict[str, object], style: Style) -> str:
    """`mss 65495 sack ts ws 7`."""
    words = (_option(name, value, style) for name, value in options.items())
    return " ".join(word for word in words if word)


def _option(name: str, value: object, style: Style) -> str:
    short = _SHORT.get(name, style.clean(name))
    bare = value is True or value is None or name in _NAME_ONLY or not short
    return short if bare else f"{short} {style.clean(str(value))}"
