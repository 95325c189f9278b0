import faults
from faults import as_record, codes

CODE = "nat-between"


def test_each_half_names_the_other():
    client, server = faults.diagnosed(faults.translated())
    (one,), (two,) = client.findings, server.findings
    assert (one.code, two.code) == (CODE, CODE)
    assert "192.0.2.1:50164 to 192.0.2.2:8080 is 192.0.2.1:50164 to 198.51.100.1:9090 there" in one.summary
    assert one.severity == "info"


def test_record_detail():
    assert codes(as_record(faults.translated())) == [CODE]


def test_look_alikes():
    """Halves that are joined, and halves whose sequence numbers differ (a proxy)."""
    whole = faults.translated()
    whole.halves["isn"][whole.halves["side"] == 2] += 1
    assert codes(whole) == []
    assert codes(faults.healthy()) == []
