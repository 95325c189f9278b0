import faults
from faults import codes, finding
from synscope.diagnosis.diagnose import unconnected

CODE = "memory-limit"


def test_connect():
    one = finding(faults.failed_call(faults.ENOBUFS), CODE)
    assert "(ENOBUFS)" in one.summary and "tcp_mem" in one.remedy


def test_a_segment_freed_for_it():
    one = finding(faults.freed_for("PROTO_MEM", "tcp_v4_rcv", "tcp_v4_rcv"), CODE)
    assert "PROTO_MEM in tcp_v4_rcv" in one.evidence[0]


def test_socket():
    (one,) = unconnected(faults.lone_call("socket", faults.ENOBUFS))
    assert one.code == CODE


def test_look_alikes():
    for other in (faults.no_descriptor, faults.accept_queue_full, faults.healthy):
        assert CODE not in codes(other())
