"""Phases of rows and segments whose moments are written down beside them, in µs after connect()."""

import errno
import re
from pathlib import Path

import pytest

from rows import T0, client_row, event, segment_event, server_row, tcp_header, trace
from synscope.connections.build import connections
from synscope.connections.model import Connection, Segment
from synscope.connections.phases import PHASES, phases, total_ns
from synscope.connections.rows import HalfRow, half_row
from synscope.connections.spans import Outlook, Seen
from synscope.events.wire import Fate, HalfFlag, PathKind

PAGE = Path(__file__).parents[3] / "docs/reference/phases.md"
COMPLETE = Outlook(complete=True)
CLIENT = {"connect": 0, "syn_out": 20, "synack_in": 60, "established": 60}
SERVER = {"request": 34, "synack_out": 38, "ack_in": 70, "queued": 75, "established": 78, "accepted": 96}
STATES = [(14, "CLOSE", "SYN_SENT"), (60, "SYN_SENT", "ESTABLISHED")]


def us(times: dict[str, int]) -> dict[str, int]:
    return {name: t * 1000 for name, t in times.items()}


def client(t=CLIENT, states=STATES, **more) -> HalfRow:
    steps = [(at * 1000, *names) for at, *names in states]
    return half_row(client_row(**{"t": us(t), "transitions": steps, "t0": T0, **more})[0])


def server(t=SERVER, **more) -> HalfRow:
    return half_row(server_row(t=us(t), **more)[0])


def shark(n, source, flags, sent=None, received=None, **more) -> Segment:
    """A segment with times in µs, on the rows' clock."""
    times = {"sent_ns": sent, "received_ns": received}
    at = {name: None if t is None else T0 + t * 1000 for name, t in times.items()}
    return Segment(n=n, source=source, flags=flags, seq=1, **at, **more)


def told(client=None, server=None, seen=(), outlook=COMPLETE, **more) -> dict[str, list[tuple[str, float]]]:
    found = phases(client, server, Seen(seen, **more), outlook)
    return {
        side: [(one.name, one.duration_ns / 1000) for one in found if one.side == side]
        for side in ("client", "server")
    }


LOOPBACK = (
    shark(1, "client", "S", 21, 31),
    shark(2, "server", "S.", 39, 46),
    shark(3, "client", ".", 62, 66),
)


def test_both_ends_in_path_detail():
    found = told(client(), server(), LOOPBACK)
    assert found["client"] == [
        ("route", 14),
        ("port", 6),
        ("ip_output", 1),
        ("network_out", 10),
        ("peer", 8),
        ("network_back", 7),
        ("local_delivery", 14),
    ]
    assert found["server"] == [
        ("request", 8),
        ("network_out", 7),
        ("peer", 16),
        ("network_back", 4),
        ("local_delivery", 9),
        ("accept_queue", 21),
    ]


def test_both_ends_in_record_detail():
    states = [(20, "CLOSE", "SYN_SENT"), (60, "SYN_SENT", "ESTABLISHED")]
    found = told(client(states=states), server(SERVER | {"queued": 70}), outlook=Outlook())
    assert found["client"] == [("route_and_port", 20), ("network_out", 14), ("peer", 4), ("network_back", 22)]
    assert found["server"] == [("request", 4), ("synack_wait", 32), ("accept_queue", 26)]


@pytest.mark.parametrize("again", [{"syn_retransmits": 1}, {}])
def test_record_detail_does_not_split_a_wait_in_which_something_was_sent_again(again):
    other = {} if again else {"synack_retransmits": 1}
    found = told(client(**again), server(**other), outlook=Outlook())
    assert found["client"][-1] == ("syn_wait", 40)


def test_one_end_alone():
    away = [shark(1, "client", "S", 21), shark(2, "server", "S.", None, 46), shark(3, "client", ".", 62)]
    assert told(client(), None, away)["client"][2:] == [
        ("ip_output", 1),
        ("syn_wait", 25),
        ("local_delivery", 14),
    ]
    away = [
        shark(1, "client", "S", None, 31),
        shark(2, "server", "S.", 39),
        shark(3, "client", ".", None, 66),
    ]
    assert told(None, server(), away)["server"] == [
        ("request", 8),
        ("synack_wait", 27),
        ("local_delivery", 9),
        ("accept_queue", 21),
    ]


