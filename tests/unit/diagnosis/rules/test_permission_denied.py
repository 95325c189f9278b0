import faults
from faults import codes
from synscope.diagnosis.diagnose import unconnected

CODE = "permission-denied"


def test_a_privileged_port():
    begun, ended = faults.called("bind", 0, 1_000, -faults.EACCES, 77)
    ended["header"], ended["header_len"] = (80).to_bytes(2, "big").ljust(60, b"\0"), 2
    (one,) = unconnected(faults.trace([], [begun, ended]))
    assert one.code == CODE and one.summary.endswith("to port 80 was refused: the port is privileged.")
    assert "CAP_NET_BIND_SERVICE" in one.remedy and one.confidence == 1.0


def test_bind_whose_hook_did_not_run():
    (one,) = unconnected(faults.lone_call("bind", faults.EACCES))
    assert one.code == CODE and "security module" in one.summary and one.confidence < 1


def test_connect_before_its_hook():
    (one,) = unconnected(faults.lone_call("connect", faults.EACCES))
    assert one.code == CODE and "security module" in one.summary


def test_look_alikes():
    assert unconnected(faults.lone_call("socket", faults.EACCES)) == []
    assert CODE not in codes(faults.failed_call(faults.EACCES))  # prohibit-route
