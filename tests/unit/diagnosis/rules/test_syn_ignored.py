import faults
from faults import as_record, codes, finding

CODE = "syn-ignored"


def test_it_arrived_and_nothing_came_of_it():
    one = finding(faults.unknown_queue(), CODE)
    assert "netif_receive_skb" in one.evidence[0]
    assert one.confidence < 1 and "not known" in one.doubts[0]
    assert "ss -ltn" in one.remedy


def listened(since):
    whole = faults.unknown_queue()
    listener = faults.listener_row(t={"listen": since} if since else {})
    return finding(faults.trace([listener, whole.halves], [whole.events]), CODE)


def test_a_listener_of_before_the_trace_is_named():
    one = listened(since=0)
    assert "python3[4710] listens there" in one.evidence
    assert "a queue of the listener is full" in one.summary


def test_where_its_queues_had_room_it_is_the_way_back():
    one = listened(since=-1_000_000)
    assert "no route back to 127.0.0.1" in one.summary and "ip route get 127.0.0.1" in one.remedy
    assert "0 connections waited for accept() then, and 0 requests for their ACK" in one.evidence[-1]
    assert one.confidence < 1


def test_look_alikes():
    for other in (faults.accept_queue_full, faults.syn_queue_full, faults.lost, faults.answer_lost):
        assert CODE not in codes(other())
    for hook in ("input", "forward"):
        assert CODE not in codes(faults.dropped(hook))


def test_a_syn_that_was_sent_on_is_not_at_its_end():
    whole = faults.unknown_queue()
    later = faults.sent(faults.SECOND + 20_000, netns=faults.ROUTER_NETNS)
    assert CODE not in codes(faults.trace([whole.halves], [whole.events, later]))


def test_not_at_once():
    row = faults.given_up(60_000)
    assert CODE not in codes(faults.trace([row], [faults.sent(21_000), faults.received(30_000)]))


def test_record_detail_does_not_see_arrivals():
    assert CODE not in codes(as_record(faults.unknown_queue()))


FAR = {"local": "192.0.2.1", "remote": "198.51.100.7"}


def come_to(netns):
    """A SYN to an address of which nothing is known but the device that it came to."""
    row = faults.given_up(1_300 * faults.MS, syn_retransmits=1, **FAR)
    ways = [(t, {"source": FAR["local"], "target": FAR["remote"]}) for t in (21_000, faults.SECOND)]
    events = [faults.sent(t, **way) for t, way in ways]
    events += [faults.received(t + 9_000, netns=netns, **way) for t, way in ways]
    return row, events


def test_where_no_listener_is_known_it_may_be_a_router():
    row, events = come_to(faults.OTHER_NETNS)
    one = finding(faults.trace([row], events), CODE)
    assert "or it is held there on its way" in one.summary and one.confidence < 0.5


def test_a_router_that_holds_it_is_not_the_server():
    """Another connection shows in which namespace the address is."""
    row, events = come_to(faults.ROUTER_NETNS)
    at = {"netns": faults.OTHER_NETNS, "local": FAR["remote"]}
    served = faults.server_row(remote=FAR["local"], rport=40000, isn=5, peer_isn=6, **at)
    whole = faults.trace([faults.listener_row(**at), served, row], events)
    assert codes(whole) == ["syn-lost", "gave-up"]
    assert f"network namespace {faults.ROUTER_NETNS}, a router's" in finding(whole, "syn-lost").evidence[0]
