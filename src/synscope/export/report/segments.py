"""The segments as a table, their options decoded."""

from typing import NamedTuple

from synscope.connections.model import Connection, Segment
from synscope.views.facts import ack_offset, origin
from synscope.views.segments import label
from synscope.views.style import Style


class Row(NamedTuple):
    """A segment; `fate` is what happened to it where it was not simply delivered."""

    n: int
    name: str
    source: str
    sent: str
    received: str
    flight: str
    seq: int
    ack: str
    right: bool | None
    window: str
    options: tuple[str, ...]
    fate: str


def rows(connection: Connection, style: Style) -> tuple[Row, ...]:
    """The connection's segments in time order."""
    zero, _ = origin(connection)
    return tuple(_row(connection, segment, zero, style) for segment in connection.segments)


def _row(connection: Connection, segment: Segment, zero: int, style: Style) -> Row:
    offset = ack_offset(connection, segment)
    sent, received = segment.sent_ns, segment.received_ns
    flight = "" if sent is None or received is None else style.duration(received - sent)
    return Row(
        n=segment.n,
        name=label(connection, segment, style),
        source=segment.source,
        sent="" if sent is None else style.relative(sent - zero),
        received="" if received is None else style.relative(received - zero),
        flight=flight,
        seq=segment.seq,
        ack="" if segment.ack is None else str(segment.ack),
        right=None if offset is None else offset == 1,
        window="" if segment.window is None else str(segment.window),
        options=tuple(_option(name, value, style) for name, value in (segment.options or {}).items()),
        fate=_fate(segment, style),
    )


def _fate(segment: Segment, style: Style) -> str:
    if segment.dropped is not None:
        return f"dropped: {style.clean(segment.dropped)}"
    return "not captured: known from the sockets" if segment.inferred else ""


def _option(name: str, value: object, style: Style) -> str:
    """`MSS 65495`, `window scale 7 (×128)`, `timestamp 2871346001, echo 0`."""
    match name, value:
        case "mss", int():
            return f"MSS {value}"
        case "wscale", int():
            return f"window scale {value} (×{1 << min(value, 14)})"  # RFC 7323 section 2.3: at most 14
        case "sack_ok", _:
            return "SACK permitted"
        case "timestamp", {"val": val, "ecr": ecr}:
            return f"timestamp {val}, echo {ecr}"
        case "fastopen", str():
            return f"Fast Open cookie {value}" if value else "Fast Open cookie request"
    return style.clean(name if value is True else f"{name} {value}")
