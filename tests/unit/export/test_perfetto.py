"""What is written, as Perfetto's own messages decode it."""

from itertools import pairwise

import pytest

import faults
import rows
from rows import T0, client_row, listener_row, server_row
from support.timeline import Slice, Timeline
from synscope.cli.telling import connections_of
from synscope.events.trace import Trace
from synscope.export.perfetto import write
from traced import Writing
from unit.connections.test_functions import CONNECT, SYN_ARRIVES, traced
from unit.export.test_pcapng import FAULTS, handshake


def exported(trace: Trace) -> tuple[Timeline, list[str]]:
    said: list[str] = []
    return Timeline(b"".join(write(connections_of(trace, None), trace, said.append))), said


def chain(one: Slice | None) -> list[str]:
    """The names of a slice and those around it."""
    return [] if one is None else [one.name, *chain(one.inside)]


def test_a_half_is_a_slice_with_its_phases_on_its_processs_track():
    timeline, _ = exported(handshake())
    assert timeline.processes == {4711: "python3", 4710: "python3"}
    client, server = timeline.named("c1 established")
    assert (client.track, server.track) == (
        "process 4711 / connections as client",
        "process 4710 / connections as server",
    )
    assert client.notes["end"] == "127.0.0.1:50164" and client.notes["isn"] == str(rows.CLIENT_ISN)
    phases = [one for one in timeline.of("phase") if one.inside is client]
    assert [one.name for one in phases][:2] == ["route", "port"]
    assert all(one.end == after.begin for one, after in pairwise(phases))
    assert (phases[0].begin, phases[-1].end) == (T0 + 10_000, T0 + 70_000)


def test_milestones_and_states_are_instants_in_their_half():
    timeline, _ = exported(handshake())
    (syn,) = timeline.named("syn_out")
    assert (syn.begin, syn.end, syn.category) == (T0 + 25_000, T0 + 25_000, "milestone")
    assert chain(timeline.named("CLOSE → SYN_SENT")[0])[-1] == "c1 established"


def test_a_segment_is_an_arrow_between_the_halves():
    timeline, _ = exported(handshake())
    (sent,), (came,) = timeline.named("sends S"), timeline.named("receives S")
    assert sent.flows == came.flows and len(sent.flows) == 1
    assert (sent.begin, came.begin) == (T0 + 25_000, T0 + 33_000)
    assert ("client" in sent.track, "server" in came.track) == (True, True)
    assert sent.notes["seq"] == str(rows.CLIENT_ISN)
    assert len({flow for one in timeline.of("segment") for flow in one.flows}) == 3


def test_the_clocks_are_tied():
    timeline, _ = exported(handshake())
    assert timeline.clocks == {3: T0, 1: 1_700_000_000 * 10**9}


def test_a_listener_is_drawn_once_for_all_that_it_accepted():
    trace = faults.trace(
        [
            listener_row(),
            client_row(),
            server_row(),
            client_row(cookie=11, lport=50165, t0=T0 + 200_000),
            server_row(cookie=12, rport=50165, t0=T0 + 200_000),
        ]
    )
    timeline, _ = exported(trace)
    (listening,) = timeline.named("listen")
    assert listening.track == "process 4710 / listening sockets"
    assert len(timeline.of("connection")) == 4


def test_connections_at_the_same_time_do_not_lie_in_one_another():
    pairs = []
    for at in range(5):
        ends = {"t0": T0 + at * 20_000}
        pairs += [client_row(cookie=100 + at, lport=50000 + at, **ends)]
        pairs += [server_row(cookie=200 + at, rport=50000 + at, **ends)]
    timeline, _ = exported(faults.trace([listener_row(), *pairs]))
    connections = timeline.of("connection")
    assert len(connections) == 10
    assert {one.inside for one in connections} == {None}
    assert {one.track for one in connections} == {
        "process 4711 / connections as client",
        "process 4710 / connections as server",
    }
    for one in timeline.of("phase"):
        assert one.inside in connections


