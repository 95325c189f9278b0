import faults
from faults import as_record, codes, finding

CODE = "no-route"


def test_the_errno_and_that_nothing_was_sent():
    one = finding(faults.failed_call(faults.ENETUNREACH), CODE)
    assert one.summary == "There is no route to 203.0.113.1: connect() failed before any SYN."
    assert "sys_exit: connect() returned -ENETUNREACH at +9.0 us" in one.evidence
    assert "`nsenter -t 4711 -n ip route get 203.0.113.1`" in one.remedy
    assert one.conn_state is None


def test_look_alikes():
    for remote in ("224.0.0.1", "255.255.255.255"):
        assert CODE not in codes(faults.failed_call(faults.ENETUNREACH, remote=remote))
    for errno in (faults.EHOSTUNREACH, faults.EACCES, faults.EINVAL):
        assert CODE not in codes(faults.failed_call(errno))
    assert CODE not in codes(faults.icmp_hard(faults.ENETUNREACH))


def test_record_detail_does_not_know_the_errno():
    assert codes(as_record(faults.failed_call(faults.ENETUNREACH))) == ["connect-failed"]


def test_a_given_source_leaves_a_doubt_where_lookups_are_not_traced():
    times = {"socket": -20_000, "bind": -10_000, "connect": 0}
    whole = faults.failed_call(faults.ENETUNREACH, local="203.0.113.77", lport=5, t=times)
    assert finding(whole, CODE).confidence < 1
    lookup = faults.rows.event(faults.PathKind.ROUTE, 2_000, tid=4711, code=-11)
    asked = finding(faults.trace([whole.halves], [whole.events, lookup]), CODE)
    assert asked.confidence == 1.0 and "no such route in any table" in asked.evidence[1]
