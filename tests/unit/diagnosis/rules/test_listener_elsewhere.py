import faults
from faults import as_record, codes, finding

CODE = "listener-elsewhere"


def refused_with(**listener):
    whole = faults.no_listener()
    return faults.trace([faults.listener_row(**listener), whole.halves], [whole.events])


def test_in_another_namespace():
    one = finding(refused_with(netns=faults.OTHER_NETNS, local="0.0.0.0"), CODE)
    assert f"in another network namespace ({faults.OTHER_NETNS})" in one.summary
    assert (one.severity, one.confidence) == ("info", 0.7)


def test_on_another_address():
    one = finding(refused_with(local="192.0.2.9"), CODE)
    assert "on another address (192.0.2.9:8080)" in one.summary
    assert "python3[4710] listens on 192.0.2.9:8080" in one.evidence[0]


def test_it_stands_behind_the_cause():
    assert codes(refused_with(local="192.0.2.9")) == ["refused-no-listener", CODE]


def test_other_ports_and_closed_listeners_do_not_count():
    assert CODE not in codes(refused_with(lport=9999, local="192.0.2.9"))
    closed = {"listen": -9_000, "closed": -5_000}
    assert CODE not in codes(refused_with(local="192.0.2.9", t=closed))


def test_look_alikes():
    assert CODE not in codes(faults.rejected_with_reset())
    assert CODE not in codes(faults.healthy())


def test_record_detail():
    """Where the SYN was freed is not known; where it was, no listener took it."""
    one = finding(as_record(refused_with(netns=faults.OTHER_NETNS, local="0.0.0.0")), CODE)
    assert f"{faults.OTHER_NETNS}" in one.summary
    far = faults.trace(
        [faults.listener_row(netns=faults.OTHER_NETNS, local="0.0.0.0"), faults.refused_from_afar().halves],
        [faults.refused_from_afar().events],
    )
    assert "in another network namespace" in finding(as_record(far), CODE).summary
