"""Attempts of every kind on other kernels: against the processes' own reports, and tcpdump in the guest."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.pcap import Packet
from synscope.connections.model import Call, Connection, Half, Segment, SideName
from synscope.probes.registry import OBJECTS, probes_of
from vm.conftest import Part, Results

pytestmark = pytest.mark.needs_kernel

Report = dict[str, Any]
Step = tuple[str, str, str | None]

# What becomes of an attempt, by its kind in workload.py; of all others: established.
OUTCOMES = {
    "refused": "refused",
    "refused_v6": "refused",
    "no_route": "unreachable",
    "prohibited": "denied",
    "no_port": "no_local_port",
    "full_queue": "timed_out",
    "given_up": "aborted",
}
FAMILIES = {
    "v6": ("inet6", False),
    "refused_v6": ("inet6", False),
    "mapped_to_v4": ("inet6", True),
    "v4_to_dual": ("inet", True),
    "mapped_to_dual": ("inet6", True),
}
UNTOLD_IN_RECORD = {"no_route", "prohibited", "no_port"}
"""A connect() that failed before any SYN leaves no error in the socket: only its return tells."""
OWN_COOKIE = {"multipath"}
"""The process holds the MPTCP socket; the subflow is another, with a cookie of its own."""
UNSEEN_ACCEPT_IN_RECORD = {"null_address"}
"""accept() that wants no address is seen by its system call, in path detail."""
RESETS = ("R", "R.")
NO_ACK = {"fast_open", "fast_open_asked"}
"""The final ACK may bear data, or acknowledge a connection that was accepted before it came."""
ITSELF = "itself"
"""One socket on both ends: its SYN-ACK is both sent and received by it, and the final ACK is none."""

PATH = """
    inet_create inet_csk_listen_start inet_stream_connect __inet_stream_connect tcp_v4_connect tcp_connect
    __tcp_transmit_skb __ip_queue_xmit tcp_v4_rcv tcp_conn_request tcp_v4_send_synack tcp_check_req
    tcp_v4_syn_recv_sock tcp_finish_connect
""".split()  # noqa: SIM905
OPTIONS = {"mss", "wscale", "sack_ok", "timestamp"}
UNATTACHED: dict[str, set[str]] = {"6.1": set(), "6.12": set()}
"""Hooks that a kernel does not have."""


def is_of(connection: Connection, report: Report) -> bool:
    """Whether a connection is the attempt that a process reports: by cookie and port, an attempt's own."""
    client, told = connection.client, report["client"]
    if client is None:
        return False
    return (client.port or 0) == told["port"] and (
        client.cookie == told["cookie"] or report["kind"] in OWN_COOKIE
    )


def told(part: Part) -> Iterator[tuple[Report, Connection]]:
    """Each report with its connection; a test of its own says that there is one."""
    for report in part.reports:
        for connection in part.connections:
            if is_of(connection, report):
                yield report, connection


def wire(part: Part, connection: Connection) -> list[Packet]:
    """What tcpdump saw between the connection's ports."""
    assert connection.client
    ends = {connection.client.port, connection.client.peer_port}
    return [packet for packet in part.packets if set(packet.ends) == ends]


def facts(one: Packet | Segment) -> tuple[object, ...]:
    """What both tell, and the options that scapy and synscope call by the same names."""
    options = {name: value for name, value in (one.options or {}).items() if name in OPTIONS}
    return one.flags, one.seq, one.ack, one.window, options


def owner(half: Half) -> tuple[int | None, ...]:
    return half.port or 0, half.cookie, half.pid, half.tid


def expected_owner(side: Report) -> tuple[int | None, ...]:
    return side["port"], side["cookie"], side["pid"], side["tid"]


def steps(connection: Connection, side: SideName) -> list[Step]:
    """The states of a half up to ESTABLISHED or CLOSE, and what made them."""
    found = [(one.source, one.target, one.by) for one in connection.transitions if one.side == side]
    last = next((at for at, step in enumerate(found) if step[1] in ("ESTABLISHED", "CLOSE")), len(found))
    return found[: last + 1]


def functions(calls: tuple[Call, ...]) -> set[str]:
    return {call.function for call in calls}.union(*(functions(call.children) for call in calls))


def test_each_attempt_is_there_once_and_nothing_else(part: Part):
    assert len({connection.id for _, connection in told(part)}) == len(list(told(part))) == len(part.reports)
    assert len(part.connections) == len(part.reports)


def test_nothing_is_lost_and_mptcp_is_said_to_be_left_out(part: Part):
    assert part.trace.footer.lost == {}
    assert part.trace.footer.left_out == {"mptcp": 2}
    assert part.trace.footer.complete


def test_outcomes_and_errors_are_those_that_the_calls_returned(part: Part):
    for report, connection in told(part):
        kind = report["kind"]
        if part.detail == "record" and kind in UNTOLD_IN_RECORD:
            assert (connection.outcome, connection.errno) == (None, None), kind
            continue
        pending = report["errno"] == "EINPROGRESS"
        assert connection.outcome == OUTCOMES.get(kind, "established"), kind
        assert connection.errno == (None if pending else report["errno"]), kind
        assert (connection.family, connection.mapped) == FAMILIES.get(kind, ("inet", False)), kind


