"""The clock is the test's: what is told is a function of rows and moments."""

import msgspec
import numpy as np
import pytest

import rows
from synscope.cli.joining import HOLD_NS, REMEMBERED, Joiner
from synscope.connections.build import connections
from synscope.diagnosis.diagnose import diagnosed
from synscope.events.wire import HalfFlag, Side

HEADER = rows.trace([]).header


@pytest.fixture
def joiner():
    return Joiner(HEADER, connections)


def cookies(found):
    return [tuple(half and half.cookie for half in (c.client, c.server)) for c in found]


def seen(connection_cookies):
    return [[cookie for cookie in pair if cookie] for pair in connection_cookies]


def test_two_halves_are_told_as_soon_as_both_are_there(joiner):
    joiner.add(rows.client_row(), 0)
    assert list(joiner.ready(0)) == []
    joiner.add(rows.server_row(), 5)
    assert cookies(joiner.ready(5)) == [(1, 2)]
    assert list(joiner.ready(HOLD_NS * 2)) == []


@pytest.mark.parametrize("row", [rows.client_row(), rows.server_row()])
def test_a_half_alone_is_told_when_it_waited_long_enough(joiner, row):
    joiner.add(row, 0)
    assert list(joiner.ready(HOLD_NS - 1)) == []
    assert seen(cookies(joiner.ready(HOLD_NS))) == [[int(row["cookie"][0])]]
    assert list(joiner.ready(HOLD_NS * 3)) == []


def test_all_are_told_at_the_end(joiner):
    joiner.add(rows.client_row(), 0)
    assert len(list(joiner.ready(0, flush=True))) == 1


def test_a_later_record_of_a_half_that_was_told_is_not_another_line(joiner):
    joiner.add(np.concatenate([rows.client_row(), rows.server_row()]), 0)
    assert len(list(joiner.ready(0))) == 1
    joiner.add(rows.client_row(t={"closed": 999_000}), 1)
    assert list(joiner.ready(1, flush=True)) == []


def test_a_half_that_comes_twice_while_it_is_held_is_one(joiner):
    joiner.add(rows.client_row(), 0)
    joiner.add(rows.client_row(), HOLD_NS - 1)
    assert len(list(joiner.ready(HOLD_NS))) == 1


def test_a_second_connect_on_the_same_socket_is_another(joiner):
    joiner.add(
        np.concatenate([rows.client_row(attempt=1), rows.client_row(attempt=2, isn=77, lport=50165)]), 0
    )
    assert len(list(joiner.ready(0, flush=True))) == 2


def test_ids_count_on(joiner):
    for number in range(3):
        joiner.add(rows.client_row(cookie=number + 1), number)
        assert [c.id for c in joiner.ready(number, flush=True)] == [f"c{number + 1}"]


def test_someone_elses_half_without_ours_is_dropped_when_it_waited(joiner):
    joiner.add(rows.server_row(flags=HalfFlag.PEER), 0)
    assert list(joiner.ready(HOLD_NS)) == []
    assert joiner._held.size == 0


def test_the_listener_is_known_to_halves_that_come_later(joiner):
    joiner.add(rows.listener_row(), 0)
    assert list(joiner.ready(HOLD_NS * 5)) == []
    joiner.add(np.concatenate([rows.client_row(), rows.server_row()]), HOLD_NS * 6)
    (connection,) = joiner.ready(HOLD_NS * 6)
    assert "listen" in [mark.name for mark in connection.milestones if mark.side == "server"]


def test_what_is_kept_is_bounded(joiner, monkeypatch):
    monkeypatch.setattr("synscope.cli.joining.REMEMBERED", 10)
    monkeypatch.setattr("synscope.cli.joining.LISTENERS", 5)
    for number in range(1, 40):
        joiner.add(
            np.concatenate([rows.client_row(cookie=number), rows.listener_row(cookie=10_000 + number)]),
            number,
        )
        list(joiner.ready(number, flush=True))
    assert (len(joiner._told), len(joiner._listeners), joiner._held.size, len(joiner._since)) == (10, 5, 0, 0)
    assert REMEMBERED > 10
    assert Side.LISTENER == 3


def test_a_burst_is_joined_whole(joiner):
    count = 500
    clients = [
        rows.client_row(cookie=2 * n + 1, lport=20_000 + n, isn=n + 1, peer_isn=n + 9_000)
        for n in range(count)
    ]
    servers = [
        rows.server_row(cookie=2 * n + 2, rport=20_000 + n, isn=n + 9_000, peer_isn=n + 1)
        for n in range(count)
    ]
    joiner.add(np.concatenate(clients), 0)
    joiner.add(np.concatenate(servers[::-1]), 0)
    assert sorted(cookies(joiner.ready(0))) == [(2 * n + 1, 2 * n + 2) for n in range(count)]


def test_who_waits_in_a_queue_is_known_to_a_syn_that_found_it_full():
    """Of the two that wait one was told already, the other the kernel half still has."""
    times = {name: t for name, t in rows.SERVER_TIMES.items() if name != "accepted"}
    early = {name: t - 500_000 for name, t in times.items()}
    ends = {"pid": 0, "backlog_max": 1}
    told = rows.server_row(cookie=8, rport=40000, isn=5, peer_isn=6, t=early, backlog=0, **ends)
    waits = rows.server_row(
        cookie=9,
        rport=40001,
        isn=7,
        peer_isn=8,
        t={k: t + 100_000 for k, t in early.items()},
        backlog=1,
        **ends,
    )
    failed = rows.client_row(
        fate=3, peer_isn=None, syn_retransmits=1,
        t={"socket": 0, "connect": 10_000, "syn_out": 25_000, "closed": 2_000_000_000},
        transitions=[(15_000, "CLOSE", "SYN_SENT"), (2_000_000_000, "SYN_SENT", "CLOSE")],
    )  # fmt: skip
    joiner = Joiner(HEADER, diagnosed, lambda: waits)
    joiner.add(np.concatenate([rows.listener_row(backlog_max=1), told]), 0)
    assert len(list(joiner.ready(HOLD_NS))) == 1
    joiner.add(failed, HOLD_NS)
    (connection,) = joiner.ready(HOLD_NS * 3)
    assert connection.findings[0].code == "accept-queue-overflow"


def test_path_detail_does_not_make_events_of_a_line():
    """What a line is made of are halves: nothing may be concluded from the want of events."""
    header = msgspec.structs.replace(HEADER, detail="path")
    lonely = {
        "t": {"connect": 10_000, "syn_out": 25_000, "closed": 2_000_000_000},
        "fate": 3,
        "peer_isn": None,
    }
    steps = [(15_000, "CLOSE", "SYN_SENT"), (2_000_000_000, "SYN_SENT", "CLOSE")]
    joiner = Joiner(header, diagnosed)
    joiner.add(rows.client_row(syn_retransmits=1, transitions=steps, **lonely), 0)
    (connection,) = joiner.ready(0, flush=True)
    assert [one.code for one in connection.findings] == ["syn-lost", "gave-up"]
