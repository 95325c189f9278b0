"""Legal handshakes are legal; each rule is broken by one change of one of them."""

import msgspec
import pytest

from synscope.connections.model import Segment
from synscope.tcp.exchange import Exchange
from synscope.tcp.segment_rules import RULES, breaches

OPTIONS = {"mss": 1460, "sack_ok": True, "timestamp": {"val": 7, "ecr": 0}, "wscale": 7}
ANSWER = {**OPTIONS, "timestamp": {"val": 900, "ecr": 7}}
PLAIN = {"timestamp": {"val": 8, "ecr": 900}}
LAST = 2**32 - 1


def seg(n, source, flags, seq, ack=None, options=None):
    return Segment(n=n, source=source, flags=flags, seq=seq, ack=ack, options=options)


def handshake(client=LAST, server=5):
    """ISNs at the end of the sequence: + 1 is 0."""
    return [
        seg(1, "client", "S", client, None, OPTIONS),
        seg(2, "server", "S.", server, (client + 1) % 2**32, ANSWER),
        seg(3, "client", ".", (client + 1) % 2**32, server + 1, PLAIN),
    ]


def broken(segments, client=LAST, server=5, syn_data=False):
    exchange = Exchange(segments, {"client": client, "server": server}, syn_data)
    return [(one.segment.n, one.rule.says) for one in breaches(exchange)]


LEGAL = {
    "handshake": handshake(),
    "nothing": [],
    "no options known": [msgspec.structs.replace(one, options=None) for one in handshake()],
    "ECN": [seg(1, "client", "SEW", LAST), seg(2, "server", "S.E", 5, 0)],
    "a SYN over TIME_WAIT": [
        msgspec.structs.replace(handshake()[0], options={**OPTIONS, "timestamp": {"val": 7, "ecr": 1}}),
        *handshake()[1:],
    ],
    "sent again": [handshake()[0], *handshake()[:2], handshake()[1], handshake()[2]],
    "a request that was forgotten": [handshake()[0], seg(2, "server", "S.", 77, 0), *handshake()[1:]],
    "refused": [seg(1, "client", "S", LAST), seg(2, "server", "R.", 0, 0)],
    "refused, with data": [seg(1, "client", "S", LAST), seg(2, "server", "R.", 0, 5)],
    "reset later": [*handshake(), seg(4, "client", "R.", 100, 6), seg(5, "server", "R", 6)],
    "crossing": [
        seg(1, "client", "S", LAST), seg(2, "server", "S", 5),
        seg(3, "client", "S.", LAST, 6), seg(4, "server", "S.", 5, 0),
    ],
    "fewer options than offered": [
        handshake()[0], seg(2, "server", "S.", 5, 0, {"mss": 1460}), seg(3, "client", ".", 0, 6, {}),
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", LEGAL)
def test_legal(kind):
    assert broken(LEGAL[kind]) == []
    assert broken(LEGAL[kind], None, None) == []


def change(n, **fields):
    found = handshake()
    found[n - 1] = msgspec.structs.replace(found[n - 1], **fields)
    return found


SYN, SYNACK, ACK = 1, 2, 3
ILLEGAL = {
    "SYN, FIN": (change(SYN, flags="SF"), "a SYN is neither an RST nor a FIN"),
    "no ACK": (change(ACK, flags="P"), "after the SYN every segment but an RST has ACK"),
    "SYN's seq": (change(SYN, seq=4), "a SYN has its sender's ISN, also when it is sent again"),
    "SYN-ACK's seq": (change(SYNACK, seq=6), "a SYN-ACK has its sender's ISN"),
    "SYN-ACK's ack": (change(SYNACK, ack=1), "what acknowledges a SYN acknowledges ISN + 1"),
    "SYN-ACK's ack, too small": (change(SYNACK, ack=LAST), "what acknowledges a SYN acknowledges ISN + 1"),
    "ACK's ack": (change(ACK, ack=7), "what acknowledges a SYN acknowledges ISN + 1"),
    "ACK's seq": (change(ACK, seq=1), "what follows a SYN begins at ISN + 1"),
    "RST's seq": (
        [handshake()[0], seg(2, "server", "R.", 9, 0)],
        "an RST that answers a SYN has seq 0 and acknowledges the SYN",
    ),
    "RST's ack": (
        [handshake()[0], seg(2, "server", "R.", 0, LAST)],
        "an RST that answers a SYN has seq 0 and acknowledges the SYN",
    ),
    "a stray RST": (
        [*handshake(), seg(4, "server", "R", 2**31)],
        "an RST has a number of its sender's sequence",
    ),
    "not offered": (change(SYN, options={}), "a SYN-ACK agrees only to what the SYN offered"),
    "wscale 15": (change(SYN, options={**OPTIONS, "wscale": 15}), "a window is scaled by at most 2^14"),
    "MSS later": (
        change(ACK, options={**PLAIN, "mss": 9}),
        "MSS, window scale and SACK-permitted are in SYNs only",
    ),
    "timestamps": (change(ACK, options={}), "timestamps are in all segments or in none, as the SYNs agreed"),
    "echo": (
        change(SYNACK, options={**ANSWER, "timestamp": {"val": 900, "ecr": 8}}),
        "a SYN-ACK's timestamp echoes the SYN's",
    ),
}


@pytest.mark.parametrize("kind", ILLEGAL)
def test_illegal(kind):
    segments, rule = ILLEGAL[kind]
    server = None if kind.startswith("RST") else 5
    assert rule in [says for _, says in broken(segments, server=server)]


def test_every_rule_is_broken_by_one():
    assert {rule.says for rule in RULES} == {rule for _, rule in ILLEGAL.values()}


def test_data_in_the_syn_is_acknowledged_with_it():
    segments = change(SYNACK, ack=5)
    assert broken(segments) != []
    assert broken(segments, syn_data=True) == []
    asked = [
        msgspec.structs.replace(segments[0], options={**OPTIONS, "fastopen": "8877665544332211"}),
        *segments[1:],
    ]
    assert broken(asked) == []


def test_a_syn_that_is_not_the_same_when_it_is_sent_again():
    again = seg(9, "client", "S", 12)
    assert [n for n, _ in broken([handshake()[0], again], client=None)] == [1, 9]
