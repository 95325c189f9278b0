import faults
from faults import codes, finding
from synscope.diagnosis.diagnose import unconnected

CODE = "foreign-source-address"


BOUND = {"local": "203.0.113.77", "lport": 5, "t": {"socket": -20_000, "bind": -10_000, "connect": 0}}


def test_bind():
    (one,) = unconnected(faults.lone_call("bind", faults.EADDRNOTAVAIL))
    assert one.code == CODE and "ip addr" in one.remedy


def test_a_source_that_is_gone():
    one = finding(faults.failed_call(faults.EINVAL, **BOUND), CODE)
    assert "The source address 203.0.113.77 is not the host's" in one.summary
    assert one.confidence < 1


def test_where_no_table_was_asked_it_is_sure():
    for errno in (faults.EINVAL, faults.ENETUNREACH):
        whole = faults.with_routes_traced(faults.failed_call(errno, **BOUND))
        assert codes(whole) == [CODE]
        assert finding(whole, CODE).confidence == 1.0


def test_no_source_of_the_right_scope():
    one = finding(faults.failed_call(faults.EADDRNOTAVAIL), CODE)
    assert one.summary.startswith("There is no source address for 203.0.113.1")


def test_a_lookup_that_failed_is_a_blackhole():
    whole = faults.failed_call(faults.EINVAL, **BOUND)
    lookup = faults.rows.event(faults.PathKind.ROUTE, 2_000, tid=4711, code=-faults.EINVAL)
    assert codes(faults.trace([whole.halves], [whole.events, lookup])) == ["blackhole-route"]


def test_look_alikes():
    for other in (faults.no_port, faults.port_taken, faults.healthy):
        assert CODE not in codes(other())
    assert CODE not in codes(faults.failed_call(faults.EINVAL))