def test_findings_say_what_was_found():
    timeline, _ = exported(faults.no_listener())
    (finding,) = timeline.of("finding")
    assert finding.name == "refused-no-listener"
    assert set(finding.notes) == {"summary", "severity", "remedy"}
    assert chain(finding)[-1] == "c1 refused"


def test_traced_calls_are_slices_on_the_thread_and_on_the_cpu():
    written = Writing().lane(CONNECT, start=T0 + 10_000, tid=4711, pid=4711)
    written.lane(SYN_ARRIVES, start=T0 + 40_000, softirq=True, cpu=1)
    timeline, said = exported(traced(written))
    (connect,) = timeline.named("tcp_connect")
    assert chain(connect) == ["tcp_connect", "tcp_v4_connect", "__x64_sys_connect"]
    assert connect.track == "thread 4711" and timeline.threads[4711, 4711] == "python3"
    (request,) = timeline.named("tcp_conn_request")
    assert request.track == "softirq CPU 1"
    assert chain(request)[-1] == "net_rx_action"
    (stored,) = timeline.named("inet_sk_state_store")
    assert stored.notes["newstate"] == "SYN_SENT" and stored.end == stored.begin + 1000
    assert said == []


def test_a_call_that_did_not_return_has_no_end():
    written = Writing().lane("__sys_connect @1 …\n  tcp_v4_connect", start=T0, tid=4711, pid=4711)
    (call,) = exported(traced(written))[0].named("__sys_connect")
    assert call.end is None and call.notes["end"] == "not seen to return"


def test_what_only_stacks_show_is_what_was_seen_with_the_functions_above():
    events = [
        *faults.called("connect", 5_000, 90_000, 0),
        faults.sent(25_000, stack=faults.STACK["connect"], tid=4711, pid=4711),
    ]
    timeline, said = exported(faults.trace([client_row(), server_row(), listener_row()], events))
    (call,) = timeline.named("__x64_sys_connect")
    assert (call.track, call.begin, call.end) == ("thread 4711", T0 + 5_000, T0 + 90_000)
    (seen,) = timeline.named("sends S", "sighting")
    assert seen.inside is call and seen.begin == T0 + 25_000
    assert seen.notes["function"] == "inet_sk_state_store"
    assert seen.notes["called by"].startswith("tcp_v4_connect < ")
    assert "have no times of their own" in said[0]


def test_in_the_order_of_a_log_no_call_has_a_time():
    written = Writing(1).lane(CONNECT, start=5, tid=4711)
    timeline, said = exported(traced(written, clock="order"))
    assert timeline.of("call") == timeline.of("sighting") == []
    assert said[0].startswith("5 calls have no times of their own")


def test_a_name_is_cleaned():
    timeline, _ = exported(handshake(comm="\x1b]0;x\x07"))
    assert timeline.processes[4711] == "\\x1b]0;x\\x07"


def test_an_owner_who_is_not_known_has_a_track():
    timeline, _ = exported(faults.trace([server_row(pid=0, comm="")]))
    assert timeline.named("c1 established")[0].track == "owner not known / connections as server"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("detail", ["path", "record"])
def test_whatever_happened_every_slice_has_its_end(fault, detail):
    trace = fault() if detail == "path" else faults.as_record(fault())
    timeline, _ = exported(trace)
    assert all(one.end is not None and one.end >= one.begin for one in timeline.slices)
    found = list(connections_of(trace, None))
    assert len({one.name.split()[0] for one in timeline.of("connection")}) == len(found)
    assert len(timeline.of("finding")) == sum(len(one.findings) for one in found)


def test_times_of_a_foreign_file_end_in_no_traceback():
    trace = handshake()
    trace.halves["t"] = 2**64 - 1
    trace.halves["comm"] = b"\xff" * 16
    assert exported(trace)[0].slices is not None
