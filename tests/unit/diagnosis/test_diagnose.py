"""The right cause first, for each fault, in both details: a confusion matrix in small."""

import pytest

import faults
import samples
from faults import as_record, codes, lossy, told
from synscope.diagnosis.diagnose import Diagnosed, diagnosed, unconnected
from synscope.diagnosis.registry import all_rules

EXPECTED = {
    "no listener": (faults.no_listener, ["refused-no-listener"], ["refused-no-listener"]),
    "refused from afar": (faults.refused_from_afar, ["refused-no-listener"], ["refused-no-listener"]),
    "rejected, RST": (faults.rejected_with_reset, ["refused-by-firewall"], ["refused-by-firewall"]),
    "rejected, ICMP": (faults.port_unreachable, ["refused-by-firewall"], ["refused-by-firewall"]),
    "rejected, ICMP read": (
        faults.port_unreachable_read,
        ["refused-by-firewall", "gave-up"],
        ["refused-by-firewall", "gave-up"],
    ),
    "OUTPUT": (
        lambda: faults.dropped("output"),
        ["syn-dropped-output", "gave-up"],
        ["syn-dropped-netfilter", "gave-up"],
    ),
    "INPUT": (
        lambda: faults.dropped("input"),
        ["syn-dropped-input", "gave-up"],
        ["syn-dropped-netfilter", "gave-up"],
    ),
    "FORWARD": (
        lambda: faults.dropped("forward", faults.ROUTER_NETNS),
        ["syn-dropped-forward", "gave-up"],
        ["syn-dropped-netfilter", "gave-up"],
    ),
    "PREROUTING": (
        lambda: faults.dropped("prerouting"),
        ["syn-dropped-netfilter", "gave-up"],
        ["syn-dropped-netfilter", "gave-up"],
    ),
    "INPUT, timeout": (faults.timed_out, ["syn-dropped-input"], ["syn-dropped-netfilter"]),
    "reverse path": (
        lambda: faults.freed_for("IP_RPFILTER", "ip_rcv_finish_core", "ip_rcv_finish", faults.OTHER_NETNS),
        ["reverse-path-filter", "gave-up"],
        ["reverse-path-filter", "gave-up"],
    ),
    "qdisc": (
        lambda: faults.freed_for("QDISC_DROP", "__dev_queue_xmit", "qdisc"),
        ["syn-dropped", "gave-up"],
        ["syn-dropped", "gave-up"],
    ),
    "router without route": (
        lambda: faults.freed_for(
            "IP_INNOROUTES", "ip_error", "router", faults.ROUTER_NETNS, sk_err_soft=faults.ENETUNREACH
        ),
        ["icmp-unreachable", "gave-up"],
        ["icmp-unreachable", "gave-up"],
    ),
    "no memory": (
        lambda: faults.freed_for("PROTO_MEM", "tcp_v4_rcv", "tcp_v4_rcv"),
        ["memory-limit", "gave-up"],
        ["memory-limit", "gave-up"],
    ),
    "neighbour failed": (faults.neighbour_failed, ["neighbour-unresolved"], ["neighbour-unresolved"]),
    "neighbour awaited": (
        faults.neighbour_awaited,
        ["neighbour-unresolved", "gave-up"],
        ["syn-lost", "gave-up"],
    ),
    "lost": (faults.lost, ["syn-lost", "gave-up"], ["syn-lost", "gave-up"]),
    "user timeout": (faults.user_timeout, ["syn-lost", "user-timeout"], ["syn-lost", "user-timeout"]),
    "accept queue": (
        faults.accept_queue_full,
        ["accept-queue-overflow", "gave-up"],
        ["accept-queue-overflow", "gave-up"],
    ),
    "SYN queue": (faults.syn_queue_full, ["syn-queue-full", "gave-up"], ["syn-queue-full", "gave-up"]),
    "unknown queue": (faults.unknown_queue, ["syn-ignored", "gave-up"], ["syn-lost", "gave-up"]),
    "SYN-ACK, OUTPUT": (
        lambda: faults.answer_dropped("answer out"),
        ["synack-dropped", "gave-up"],
        ["synack-dropped", "gave-up"],
    ),
    "SYN-ACK, INPUT": (
        lambda: faults.answer_dropped("input"),
        ["synack-dropped", "gave-up"],
        ["synack-dropped", "gave-up"],
    ),
    "SYN-ACK lost": (faults.answer_lost, ["synack-lost", "gave-up"], ["synack-lost", "gave-up"]),
    "nobody finishes": (faults.nobody_finishes, ["synack-lost"], ["synack-lost"]),
    "ACK dropped": (
        lambda: faults.ack_freed("NETFILTER_DROP", "output"),
        ["final-ack-lost", "slow-retransmission"],
        ["final-ack-lost", "slow-retransmission"],
    ),
    "ACK, queue full": (
        lambda: faults.ack_freed("TCP_LISTEN_OVERFLOW", "tcp_v4_rcv", "tcp_v4_rcv"),
        ["accept-queue-overflow-ack", "slow-retransmission"],
        ["accept-queue-overflow-ack", "slow-retransmission"],
    ),
    "SYN cookie": (faults.syn_cookie, ["syn-cookies"], ["syn-cookies"]),
    "accepted late": (faults.accepted_late, ["slow-accept"], ["slow-accept"]),
    "listener closed": (faults.listener_closed, ["listener-closed"], []),
    "request reset": (faults.reset_request, ["reset-during-handshake"], ["reset-during-handshake"]),
    "ICMP, hard": (faults.icmp_hard, ["icmp-unreachable"], ["icmp-unreachable"]),
    "ICMP, soft": (faults.icmp_soft, ["icmp-soft-error"], ["icmp-unreachable"]),
    "no route": (lambda: faults.failed_call(faults.ENETUNREACH), ["no-route"], ["connect-failed"]),
    "unreachable": (
        lambda: faults.failed_call(faults.EHOSTUNREACH),
        ["unreachable-route"],
        ["connect-failed"],
    ),
    "prohibit": (lambda: faults.failed_call(faults.EACCES), ["prohibit-route"], ["connect-failed"]),
    "blackhole": (lambda: faults.failed_call(faults.EINVAL), ["blackhole-route"], ["connect-failed"]),
    "denied": (lambda: faults.failed_call(faults.EPERM), ["denied-by-policy"], ["connect-failed"]),
    "no memory at once": (lambda: faults.failed_call(faults.ENOBUFS), ["memory-limit"], ["connect-failed"]),
    "family": (lambda: faults.failed_call(faults.EAFNOSUPPORT), ["invalid-argument"], ["connect-failed"]),
    "multicast": (
        lambda: faults.failed_call(faults.ENETUNREACH, remote="224.0.0.1"),
        ["invalid-argument"],
        ["connect-failed"],
    ),
    "no port": (faults.no_port, ["ephemeral-ports-exhausted"], ["connect-failed"]),
    "port taken": (faults.port_taken, ["local-port-conflict"], ["connect-failed"]),
    "itself": (faults.connects_to_itself, ["self-connect"], ["self-connect"]),
    "both connect": (faults.both_connect, ["simultaneous-open"], ["simultaneous-open"]),
    "MSS": (faults.clamped, ["options-altered"], []),
    "NAT": (faults.translated, ["nat-between"], ["nat-between"]),
    "Fast Open": (lambda: faults.fast_open("8877665544332211", taken=False), ["fastopen-refused"], []),
    "sent again": (faults.resent, ["slow-retransmission"], ["slow-retransmission"]),
    "slow neighbour": (faults.slow_neighbour, ["slow-neighbour"], []),
    "interrupted": (faults.interrupted, ["connect-interrupted"], []),
    "no descriptor": (faults.no_descriptor, ["descriptor-limit", "slow-accept"], []),
}