def test_the_timer_is_counted_apart():
    lost = shark(1, "client", "S", 21, 31, dropped="NETFILTER_DROP nft_do_chain")
    rest = [shark(2, "client", "S", 1021, 1031, retransmission=True), *later(LOOPBACK[1:], 1000)]
    late = client(CLIENT | {"established": 1060}, syn_retransmits=1)
    found = told(late, server({name: t + 1000 for name, t in SERVER.items()}), [lost, *rest])
    assert found["client"][2:5] == [("ip_output", 1), ("syn_retransmit", 1000), ("network_out", 10)]
    assert found["server"][:2] == [("syn_retransmit", 1000), ("request", 8)]


def later(segments, us):
    return [
        shark(s.n, s.source, s.flags, *(t // 1000 - T0 // 1000 + us for t in (s.sent_ns, s.received_ns)))
        for s in segments
    ]


def test_a_lost_answer_is_not_the_networks_time():
    lost = shark(2, "server", "S.", 39, 46, dropped="NETFILTER_DROP nft_do_chain")
    again = [lost, *later(LOOPBACK[1:], 1000)]
    late = client(CLIENT | {"established": 1060})
    passive = server(SERVER | {"ack_in": 1070, "queued": 1075, "accepted": 1096}, synack_retransmits=1)
    found = told(late, passive, [LOOPBACK[0], *again])
    assert found["client"][4:7] == [("peer", 8), ("synack_retransmit", 1000), ("network_back", 7)]
    assert found["server"][1:3] == [("synack_retransmit", 1000), ("network_out", 7)]


def test_a_needless_retransmission_takes_no_time():
    slow = [
        shark(1, "client", "S", 21, 400),
        shark(2, "client", "S", 1021, 1400, retransmission=True),
        shark(3, "server", "S.", 700, 1100),
    ]
    found = told(client(CLIENT | {"established": 1110}, syn_retransmits=1), None, slow)
    assert found["client"][3:] == [
        ("network_out", 379),
        ("peer", 300),
        ("network_back", 400),
        ("local_delivery", 10),
    ]


def test_a_retransmission_that_was_not_captured_blurs_the_middle():
    found = told(client(syn_retransmits=1), server(), LOOPBACK)
    assert found["client"][3] == ("syn_wait", 25)


@pytest.mark.parametrize(
    ("row", "seen", "last"),
    [
        (client({"connect": 0, "closed": 9}, [(4, "CLOSE", "SYN_SENT")]), (), ("port", 5)),
        (client({"connect": 0, "decided": 9}, [], fate=Fate.FAILED), (), ("route", 9)),
        (client({"connect": 0, "syn_out": 20, "closed": 90}, STATES[:1]), (), ("ip_output", 70)),
        (
            client({"connect": 0, "syn_out": 20, "closed": 90}, STATES[:1]),
            [shark(1, "client", "S", 25)],
            ("syn_wait", 65),
        ),
        (
            client({"connect": 0, "syn_out": 20, "closed": 90}, STATES[:1], sk_err=errno.ETIMEDOUT),
            [shark(1, "client", "S", 25), shark(2, "client", "S", 50)],
            ("syn_timeout", 40),
        ),
        (
            client({"connect": 0, "syn_out": 20, "closed": 90}, STATES[:1], sk_err=errno.EHOSTUNREACH),
            [shark(1, "client", "S", 80, dropped="NEIGH_FAILED neigh_invalidate")],
            ("neighbour", 70),
        ),
        (
            client({"connect": 0, "syn_out": 20, "closed": 41}, STATES[:1], sk_err=errno.ECONNREFUSED),
            [shark(1, "client", "S", 21, 26), shark(2, "server", "R.", 30, 36)],
            ("local_delivery", 5),
        ),
    ],
)
def test_a_failed_attempt_ends_with_what_it_waited_for(row, seen, last):
    found = told(row, None, seen)["client"]
    assert found[-1] == last
    assert sum(duration for _, duration in found) == (row.t[14] or row.t[15]) / 1000 - T0 / 1000


def test_a_refusal_is_split_too():
    freed = shark(1, "client", "S", 21, 26, dropped="NO_SOCKET tcp_v4_rcv")
    row = client({"connect": 0, "syn_out": 20, "closed": 41}, STATES[:1], sk_err=errno.ECONNREFUSED)
    found = told(row, None, [freed, shark(2, "server", "R.", 30, 36)])["client"]
    assert found[3:] == [("network_out", 5), ("peer", 4), ("network_back", 6), ("local_delivery", 5)]


def test_an_attempt_in_progress_lasts_until_the_trace_ends():
    going = client({"connect": 0, "syn_out": 20}, STATES[:1], fate=Fate.OPEN)
    ended = Outlook(T0 + 500_000, complete=True)
    sent = [shark(1, "client", "S", 25), shark(2, "client", "S", 125)]
    assert told(going, None, sent, ended)["client"][-2:] == [("syn_retransmit", 100), ("syn_wait", 375)]
    assert told(going, None, sent, Outlook())["client"][-1] == ("syn_retransmit", 100)
    request = server({"request": 34, "synack_out": 38}, fate=Fate.OPEN)
    assert told(None, request, (), ended)["server"] == [("request", 4), ("synack_wait", 462)]


def test_what_waits_for_accept():
    waiting = server({name: t for name, t in SERVER.items() if name != "accepted"}, fate=Fate.OPEN)
    ended = Outlook(T0 + 500_000, complete=True)
    assert told(None, waiting, (), ended)["server"][-1] == ("accept_queue", 425)
    # accept() may have been there and not seen: without its address in record detail, or by another's
    assert told(None, waiting, (), Outlook(T0 + 500_000))["server"][-1] == ("local_delivery", 5)
    peers = waiting._replace(flags=int(HalfFlag.PEER))
    assert told(None, peers, (), ended)["server"][-1] == ("local_delivery", 5)


def test_a_thread_that_waits_in_accept_has_to_wake_up():
    assert told(None, server(), accepting_ns=T0 + 10_000)["server"][-1] == ("accept_wake", 21)
    assert told(None, server(), accepting_ns=T0 + 90_000)["server"][-1] == ("accept_queue", 21)


def test_a_syn_that_waited_for_its_neighbour():
    assert told(client(), None, LOOPBACK, resolved=True)["client"][2] == ("neighbour", 1)


def test_a_syn_cookie_in_record_detail_has_no_request():
    found = told(None, server({"ack_in": 70, "queued": 70, "established": 70, "accepted": 96}))
    assert found["server"] == [("accept_queue", 26)]


def built(stack: list[str]) -> Connection:
    """A client whose SYN was sent on that stack, a server that waited in accept()."""
    syn = tcp_header(50164, 8080, 2269068384)
    events = [
        segment_event(PathKind.SENT, 30_000, syn, stack=1),
        event(PathKind.CALL, -100_000, tid=4710, syscall=288),
        event(PathKind.RETURN, 96_000, tid=4710, syscall=288, code=4),
    ]
    (found,) = connections(trace([client_row(), server_row()], events, {1: stack}))
    return found


def test_a_connection_has_its_phases_and_their_sums():
    arp = ["neigh_resolve_output+0x1", "__neigh_update+0x2", "arp_process+0x3", "net_rx_action+0x4"]
    found = built(arp)
    names = [phase.name for phase in found.phases]
    assert "neighbour" in names
    assert "accept_wake" in names
    assert found.client
    assert found.server
    assert found.client.total_ns == total_ns(found.phases, "client") == 60_000
    assert found.server.total_ns == total_ns(found.phases, "server") == 55_000
    assert "neighbour" not in [
        phase.name for phase in built(["ip_finish_output2+0x1", "tcp_connect+0x2"]).phases
    ]


def test_the_reference_lists_every_phase():
    assert re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE) == list(PHASES)
