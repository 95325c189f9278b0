import faults
from faults import as_record, codes, finding

CODE = "local-port-conflict"


def test_the_port_and_who_had_it():
    one = finding(faults.port_taken(), CODE)
    assert one.summary.startswith("Local port 4321 to 127.0.0.1:8080 is taken")
    assert "python3[4711] connected from port 4321 to 127.0.0.1:8080 before" in one.evidence


def test_look_alikes():
    for other in (faults.no_port, faults.healthy):
        assert CODE not in codes(other())


def test_record_detail_does_not_know():
    assert codes(as_record(faults.port_taken())) == ["connect-failed"]