@pytest.mark.parametrize("fault", EXPECTED)
def test_path_detail(fault):
    make, expected, _ = EXPECTED[fault]
    assert codes(make()) == expected


@pytest.mark.parametrize("fault", EXPECTED)
def test_record_detail(fault):
    make, _, expected = EXPECTED[fault]
    assert codes(as_record(make())) == expected


HEALTHY = {
    "plain": faults.healthy,
    "MSS as it left": lambda: faults.clamped(1460),
    "Fast Open": lambda: faults.fast_open("8877665544332211", taken=True),
    "a burst, accepted in order": faults.burst,
    "accepted after 100 ms": lambda: faults.accepted_late(100 * faults.MS),
    "client alone": lambda: faults.trace([faults.client_row()]),
    "server alone": lambda: faults.trace([faults.listener_row(), faults.server_row()]),
    "nobody": lambda: faults.trace([]),
}


@pytest.mark.parametrize("kind", HEALTHY)
@pytest.mark.parametrize("seen", [lambda whole: whole, as_record, lossy], ids=["path", "record", "lossy"])
def test_the_healthy_have_none(kind, seen):
    whole = seen(HEALTHY[kind]())
    assert [one.id for one in diagnosed(whole) if one.findings] == []
    assert unconnected(whole) == []


@pytest.mark.parametrize("sample", ["healthy", "record", "server-only", "client-only", "inet6", "mapped"])
def test_samples_without_a_trace_are_healthy_too(sample):
    (one,) = Diagnosed([samples.SAMPLES[sample]()], samples.trace())
    assert one.findings == ()


