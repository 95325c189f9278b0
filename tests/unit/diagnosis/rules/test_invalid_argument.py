import pytest

import faults
from faults import codes, finding
from synscope.diagnosis.diagnose import unconnected

CODE = "invalid-argument"


@pytest.mark.parametrize(
    ("errno", "remote", "words"),
    [
        (faults.EAFNOSUPPORT, "203.0.113.1", "another family"),
        (faults.ENETUNREACH, "224.0.0.1", "no multicast"),
        (faults.ENETUNREACH, "255.255.255.255", "no broadcast"),
        (faults.EINVAL, "fe80::1", "scope id"),
    ],
)
def test_why_it_cannot_work(errno, remote, words):
    local = "::" if ":" in remote else "0.0.0.0"
    assert words in finding(faults.failed_call(errno, remote=remote, local=local), CODE).summary


def test_a_mapped_address_on_an_ipv6_only_socket():
    whole = faults.failed_call(faults.ENETUNREACH, remote="::ffff:192.0.2.1", local="::")
    assert "IPv6 only" in finding(whole, CODE).summary


def test_an_address_that_is_too_short():
    (one,) = unconnected(faults.lone_call("connect", faults.EINVAL))
    assert one.code == CODE and "at first sight" in one.evidence[1]


def test_look_alikes():
    assert CODE not in codes(faults.failed_call(faults.EINVAL))
    assert CODE not in codes(faults.failed_call(faults.ENETUNREACH))
    assert unconnected(faults.lone_call("connect", faults.EINVAL, cookie=0)) == []


def test_a_route_that_was_found_is_one_of_type_broadcast():
    whole = faults.failed_call(faults.ENETUNREACH, remote="192.0.2.255")
    lookups = [faults.rows.event(faults.PathKind.ROUTE, 2_000, tid=4711, code=code) for code in (0, -11)]
    assert codes(faults.trace([whole.halves], [whole.events, lookups[0]])) == [CODE]
    assert codes(faults.trace([whole.halves], [whole.events, lookups[1]])) == ["no-route"]
