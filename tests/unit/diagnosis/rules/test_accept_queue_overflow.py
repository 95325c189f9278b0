import faults
from faults import as_record, codes, finding

CODE = "accept-queue-overflow"


def test_the_queue_is_counted_from_the_listeners_children():
    one = finding(faults.accept_queue_full(), CODE)
    assert one.summary == (
        "The accept queue of python3[4710] on 127.0.0.1:8080 was full (2, limit 1): the SYN was ignored."
    )
    assert "netif_receive_skb: the SYN came at +30 us" in one.evidence[0]
    assert one.evidence[1] == "2 connections waited for accept() then; sk_max_ack_backlog is 1"
    assert one.evidence[2] == "the same at 2 SYNs"
    assert one.confidence == 1.0


def test_the_remedy_knows_which_limit_it_was():
    assert "net.core.somaxconn allows 4096" in finding(faults.accept_queue_full(), CODE).remedy
    whole = faults.accept_queue_full()
    whole.header.sysctls["net.core.somaxconn"] = "1"
    assert "capped by net.core.somaxconn=1" in finding(whole, CODE).remedy
    whole.header.netns = faults.OTHER_NETNS  # the tracer's settings are another namespace's
    assert "up to net.core.somaxconn" in finding(whole, CODE).remedy


def test_a_queue_at_its_limit_has_room_for_one_more():
    halves = [faults.listener_row(backlog_max=2), *faults.waiting_children(2)]
    halves.append(faults.given_up(1_300 * faults.MS, syn_retransmits=1))
    assert codes(faults.trace(halves, faults.ignored_syns()))[0] == "syn-ignored"


def test_children_that_were_accepted_do_not_count():
    children = faults.waiting_children(2, until=-1_000)
    client = faults.given_up(faults.SECOND, syn_retransmits=1)
    halves = [faults.listener_row(backlog_max=1), *children, client]
    assert CODE not in codes(faults.trace(halves, faults.ignored_syns()))


def test_record_detail_says_what_it_does_not_see():
    one = finding(as_record(faults.accept_queue_full()), CODE)
    assert one.confidence < 1 and "record detail" in one.doubts[0]


def test_look_alikes():
    for other in (faults.unknown_queue, faults.syn_queue_full, faults.lost, faults.accepted_late):
        assert CODE not in codes(other())
    assert CODE not in codes(faults.dropped("input"))
