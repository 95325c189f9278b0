import faults
from faults import as_record, codes, finding

CODE = "unreachable-route"


def test_the_errno_and_that_nothing_was_sent():
    one = finding(faults.failed_call(faults.EHOSTUNREACH), CODE)
    assert one.summary == "A route of type unreachable covers 203.0.113.1: connect() failed before any SYN."
    assert one.evidence[0] == "sys_exit: connect() returned -EHOSTUNREACH at +9.0 us"
    assert "type unreachable" in one.remedy
    assert one.confidence < 1  # the lookup was not traced


def test_the_lookup_leaves_no_doubt():
    whole = faults.failed_call(faults.EHOSTUNREACH)
    lookup = faults.rows.event(faults.PathKind.ROUTE, 2_000, tid=4711, code=-faults.EHOSTUNREACH)
    one = finding(faults.trace([whole.halves], [whole.events, lookup]), CODE)
    assert one.confidence == 1.0 and "fib_table_lookup: EHOSTUNREACH" in one.evidence


def test_record_detail_does_not_know_the_errno():
    assert codes(as_record(faults.failed_call(faults.EHOSTUNREACH))) == ["connect-failed"]


def test_look_alikes():
    for other in (faults.icmp_hard, faults.neighbour_failed, faults.healthy):
        assert CODE not in codes(other())
    assert CODE not in codes(faults.failed_call(faults.ENETUNREACH))
