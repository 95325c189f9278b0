"""Pairing, case by case; tests/property/test_join.py does the same with random churn."""

import numpy as np
import pytest

from rows import CLIENT_ISN, NETNS, SERVER_ISN, client_row, listener_row, server_row
from synscope.connections.join import join
from synscope.events.trace import Rows
from synscope.events.wire import HALF, HalfFlag, Side


def pairs(*rows: Rows) -> list[tuple[int, int]]:
    found = join(np.concatenate(rows))
    return sorted(zip(found.client_index.tolist(), found.server_index.tolist(), strict=True))


def test_mirrored_ends_and_isns_make_a_pair() -> None:
    assert pairs(server_row(), listener_row(), client_row()) == [(2, 0)]


def test_nothing_makes_nothing() -> None:
    found = join(np.empty(0, HALF))
    assert (found.client_index.tolist(), found.server_index.tolist()) == ([], [])


@pytest.mark.parametrize(
    "other",
    [
        {"rport": 50165},
        {"lport": 8081},
        {"remote": "127.0.0.2"},
        {"peer_isn": CLIENT_ISN + 1},
        {"isn": SERVER_ISN + 1},
        {"netns": NETNS + 1},  # 127.0.0.1 of another network namespace
        {"t0": 1},  # asked before the client's SYN was out
    ],
)
def test_one_difference_keeps_halves_apart(other: dict[str, int | str]) -> None:
    assert pairs(client_row(), server_row(**other)) == [(-1, 1), (0, -1)]


def test_a_server_that_was_asked_after_the_client_had_its_answer_is_another() -> None:
    late = server_row(t={"request": 71_000, "established": 84_000})
    assert pairs(client_row(), late) == [(-1, 1), (0, -1)]


def test_with_syn_cookies_the_server_half_begins_at_the_final_ack() -> None:
    late = server_row(t={"ack_in": 80_000, "established": 84_000}, flags=HalfFlag.SYN_COOKIE)
    assert pairs(client_row(), late) == [(0, 1)]


def test_a_refused_attempt_knows_only_its_own_isn() -> None:
    assert pairs(client_row(peer_isn=None), server_row()) == [(0, 1)]
    assert pairs(client_row(isn=None), server_row()) == [(0, 1)]
    assert pairs(client_row(isn=None, peer_isn=None), server_row()) == [(-1, 1), (0, -1)]


def test_an_isn_of_zero_is_one() -> None:
    assert pairs(client_row(isn=0), server_row(peer_isn=0)) == [(0, 1)]
    assert pairs(client_row(isn=0, peer_isn=None), server_row(peer_isn=None)) == [(-1, 1), (0, -1)]


def test_families_meet() -> None:
    client = client_row(local="::ffff:127.0.0.1", remote="::ffff:127.0.0.1")
    assert pairs(client, server_row()) == [(0, 1)]
    v6 = {"local": "2001:db8::1", "remote": "2001:db8::2"}
    mirror = {"local": "2001:db8::2", "remote": "2001:db8::1", "netns": 5}
    assert pairs(client_row(**v6), server_row(**mirror)) == [(0, 1)]


def test_ports_used_again() -> None:
    rows = []
    for n in range(50):
        rows.append(server_row(isn=SERVER_ISN + n, peer_isn=CLIENT_ISN + n, t0=10**9 * (n + 1), cookie=2 * n))
        rows.append(
            client_row(isn=CLIENT_ISN + n, peer_isn=SERVER_ISN + n, t0=10**9 * (n + 1), cookie=2 * n + 1)
        )
    assert pairs(*rows) == [(2 * n + 1, 2 * n) for n in range(50)]


def test_the_same_isn_again_is_told_apart_by_time() -> None:
    early = {"peer_isn": None, "t": {"syn_out": 10}}
    rows = [client_row(t0=t0, **early) for t0 in (10**9, 2 * 10**9)]
    servers = [server_row(t0=t0, t={"request": 50}) for t0 in (2 * 10**9, 10**9)]
    assert pairs(*rows, *servers) == [(0, 3), (1, 2)]


def test_the_same_isn_again_is_told_apart_by_the_peers() -> None:
    rows = [client_row(peer_isn=isn) for isn in (1, 2)] + [server_row(isn=isn) for isn in (2, 1, 3)]
    assert pairs(*rows) == [(-1, 4), (0, 3), (1, 2)]


def test_simultaneous_open() -> None:
    late = client_row(lport=8080, rport=50164, isn=SERVER_ISN, peer_isn=CLIENT_ISN, t={"connect": 20_000})
    assert pairs(late, client_row()) == [(1, 0)]


def test_a_socket_connected_to_itself_stands_alone() -> None:
    own = {"lport": 9, "rport": 9, "isn": 5, "peer_isn": 5}
    assert pairs(client_row(**own)) == [(0, -1)]


def test_someone_elses_half_counts_only_with_its_peer() -> None:
    peer = {"flags": HalfFlag.PEER}
    assert pairs(client_row(), server_row(**peer)) == [(0, 1)]
    assert pairs(client_row(**peer), server_row()) == [(0, 1)]
    assert pairs(client_row(**peer)) == []
    assert pairs(server_row(**peer)) == []
    assert pairs(client_row(**peer), server_row(**peer)) == []


def test_a_socket_that_did_nothing_is_no_connection_but_a_failed_connect_is() -> None:
    idle = client_row(side=Side.NONE, isn=None, t={"socket": 1}, transitions=[])
    tried = client_row(side=Side.NONE, isn=None, t={"socket": 1, "connect": 2}, transitions=[])
    assert pairs(idle, tried, listener_row()) == [(1, -1)]
