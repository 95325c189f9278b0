import faults
from faults import codes, finding
from synscope.diagnosis.diagnose import unconnected

CODE = "address-in-use"


def test_bind_and_listen():
    for name in ("bind", "listen"):
        (one,) = unconnected(faults.lone_call(name, faults.EADDRINUSE))
        assert (one.code, one.severity) == (CODE, "error")
        assert one.evidence == (f"sys_exit: {name}() returned -EADDRINUSE",)


def test_connect():
    assert finding(faults.failed_call(faults.EADDRINUSE), CODE).error_type == "address_already_in_use"


def test_other_sockets_than_tcps_do_not_count():
    assert unconnected(faults.lone_call("bind", faults.EADDRINUSE, cookie=0)) == []


def test_look_alikes():
    (other,) = unconnected(faults.lone_call("bind", faults.EADDRNOTAVAIL))
    assert other.code != CODE
    for fault in (faults.port_taken, faults.no_port, faults.healthy):
        assert CODE not in codes(fault())
