import faults
from faults import as_record, codes, finding

CODE = "syn-dropped-forward"


def test_the_stack_names_the_hook():
    one = finding(faults.dropped("forward"), CODE)
    assert "FORWARD on a router or bridge between, 2 times" in one.summary
    assert one.evidence[0] == "kfree_skb: SYN freed, NETFILTER_DROP in nft_do_chain at +31 us"
    assert one.evidence[1].startswith("stack: nft_do_chain < nft_do_chain_inet < nf_hook_slow < ")
    assert (one.severity, one.confidence) == ("error", 1.0)


def test_the_routers_namespace_is_named():
    one = finding(faults.dropped("forward", faults.ROUTER_NETNS), CODE)
    assert f"in network namespace {faults.ROUTER_NETNS}" in one.evidence


def test_record_detail_does_not_claim_it():
    assert CODE not in codes(as_record(faults.dropped("forward")))


def test_look_alikes():
    for hook in ("output", "input", "prerouting"):
        assert CODE not in codes(faults.dropped(hook))
    for other in (faults.rejected_with_reset, faults.port_unreachable, faults.no_listener, faults.lost):
        assert CODE not in codes(other())
