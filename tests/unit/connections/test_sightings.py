"""Which socket an inet_create() event made, and whose stack a dropped segment's is."""

import numpy as np

from rows import T0, client_row, event, listener_row, segment_event, tcp_header, trace
from synscope.connections.model import Segment
from synscope.connections.rows import EventRow, event_row, half_row
from synscope.connections.segments import Captured
from synscope.connections.sightings import SocketEvents, of_segments
from synscope.connections.stacks import Stacks
from synscope.events.wire import PathKind


def socket_at(t: int, tid: int = 4711) -> np.ndarray:
    return event(PathKind.SOCKET, t, tid=tid, stack=t)


def test_a_socket_s_creation_is_the_thread_s_last_before_it() -> None:
    halves = np.concatenate(
        [client_row(cookie=n, t={"socket": at}) for n, at in ((1, 100), (2, 200), (3, 300))]
    )
    events = SocketEvents(
        trace([], [socket_at(90), socket_at(95), socket_at(190), socket_at(290, tid=9)]), halves
    )
    found = [events.creation(half_row(row)) for row in halves]
    assert [None if one is None else one.stack for one in found] == [95, 190, None]


def test_attempts_of_one_socket_share_its_creation() -> None:
    halves = np.concatenate([client_row(attempt=n, t={"socket": 100}) for n in (1, 2)])
    events = SocketEvents(trace([], [socket_at(90)]), halves)
    assert all(events.creation(half_row(row)).t == T0 + 90 for row in halves)


def test_without_a_time_or_a_thread_there_is_no_creation() -> None:
    halves = np.concatenate([client_row(t={}), listener_row(tid=0)])
    events = SocketEvents(trace([], [socket_at(90)]), halves)
    assert [events.creation(half_row(row)) for row in halves] == [None, None]


def test_an_acceptance_is_found_by_its_cookie() -> None:
    accepted = [event(PathKind.ACCEPT, 1, cookie=7, stack=1), event(PathKind.ACCEPT, 2, cookie=5, stack=2)]
    events = SocketEvents(trace([], accepted), client_row())

    def accepted_of(cookie: int) -> EventRow | None:
        return events.acceptance(half_row(client_row(cookie=cookie)[0]))

    assert accepted_of(5).stack == 2
    assert accepted_of(6) is None
    assert accepted_of(8) is None


def test_a_drop_is_the_sender_s_until_the_receiver_had_it() -> None:
    syn = tcp_header(1, 2, 3)
    sent, received, dropped = (
        event_row(segment_event(kind, t, syn, stack=t)[0])
        for t, kind in ((1, PathKind.SENT), (2, PathKind.RECEIVED), (3, PathKind.DROPPED))
    )
    segment = Segment(n=1, source="client", flags="S", seq=3, dropped="NO_SOCKET tcp_v4_rcv")
    stacks = Stacks({1: ["xmit"], 2: ["receive"], 3: ["free"]})

    def seen(*events: object) -> list[tuple[str, str]]:
        return [(s.side, s.mark) for s in of_segments([Captured(segment, *events)], stacks)]

    drop = "drops S (NO_SOCKET tcp_v4_rcv)"
    assert seen(sent, received, dropped) == [
        ("client", "sends S"),
        ("server", "receives S"),
        ("server", drop),
    ]
    assert seen(sent, None, dropped) == [("client", "sends S"), ("client", drop)]
    assert seen(dropped, None, dropped) == [("client", drop)]
