import faults
from faults import codes, finding

CODE = "slow-neighbour"


def test_the_answer_let_it_go():
    one = finding(faults.slow_neighbour(), CODE)
    assert one.summary == "The SYN waited 300 ms for the next hop's link address."
    assert "neigh_update" in one.evidence[1] or "arp_rcv" in one.evidence[1]


def test_a_quick_answer_is_healthy():
    whole = faults.slow_neighbour()
    whole.events["t"][:] = faults.T0 + 20_300
    assert codes(faults.trace([faults.healthy().halves], [whole.events[:1]])) == []


def test_what_else_held_the_syn_is_not_claimed():
    whole = faults.slow_neighbour()
    whole.events["stack"] = faults.STACK["connect"]
    assert codes(whole) == []


def test_look_alikes():
    for other in (faults.resent, faults.healthy, faults.neighbour_failed):
        assert CODE not in codes(other())


def test_a_second_syn_did_not_wait_since_the_first():
    """The first was dropped; the second left when its neighbour had answered."""
    whole = faults.slow_neighbour()
    drop = faults.freed(21_000, "NETFILTER_DROP", "nft_do_chain", "output")
    assert CODE not in codes(faults.trace([whole.halves], [drop, whole.events]))