def test_both_halves_belong_to_whom_they_say(part: Part):
    for report, connection in told(part):
        kind = report["kind"]
        assert connection.client
        if kind in OWN_COOKIE:
            assert connection.server and connection.server.port == report["server"]["port"]
            continue
        assert owner(connection.client) == expected_owner(report["client"]), kind
        if report["server"] is None:
            assert connection.server is None or kind == "never_accepted", kind
            continue
        assert connection.server, kind
        if part.detail == "record" and kind in UNSEEN_ACCEPT_IN_RECORD:
            assert connection.server.cookie == report["server"]["cookie"]
            continue
        assert owner(connection.server) == expected_owner(report["server"]), kind


def test_who_accepted_nothing_owns_nothing(part: Part):
    (connection,) = [one for report, one in told(part) if report["kind"] == "never_accepted"]
    assert connection.server and connection.server.listener
    assert (connection.server.pid, connection.server.comm) == (None, None)


def test_syn_cookies_are_told(part: Part):
    by_cookie = {
        report["kind"]
        for report, one in told(part)
        if one.server and one.server.listener and one.server.listener.syn_cookie
    }
    assert by_cookie == {"syn_cookie"}


def test_isns_and_retransmissions_are_those_of_the_capture(part: Part):
    for report, connection in told(part):
        kind, packets = report["kind"], wire(part, connection)
        assert connection.client
        syns = [packet.seq for packet in packets if packet.flags == "S"]
        synacks = [packet.seq for packet in packets if packet.flags == "S."]
        assert len(syns) == (0 if connection.client.isn is None else 1 + connection.client.retransmits), kind
        assert set(syns) == ({connection.client.isn} - {None}), kind
        if connection.server:
            assert set(synacks) == {connection.server.isn}, kind


def test_segments_are_the_captured_ones(results: Results):
    part = results.part("path")
    for report, connection in told(part):
        kind = report["kind"]
        if kind == ITSELF:
            continue
        seen = [packet for packet in wire(part, connection) if packet.flags in ("S", "S.", "R", "R.")]
        acks = [packet for packet in wire(part, connection) if packet.flags == "."]
        if connection.outcome == "established" and kind not in NO_ACK:
            seen.append(acks[0])
        found = [facts(one) for one in connection.segments]
        if connection.outcome == "established":  # an RST at its end is seen only if a half is there still
            seen = [packet for packet in seen if packet.flags not in RESETS]
            found = [one for one in found if one[0] not in RESETS]
        assert sorted(found, key=str) == sorted(map(facts, seen), key=str), kind


def test_record_detail_infers_what_was_captured(results: Results):
    part = results.part("record")
    for report, connection in told(part):
        captured = {(one.flags, one.seq, one.ack) for one in wire(part, connection)}
        inferred = {(one.flags, one.seq, one.ack) for one in connection.segments}
        assert inferred <= captured, report["kind"]
        assert inferred or connection.client is None or connection.client.isn is None


def test_states_and_the_functions_that_made_them(part: Part):
    for report, connection in told(part):
        if not connection.server or connection.outcome != "established":
            continue
        by_path = part.detail == "path"
        version = "tcp_v6_connect" if report["kind"] == "v6" else "tcp_v4_connect"
        assert steps(connection, "client") == [
            ("CLOSE", "SYN_SENT", version if by_path else None),
            ("SYN_SENT", "ESTABLISHED", "tcp_finish_connect" if by_path else None),
        ]
        listening = [("CLOSE", "LISTEN", "inet_csk_listen_start" if by_path else None)]
        children = [("SYN_RECV", "ESTABLISHED", "tcp_rcv_state_process" if by_path else None)]
        assert steps(connection, "server") == [
            *([] if by_path and report["kind"] in OWN_COOKIE else listening),  # known when it listens already
            ("LISTEN", "SYN_RECV", "inet_csk_clone_lock" if by_path else None),
            *(children if by_path or report["kind"] != "fast_open" else []),  # its ACK is no callback
        ]


@pytest.mark.parametrize("kind", ["v4", "two_processes", "v4_to_dual", "mapped_to_v4", "null_address"])
def test_the_path_holds_what_stacks_can_show(results: Results, kind: str):
    found = [one for report, one in told(results.part("path")) if report["kind"] == kind]
    assert found
    for connection in found:
        assert not set(PATH) - functions(connection.calls)


def test_every_hook_is_attached_that_this_kernel_has(part: Part):
    hooks = part.trace.header.hooks
    expected = {probe.hook for probes in probes_of(part.detail).values() for probe in probes}
    assert {hook.name for hook in hooks} == expected
    assert {hook.name for hook in hooks if not hook.attached} == UNATTACHED[part.series] & expected


def test_the_trace_names_its_kernel(part: Part):
    assert part.trace.header.kernel.startswith(f"{part.series}.")


def test_doctor_finds_what_is_there(results: Results):
    checks = {check.name: check for check in results.checks}
    assert {probe.hook for probes in OBJECTS.values() for probe in probes} <= checks.keys()
    assert {name for name, check in checks.items() if check.status == "missing"} == UNATTACHED[results.series]
    assert {name for name, check in checks.items() if check.status == "refused"} == set()
