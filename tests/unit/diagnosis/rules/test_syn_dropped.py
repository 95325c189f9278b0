import faults
from faults import codes, finding

CODE = "syn-dropped"


def test_the_reason_in_words():
    one = finding(faults.freed_for("QDISC_DROP", "__dev_queue_xmit", "qdisc"), CODE)
    assert "the device's queueing discipline dropped it" in one.summary
    assert "tc -s qdisc" in one.remedy


def test_a_cgroups_program():
    one = finding(faults.freed_for("BPF_CGROUP_EGRESS", "__dev_queue_xmit", "qdisc"), CODE)
    assert "bpftool cgroup tree" in one.remedy


def test_a_reason_that_says_nothing_is_told_by_its_function():
    one = finding(faults.freed_for("NOT_SPECIFIED", "ip_error", "router", faults.ROUTER_NETNS), CODE)
    assert "blackhole" in one.summary


def test_reasons_with_a_code_of_their_own():
    for reason in ("NETFILTER_DROP", "IP_RPFILTER", "NEIGH_FAILED", "PROTO_MEM"):
        assert CODE not in codes(faults.freed_for(reason, "ip_rcv_finish_core", "ip_rcv_finish"))


def test_one_of_several_copies():
    """A bridge floods: a copy is freed, and the SYN arrives all the same."""
    whole = faults.freed_for("QDISC_DROP", "__dev_queue_xmit", "qdisc", remote="192.0.2.7")
    late = faults.received(40_000, netns=faults.OTHER_NETNS)
    assert CODE not in codes(faults.trace([whole.halves], [whole.events, late]))


def test_with_an_icmp_error_that_is_the_finding():
    noted = {"sk_err_soft": faults.ENETUNREACH}
    assert CODE not in codes(faults.freed_for("IP_INNOROUTES", "ip_error", "router", **noted))
