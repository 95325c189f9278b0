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


def test_a_signal_that_ended_the_process():
    whole = faults.trace(
        [faults.failed(201 * faults.MS, "owner")],
        faults.called("connect", 0, 200 * faults.MS, -faults.ERESTARTSYS),
    )
    assert CODE in codes(whole)
    whole.footer.stacks[faults.STACK["owner"]].append("do_exit+0x1")
    assert CODE not in codes(whole)
