import faults
from faults import as_record, codes, finding

CODE = "connect-failed"


def test_record_detail_does_not_know_why():
    one = finding(as_record(faults.failed_call(faults.ENETUNREACH)), CODE)
    assert "record detail does not know why" in one.summary
    assert "--detail path" in one.remedy and one.confidence < 1


def test_an_errno_without_a_finding_of_its_own():
    one = finding(faults.failed_call(19), CODE)
    assert "(ENODEV)" in one.summary and one.error_type == "_OTHER"


def test_only_where_nothing_else_is_known():
    for errno in (faults.ENETUNREACH, faults.EPERM, faults.EINVAL, faults.ENOBUFS):
        assert CODE not in codes(faults.failed_call(errno))
    assert CODE not in codes(faults.lost())


def test_a_socket_that_is_still_open_has_not_failed():
    row = faults.before_syn(0, fate=0)
    assert codes(as_record(faults.trace([row]))) == []
