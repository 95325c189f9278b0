import numpy as np

import rows
from isn_series import series, trace_of
from synscope.connections.isns import peers
from synscope.events.wire import MILESTONE
from synscope.tcp.isn.classify import analyse
from synscope.tcp.isn.samples import UNKNOWN


def test_the_numbers_of_both_ends_by_who_chose_them():
    found = series("linux", count=20)
    server, client = sorted(peers(trace_of(found)), key=lambda peer: peer.side, reverse=True)
    assert (server.name, server.side, client.name, client.side) == (
        "127.0.0.1:8080",
        "server",
        "127.0.0.1",
        "client",
    )
    assert np.array_equal(server.samples.isn, found.isn)
    assert np.array_equal(server.samples.other, found.other)
    assert np.array_equal(client.samples.isn, found.other)
    assert (np.unique(server.samples.flow, return_counts=True)[1].max(), len(set(server.samples.flow))) == (
        10,
        11,
    )


def test_the_time_is_that_of_the_syn_acks_arrival_and_of_the_syns_leaving():
    found = series("rfc793", count=9)
    both = {peer.side: peer.samples for peer in peers(trace_of(found, server=True))}
    assert np.array_equal(both["server"].t_ns, found.t_ns)
    assert np.array_equal(both["client"].t_ns, found.t_ns - 30_000)


def test_a_server_alone_and_a_client_alone():
    for one, t in ((rows.server_row(), 40_000), (rows.client_row(), 70_000)):
        (server,) = [peer for peer in peers(rows.trace([one])) if peer.side == "server"]
        assert server.samples.isn.tolist() == [rows.SERVER_ISN]
        assert server.samples.t_ns.tolist() == [rows.T0 + t]


def test_what_is_known_of_cookies_and_windows():
    found = series("syn-cookies", count=4)
    (server,) = [peer for peer in peers(trace_of(found, window=0)) if peer.side == "server"]
    assert server.samples.window.tolist() == [0] * 4
    assert server.samples.cookie.tolist() == [UNKNOWN] * 4
    (server,) = [peer for peer in peers(trace_of(found, server=True)) if peer.side == "server"]
    assert server.samples.cookie.tolist() == [0] * 4
    flagged = rows.server_row(flags=2, t={"ack_in": 80_000})
    assert peers(rows.trace([flagged]))[0].samples.cookie.tolist() == [1]


def test_what_was_sent_twice_is_left_out():
    assert peers(trace_of(series("linux", count=4), syn_retransmits=1)) == []


def test_a_connection_that_was_refused_has_no_number_of_the_server():
    refused = rows.client_row(peer_isn=None, t={"connect": 10, "syn_out": 20})
    assert [peer.side for peer in peers(rows.trace([refused]))] == ["client"]
    assert peers(rows.trace([])) == []


def test_ipv6_and_the_most_numbers_first():
    many = (
        rows.client_row(local="::1", remote="::1"),
        rows.client_row(local="::1", remote="::1", cookie=8, isn=5),
    )
    found = peers(rows.trace([rows.client_row(cookie=9, rport=1), *many]))
    assert [peer.name for peer in found if peer.side == "server"] == ["[::1]:8080", "127.0.0.1:1"]


def test_only_what_one_process_opened():
    """A proxied connection's second half, and whatever else goes on, is not told of the peer."""
    mine, others = rows.client_row(pid=1, cookie=7), rows.client_row(pid=2, cookie=9, lport=9)
    alone = rows.server_row(isn=1, peer_isn=2)
    assert [len(peer.samples.isn) for peer in peers(rows.trace([mine, others, alone]), 1)] == [1, 1]


def test_times_that_no_clock_has_are_borne():
    """A damaged file's: a u64 that is no int64."""
    late = rows.client_row(cookie=9, lport=9)
    late["t"][:, [MILESTONE["syn_out"], MILESTONE["synack_in"]]] = 2**64 - 1
    found = peers(rows.trace([rows.client_row(), late]))
    assert [len(peer.samples.isn) for peer in found] == [2, 2]
    assert all(analyse(peer.samples).span_ns > 0 for peer in found)
