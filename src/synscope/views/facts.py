"""What the views say of a connection and have to compute first: zero of time, totals, checks."""

from collections.abc import Iterator

from synscope.connections.model import Connection, Half, Segment, SideName

SIDES: tuple[SideName, SideName] = ("client", "server")
_LETTERS = {"S": "SYN", "F": "FIN", "R": "RST", "P": "PSH", "U": "URG", "E": "ECE", "W": "CWR"}
_LISTENING = ("socket", "bind", "listen")


def half_of(connection: Connection, side: SideName) -> Half | None:
    """The half on that side, or None."""
    return connection.client if side == "client" else connection.server


def other(side: SideName) -> SideName:
    """The peer's side."""
    return "server" if side == "client" else "client"


def seen(connection: Connection, side: SideName) -> bool:
    """Whether a socket was seen on that side: a half that is only an address is none."""
    half = half_of(connection, side)
    if half is None:
        return False
    return half.cookie is not None or any(mark.side == side for mark in connection.milestones)


def passed(connection: Connection, side: SideName) -> bool:
    """Whether a segment was seen on that side of the path, in this kernel."""
    return any(
        (segment.sent_ns if segment.source == side else segment.received_ns) is not None
        for segment in connection.segments
    )


def moment(connection: Connection, name: str, side: SideName) -> int | None:
    """When `side` reached the milestone `name`, ns of CLOCK_MONOTONIC."""
    found = (mark.t_ns for mark in connection.milestones if mark.name == name and mark.side == side)
    return next(found, None)


def origin(connection: Connection) -> tuple[int, str]:
    """Zero of the connection's time and what happened then: connect(), else its first milestone.

    The listener's own milestones may be days older than the connection: they count only where there is
    nothing else.
    """
    connect = moment(connection, "connect", "client")
    if connect is not None:
        return connect, "connect()"
    marks = sorted(connection.milestones, key=lambda mark: mark.t_ns)
    own = [mark for mark in marks if mark.side == "client" or mark.name not in _LISTENING]
    for mark in own or marks:
        return mark.t_ns, mark.name
    times = sorted(_times(connection))
    return (times[0], "the first event") if times else (0, "nothing")


def _times(connection: Connection) -> Iterator[int]:
    yield from (change.t_ns for change in connection.transitions)
    for segment in connection.segments:
        yield from (t for t in (segment.sent_ns, segment.received_ns) if t is not None)


def setup_ns(connection: Connection) -> int | None:
    """How long the attempt took, in ns: connect() to ESTABLISHED, or to CLOSE if it failed.

    A server half alone is timed from its SYN. None where an end is missing.
    """
    side: SideName = "client" if seen(connection, "client") else "server"
    names = ("connect", "syn_out") if side == "client" else ("syn_in", "request")
    start = next((t for name in names if (t := moment(connection, name, side)) is not None), None)
    end = _decided(connection, side)
    return None if start is None or end is None else end - start


def _decided(connection: Connection, side: SideName) -> int | None:
    state = "ESTABLISHED" if connection.outcome == "established" else "CLOSE"
    reached = [c.t_ns for c in connection.transitions if c.side == side and c.target == state]
    if reached:
        return reached[-1]
    return moment(connection, "established" if state == "ESTABLISHED" else "closed", side)


def accept_wait_ns(connection: Connection) -> int | None:
    """How long the connection waited in the accept queue, in ns; None before accept()."""
    queued = moment(connection, "queued", "server")
    accepted = moment(connection, "accepted", "server")
    return None if queued is None or accepted is None else accepted - queued


def failed(connection: Connection) -> bool:
    """Whether its outcome is a failure."""
    return connection.outcome not in ("established", "in_progress", None)


def retransmits(connection: Connection) -> int:
    """SYNs and SYN-ACKs sent again: as the sockets counted, or as captured, whichever is more."""
    counted = sum(half.retransmits for half in (connection.client, connection.server) if half is not None)
    return max(counted, sum(segment.retransmission for segment in connection.segments))


def isn_of(connection: Connection, side: SideName) -> int | None:
    """The side's initial sequence number: from its socket, else from its SYN or SYN-ACK."""
    half = half_of(connection, side)
    if half is not None and half.isn is not None:
        return half.isn
    return next((s.seq for s in connection.segments if s.source == side and "S" in s.flags), None)


def ack_offset(connection: Connection, segment: Segment) -> int | None:
    """`ack` minus the peer's ISN, modulo 2^32, as a signed number: 1 in a handshake (RFC 9293, 3.5).

    None where the segment has no ack or the peer's ISN is not known.
    """
    isn = isn_of(connection, other(segment.source))
    if segment.ack is None or isn is None:
        return None
    return (segment.ack - isn + 2**31) % 2**32 - 2**31


def flag_names(flags: str) -> str:
    """tcpdump's letters as names: `S.` is SYN-ACK, `R.` is RST-ACK, `.` is ACK."""
    letters = [_LETTERS.get(letter, letter) for letter in flags if letter != "."]
    if "." in flags:
        letters.append("ACK")
    return "-".join(letters)
