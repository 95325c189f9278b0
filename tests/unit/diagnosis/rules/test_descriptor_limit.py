import faults
from faults import codes, finding
from synscope.diagnosis.diagnose import unconnected

CODE = "descriptor-limit"


def test_accept_while_the_connection_waits():
    one = finding(faults.no_descriptor(), CODE)
    assert one.summary.startswith("accept() of python3[4710] failed (EMFILE)")
    assert "prlimit" in one.remedy
    assert unconnected(faults.no_descriptor()) == []  # told of the connection


def test_socket():
    (one,) = unconnected(faults.lone_call("socket", faults.EMFILE))
    assert one.code == CODE and "RLIMIT" not in one.summary


def test_accept_with_nobody_waiting():
    (one,) = unconnected(faults.lone_call("accept4", faults.EMFILE))
    assert one.code == CODE


def test_look_alikes():
    for other in (faults.accepted_late, faults.healthy, faults.accept_queue_full):
        assert CODE not in codes(other())
