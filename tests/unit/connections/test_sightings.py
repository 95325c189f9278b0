"""Whose creation, segment, drop, route and timer each event shows."""

import numpy as np

from rows import T0, client_row, event, listener_row, segment_event, tcp_header, trace
from synscope.connections.model import Segment
from synscope.connections.rows import EventRow, event_row, half_row
from synscope.connections.segments import Captured
from synscope.connections.sightings import SocketEvents, of_half, of_segments, of_window
from synscope.connections.stacks import Path, Stacks
from synscope.events.wire import Fate, PathKind


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
    both = dict.fromkeys(("client", "server"), Stacks({1: ["xmit"], 2: ["receive"], 3: ["free"]}))

    def seen(*events: object) -> list[tuple[str, str]]:
        return [(s.side, s.mark) for s in of_segments([Captured(segment, *events)], both)]

    drop = "drops S (NO_SOCKET tcp_v4_rcv)"
    assert seen(sent, received, dropped) == [
        ("client", "sends S"),
        ("server", "receives S"),
        ("server", drop),
    ]
    assert seen(sent, None, dropped) == [("client", "sends S"), ("client", drop)]
    assert seen(dropped, None, dropped) == [("client", drop)]


STACKS = {
    1: ["fib_table_lookup+0x1", "ip_route_output_flow+0x1", "tcp_v4_connect+0x1"],
    2: ["enqueue_timer+0x1", "sk_reset_timer+0x1", "tcp_connect+0x1", "tcp_v4_connect+0x2"],
}


def route(t: int, code: int = 0, table: int = 254, **kw: object) -> np.ndarray:
    header = bytes(4) + table.to_bytes(4, "little")
    return event(PathKind.ROUTE, t, code=code, cookie=1, stack=1, header=header.ljust(60, b"\0"), **kw)


def seen_of(row: np.ndarray, *events: np.ndarray, rows: np.ndarray | None = None) -> list[tuple[str, str]]:
    """The inlined functions in the path of each sighting, and its mark."""
    stacks = Stacks(STACKS)
    index = SocketEvents(trace([], list(events)), row if rows is None else rows)
    one = half_row(row[0])
    sightings = list(of_half(one, "client", stacks, index))
    sightings += list(of_window(one, index, sightings))
    return [(" ".join(inlined(seen.path)), seen.mark) for seen in sightings]


def inlined(path: Path) -> list[str]:
    return [name for name, how in zip(path.frames, path.evidence, strict=True) if how == "effect"]


def test_a_route_is_looked_up_before_or_after_the_port_was_chosen() -> None:
    events = route(12_000), route(13_000, -11, 100), route(14_000, -13, 255), route(16_000)
    assert seen_of(client_row(), *events) == [
        ("ip_route_connect", "route in table main"),
        ("ip_route_connect", "no route in table 100"),
        ("ip_route_connect", "EACCES from table local"),
        ("ip_route_newports", "route in table main"),
    ]


def test_a_connect_without_a_route_never_comes_to_new_ports() -> None:
    row = client_row(transitions=[], t={"connect": 10_000}, fate=Fate.FAILED)
    assert seen_of(row, route(12_000, -11)) == [("ip_route_connect", "no route in table main")]


def test_tcp_connect_init_stands_where_the_timer_shows_tcp_connect() -> None:
    window = event(PathKind.WINDOW, 20_000, cookie=1)
    timer = event(PathKind.TIMER, 30_000, cookie=1, stack=2)
    assert seen_of(client_row(), window) == []
    assert seen_of(client_row(), window, timer) == [
        ("inet_csk_reset_xmit_timer", "starts the SYN timer"),
        ("tcp_connect_init", ""),
    ]


def test_each_attempt_of_a_socket_has_its_own_effects() -> None:
    times = [{"connect": at} for at in (10_000, 50_000)]
    rows = np.concatenate([client_row(attempt=n, t=t, transitions=[]) for n, t in enumerate(times, 1)])
    events = route(12_000, -11), route(52_000, -13)
    assert [seen_of(rows[at : at + 1], *events, rows=rows) for at in (0, 1)] == [
        [("ip_route_connect", "no route in table main")],
        [("ip_route_connect", "EACCES from table main")],
    ]
