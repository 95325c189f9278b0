import faults
from faults import as_record, codes, finding, told

CODE = "slow-retransmission"


def test_the_syn():
    one = finding(faults.resent(), CODE)
    assert one.summary == "Established after 1.000 s: 1 SYN had to be sent again."
    assert one.evidence == ("SYN sent again at +1.000 s",)


def test_the_cause_comes_first():
    whole = faults.resent()
    drop = faults.freed(22_000, "NETFILTER_DROP", "nft_do_chain", "output")
    whole = faults.trace([whole.halves], [drop, faults.sent(faults.SECOND)])
    assert codes(whole) == ["syn-dropped-output", CODE]
    assert told(whole).findings[0].severity == "warning"


def test_an_old_connection_took_the_syn():
    """The reason as 6.18 gives it, in scenario slow-half-open."""
    whole = faults.resent()
    drop = faults.freed(22_000, "TCP_INVALID_SYN", "tcp_v4_do_rcv", "input", netns=faults.OTHER_NETNS)
    one = finding(faults.trace([whole.halves], [faults.sent(21_000), drop, faults.sent(faults.SECOND)]), CODE)
    assert one.summary.endswith(
        "the server still had an old connection from the same port, which had to be reset first."
    )
    assert one.evidence[0].startswith("kfree_skb: SYN freed, TCP_INVALID_SYN in tcp_v4_do_rcv")


def test_record_detail():
    assert codes(as_record(faults.resent())) == [CODE]


def test_look_alikes():
    for other in (faults.healthy, faults.slow_neighbour, faults.accepted_late, faults.lost):
        assert CODE not in codes(other())
