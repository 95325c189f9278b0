"""Rows as plain values: nothing renamed, moved or lost on the way."""

import numpy as np

from rows import CLIENT_ISN, NETNS, T0, client_row, event, segment_event, tcp_header
from synscope.connections.rows import EventRow, HalfRow, Step, event_row, event_rows, half_row
from synscope.events.wire import HALF, MILESTONE, PATH_EVENT, TRANSITION, PathKind
from synscope.tcp.states import State


def test_the_fields_are_those_of_the_wire() -> None:
    assert HalfRow._fields == HALF.names
    assert EventRow._fields == PATH_EVENT.names
    assert TRANSITION.names == ("t", "stack", "from", "to", "pad")
    assert Step._fields == ("t", "stack", "source", "target", "pad")


def test_a_half() -> None:
    row = half_row(client_row(transitions=[(15_000, "CLOSE", "SYN_SENT", 9)], header=b"\x01\x02")[0])
    assert (row.cookie, row.isn, row.netns, row.lport, row.rport) == (1, CLIENT_ISN, NETNS, 50164, 8080)
    assert (row.t[MILESTONE["connect"]], row.t[MILESTONE["accepted"]]) == (T0 + 10_000, 0)
    assert row.transitions == [Step(T0 + 15_000, 9, State.CLOSE, State.SYN_SENT, 0)]
    assert row.local == b"\x7f\0\0\1" + bytes(12)
    assert row.header[: row.header_len] == b"\x01\x02"
    assert row.comm == b"python3".ljust(16, b"\0")


def test_more_transitions_than_there_is_room_for() -> None:
    assert len(half_row(client_row(transition_count=9)[0]).transitions) == 7


def test_events() -> None:
    syn = tcp_header(1, 2, 3)
    rows = np.concatenate(
        [segment_event(PathKind.SENT, 5, syn, stack=4), event(PathKind.RETURN, 6, code=-111)]
    )
    sent, returned = event_rows(rows)
    assert (sent.t, sent.stack, sent.header[: sent.header_len]) == (T0 + 5, 4, syn)
    assert (returned.kind, returned.code, returned.stack) == (PathKind.RETURN, -111, -1)
    assert [event_row(row) for row in rows] == [sent, returned]
