import faults
from faults import as_record, codes, finding
from synscope.diagnosis.diagnose import unconnected

CODE = "ephemeral-ports-exhausted"


def test_the_range_and_who_uses_it():
    one = finding(faults.no_port(), CODE)
    assert "net.ipv4.ip_local_port_range is 32768 60999" in one.evidence
    assert "1 other local ports of this trace go to the same place" in one.evidence
    assert "sys_exit: connect() returned -EADDRNOTAVAIL at +9.0 us" in one.evidence


def test_the_range_of_another_namespace_is_not_told():
    whole = faults.no_port()
    whole.header.netns = faults.OTHER_NETNS
    assert not any("port_range is" in line for line in finding(whole, CODE).evidence)


def test_look_alikes():
    for other in (faults.port_taken, faults.healthy):
        assert CODE not in codes(other())
    assert CODE not in codes(faults.failed_call(faults.EADDRNOTAVAIL))


def test_record_detail_does_not_know():
    assert codes(as_record(faults.no_port())) == ["connect-failed"]


def bound_to(port):
    whole = faults.lone_call("bind", faults.EADDRINUSE)
    whole.events["header_len"] = 2
    whole.events["header"] = port.to_bytes(2, "big").ljust(60, b"\0")
    return [one.code for one in unconnected(whole)]


def test_bind_to_any_port():
    assert bound_to(0) == [CODE]
    assert bound_to(8080) == ["address-in-use"]
