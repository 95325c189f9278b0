import faults
from faults import as_record, codes, finding

CODE = "prohibit-route"


def test_the_errno_and_that_nothing_was_sent():
    one = finding(faults.failed_call(faults.EACCES), CODE)
    assert one.summary == "A route of type prohibit covers 203.0.113.1: connect() failed before any SYN."
    assert one.evidence[0] == "sys_exit: connect() returned -EACCES at +9.0 us"
    assert "type prohibit" in one.remedy
    assert one.confidence < 1  # the lookup was not traced


def test_the_lookup_leaves_no_doubt():
    whole = faults.failed_call(faults.EACCES)
    lookup = faults.rows.event(faults.PathKind.ROUTE, 2_000, tid=4711, code=-faults.EACCES)
    one = finding(faults.trace([whole.halves], [whole.events, lookup]), CODE)
    assert one.confidence == 1.0 and "fib_table_lookup: EACCES" in one.evidence


def test_record_detail_does_not_know_the_errno():
    assert codes(as_record(faults.failed_call(faults.EACCES))) == ["connect-failed"]


def test_look_alikes():
    assert CODE not in codes(faults.icmp_hard(faults.EACCES))
    assert CODE not in codes(faults.failed_call(faults.EPERM))
    assert CODE not in codes(faults.healthy())