@pytest.mark.parametrize("fault", EXPECTED)
def test_losses_lower_the_confidence_and_are_said(fault):
    make, expected, _ = EXPECTED[fault]
    before = {one.code: one for one in told(make()).findings}
    after = {one.code: one for one in told(lossy(make())).findings}
    assert (set(after) == set(expected)) or fault == "neighbour awaited"
    for code in set(before) & set(after):
        assert after[code].confidence < before[code].confidence
        assert "lost records" in after[code].doubts[-1]


@pytest.mark.parametrize("fault", EXPECTED)
def test_a_finding_can_be_acted_on(fault):
    make, _, _ = EXPECTED[fault]
    for one in (*told(make()).findings, *told(as_record(make())).findings):
        assert one.summary.endswith(".") and one.remedy.endswith(".")
        assert (one.evidence and one.counter_evidence) or one.code == "connect-failed"
        assert 0 < one.confidence <= 1
        assert (one.confidence < 1) == bool(one.doubts)
        assert "None" not in " ".join((one.summary, *one.evidence, one.remedy))
        assert "  " not in one.summary


def test_every_rule_is_proven_by_a_fault_here_or_by_a_call():
    of_calls = {"address-in-use", "foreign-source-address", "permission-denied", "listener-elsewhere"}
    of_no_kernel = {"illegal-segment", "illegal-transition"}
    shown = {code for _, path, record in EXPECTED.values() for code in (*path, *record)}
    assert {rule.CODE for rule in all_rules()} - shown == of_calls | of_no_kernel


def test_both_of_two_causes_are_said():
    """The SYN-ACK was dropped at first, then the ACK met a full queue."""
    whole = faults.ack_freed("TCP_LISTEN_OVERFLOW", "tcp_v4_rcv", "tcp_v4_rcv")
    first = faults.freed(52_000, "NETFILTER_DROP", "nft_do_chain", "answer out", 0x12)
    found = codes(faults.trace([whole.halves], [whole.events, first]))
    assert found[:2] == ["accept-queue-overflow-ack", "synack-dropped"]


def test_each_connection_is_judged_by_itself():
    halves = [faults.no_listener().halves, faults.client_row(cookie=8, lport=50999, isn=77, peer_isn=78)]
    refused, healthy = diagnosed(faults.trace(halves, [faults.no_listener().events]))
    assert [one.code for one in refused.findings] == ["refused-no-listener"]
    assert healthy.findings == ()


def test_a_slice_is_diagnosed_too():
    every = diagnosed(faults.no_listener())
    assert [len(one.findings) for one in every[:1]] == [1]
    assert every[0].findings and len(every) == 1
