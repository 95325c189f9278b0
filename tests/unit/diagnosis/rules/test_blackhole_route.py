import faults
from faults import as_record, codes, finding

CODE = "blackhole-route"


def test_the_errno_and_that_nothing_was_sent():
    one = finding(faults.failed_call(faults.EINVAL), CODE)
    assert one.summary == "A route of type blackhole covers 203.0.113.1: connect() failed before any SYN."
    assert one.evidence[0] == "sys_exit: connect() returned -EINVAL at +9.0 us"
    assert "type blackhole" in one.remedy
    assert one.confidence < 1  # the lookup was not traced


def test_the_lookup_leaves_no_doubt():
    whole = faults.failed_call(faults.EINVAL)
    lookup = faults.rows.event(faults.PathKind.ROUTE, 2_000, tid=4711, code=-faults.EINVAL)
    one = finding(faults.trace([whole.halves], [whole.events, lookup]), CODE)
    assert one.confidence == 1.0 and "fib_table_lookup: EINVAL" in one.evidence


def test_record_detail_does_not_know_the_errno():
    assert codes(as_record(faults.failed_call(faults.EINVAL))) == ["connect-failed"]


def test_a_bound_source_may_be_the_reason_instead():
    times = {"socket": -20_000, "bind": -10_000, "connect": 0}
    whole = faults.failed_call(faults.EINVAL, local="203.0.113.77", lport=5, t=times)
    assert CODE not in codes(whole)


def test_look_alikes():
    assert CODE not in codes(faults.failed_call(faults.EINVAL, remote="fe80::1", local="::"))
    assert CODE not in codes(faults.failed_call(faults.EAFNOSUPPORT))
    assert CODE not in codes(faults.healthy())


def test_where_no_table_was_asked_it_is_no_route():
    assert codes(faults.with_routes_traced(faults.failed_call(faults.EINVAL))) == ["connect-failed"]
