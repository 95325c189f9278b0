"""What a statement of nft's JSON says of a SYN; whether that is what the kernel does: tests/oracle."""

import pytest

from synscope.diagnosis.nft_match import Packet, fits

SYN = Packet("192.0.2.1", "192.0.2.2", None, 80, frozenset({"syn"}))
SYN6 = Packet("2001:db8::1", "2001:db8::2", None, 80, frozenset({"syn"}))
SYNACK = Packet("192.0.2.2", "192.0.2.1", 80, None, frozenset({"syn", "ack"}))


def match(protocol: str, field: str, right: object, op: str = "=="):
    return {"match": {"op": op, "left": {"payload": {"protocol": protocol, "field": field}}, "right": right}}


@pytest.mark.parametrize(
    ("statement", "packet", "answer"),
    [
        (match("tcp", "dport", 80), SYN, True),
        (match("tcp", "dport", 81), SYN, False),
        (match("tcp", "dport", 80, "<"), SYN, False),
        (match("tcp", "dport", 81, "<"), SYN, True),
        (match("tcp", "dport", "@open"), SYN, None),
        (match("tcp", "dport", {"set": [22, "@open"]}), SYN, None),
        (match("tcp", "sport", 80), SYN, None),
        (match("tcp", "sport", 80), SYNACK, True),
        (match("udp", "dport", 80), SYN, False),
        (match("ip", "saddr", "192.0.2.1", "!="), SYN, False),
        (match("ip", "saddr", "@blocked", "!="), SYN, None),
        (match("ip", "saddr", "192.0.2.1"), SYN6, False),
        (match("ip6", "daddr", {"prefix": {"addr": "2001:db8::", "len": 64}}), SYN6, True),
        (match("ip6", "daddr", {"range": ["2001:db8::3", "2001:db8::9"]}), SYN6, False),
        (match("tcp", "flags", ["syn", "ack"], "in"), SYN, True),
        (match("tcp", "flags", "rst", "in"), SYN, False),
        (match("tcp", "flags", "strange", "in"), SYN, None),
        (match("tcp", "window", 0), SYN, None),
        ({"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}, SYN, None),
        ({"limit": {"rate": 3}}, SYN, None),
        ({"xt": {"type": "match", "name": "tcp"}}, SYN, None),
        ({"counter": None}, SYN, True),
        ({"drop": None}, SYN, True),
    ],
)
def test_one_statement(statement, packet, answer):
    assert fits([statement], packet) is answer


def test_what_certainly_does_not_fit_decides():
    assert fits([{"limit": {}}, match("tcp", "dport", 81)], SYN) is False
    assert fits([{"limit": {}}, match("tcp", "dport", 80)], SYN) is None
