import faults
from faults import codes, finding

CODE = "connect-interrupted"


def test_called_again():
    one = finding(faults.interrupted(), CODE)
    assert "connect() was called again" in one.summary
    assert one.evidence == ("sys_exit: connect() returned -ERESTARTSYS at +200 ms",)
    assert one.severity == "info"


def test_not_called_again():
    whole = faults.healthy()
    events = faults.called("connect", 0, 20_000, -faults.ERESTARTSYS)
    assert "went on without it" in finding(faults.trace([whole.halves], events), CODE).summary


def test_look_alikes():
    whole = faults.healthy()
    events = faults.called("connect", 0, 20_000, -faults.EINPROGRESS)
    assert codes(faults.trace([whole.halves], events)) == []
    assert CODE not in codes(faults.lost())
