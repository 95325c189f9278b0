import numpy as np

import faults
from faults import as_record, codes, finding
from rows import address_bytes
from synscope.events.wire import Side

CODE = "syn-queue-full"


def test_requests_are_counted():
    one = finding(faults.syn_queue_full(), CODE)
    assert "(3 requests): the SYN was ignored" in one.summary
    assert "the accept queue had room: 0 of 3" in one.counter_evidence
    assert "net.ipv4.tcp_syncookies=1" in one.evidence


def test_the_part_that_is_kept_for_known_clients():
    whole = faults.syn_queue_full()
    whole.halves["backlog_max"][whole.halves["side"] == 3] = 4096
    whole.header.sysctls["net.ipv4.tcp_max_syn_backlog"] = "3"
    assert CODE in codes(whole)
    whole.header.sysctls["net.ipv4.tcp_max_syn_backlog"] = "4096"
    assert CODE not in codes(whole)


def test_look_alikes():
    for other in (faults.accept_queue_full, faults.unknown_queue, faults.nobody_finishes, faults.syn_cookie):
        assert CODE not in codes(other())


def test_the_request_that_filled_the_queue_was_not_ignored():
    whole = faults.syn_queue_full()
    own = faults.unfinished(t={"request": 31_000, "synack_out": 32_000})
    events = [faults.sent(21_000), faults.received(30_000), faults.sent(51_000, 0x12)]
    assert CODE not in codes(faults.trace([whole.halves, own], events))


def test_record_detail():
    assert finding(as_record(faults.syn_queue_full()), CODE).confidence < 1


def test_record_detail_knows_the_namespace_by_the_others_who_came():
    """The listener is bound to all addresses, in another namespace than the client's."""
    whole = faults.syn_queue_full()
    there = np.isin(whole.halves["side"], (Side.SERVER, Side.LISTENER))
    whole.halves["netns"][there] = faults.OTHER_NETNS
    whole.halves["local"][there] = address_bytes("192.0.2.2")
    whole.halves["local"][whole.halves["side"] == Side.LISTENER] = address_bytes("0.0.0.0")
    clients = whole.halves["side"] == Side.CLIENT
    whole.halves["remote"][clients] = address_bytes("192.0.2.2")
    assert CODE in codes(as_record(whole))
    whole.halves["netns"][np.flatnonzero(whole.halves["side"] == Side.SERVER)[:1]] = faults.ROUTER_NETNS
    assert CODE not in codes(as_record(whole))
