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


def test_a_listener_that_is_not_traced_is_known_by_those_who_wait():
    """The peers of traced clients: nobody asked for their listener's cookie."""
    peers = faults.waiting_children(2)
    for n, row in enumerate(peers):
        row["listener"], row["backlog"], row["backlog_max"] = 0, n, 1
        row["flags"] |= int(faults.HalfFlag.PEER)
        row["t"][row["t"] > 0] += 30_000 * n
    halves = [*peers, faults.given_up(1_300 * faults.MS, syn_retransmits=1)]
    one = finding(faults.trace(halves, faults.ignored_syns()), CODE)
    assert "The accept queue of the listener on 127.0.0.1:8080 was full (2, limit 1)" in one.summary


def test_record_detail_knows_it_of_one_that_was_answered_later():
    whole = faults.accept_queue_full()
    answered = faults.SECOND + 40_000
    late = {"synack_in": answered, "established": answered}
    client = faults.client_row(t=faults.rows.CLIENT_TIMES | late, syn_retransmits=1)
    server = faults.server_row(t={name: t + faults.SECOND for name, t in faults.rows.SERVER_TIMES.items()})
    others = whole.halves[whole.halves["cookie"] != 1]
    both = faults.trace([others, client, server], faults.ignored_syns())
    assert codes(both)[0] == CODE and codes(as_record(both))[0] == CODE


def translated(*drops):
    """NAT gave the SYN another destination: its sightings there are of no half by their ports."""
    ends = {"source": "127.0.0.1", "target": "127.0.0.1", "dport": 9090, "cookie": 0}
    events = [faults.sent(21_000), faults.received(30_000, **ends), *(drop(**ends) for drop in drops)]
    halves = [faults.listener_row(lport=9090, backlog_max=1), *faults.waiting_children(2)]
    return faults.trace([*halves, faults.given_up(1_300 * faults.MS, syn_retransmits=1)], events)


def test_behind_a_translation():
    one = finding(translated(), CODE)
    assert "on 127.0.0.1:9090 was full" in one.summary


def test_a_drop_behind_a_translation_is_the_finding():
    def drop(**ends):
        return faults.freed(31_000, "NETFILTER_DROP", "nft_do_chain", "input", **ends)

    assert codes(translated(drop)) == ["syn-dropped-input", "gave-up"]


def test_a_second_cause_beside_it():
    """A rule dropped the first SYN, the queue swallowed the second."""
    whole = faults.accept_queue_full()
    drop = faults.freed(31_000, "NETFILTER_DROP", "nft_do_chain", "input")
    told = codes(faults.trace([whole.halves], [whole.events, drop]))
    assert told == [CODE, "syn-dropped-input", "gave-up"]
