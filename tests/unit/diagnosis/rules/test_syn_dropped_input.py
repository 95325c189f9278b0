import faults
from faults import as_record, codes, finding

CODE = "syn-dropped-input"


def test_the_stack_names_the_hook():
    one = finding(faults.dropped("input"), CODE)
    assert "INPUT at the server's end, 2 times" in one.summary
    assert one.evidence[0] == "kfree_skb: SYN freed, NETFILTER_DROP in nft_do_chain at +31 us"
    assert one.evidence[1].startswith("stack: nft_do_chain < nft_do_chain_inet < nf_hook_slow < ")
    assert (one.severity, one.confidence) == ("error", 1.0)


def test_until_tcp_gave_up():
    assert codes(faults.timed_out()) == [CODE]


def test_the_listeners_process_leads_to_the_rules():
    whole = faults.dropped("input")
    one = finding(faults.trace([faults.listener_row(pid=99), whole.halves], [whole.events]), CODE)
    assert "`nsenter -t 99 -n nft list ruleset`" in one.remedy


def test_record_detail_does_not_claim_it():
    assert CODE not in codes(as_record(faults.dropped("input")))


def test_look_alikes():
    for hook in ("output", "forward", "prerouting"):
        assert CODE not in codes(faults.dropped(hook))
    for other in (faults.rejected_with_reset, faults.port_unreachable, faults.no_listener, faults.lost):
        assert CODE not in codes(other())
