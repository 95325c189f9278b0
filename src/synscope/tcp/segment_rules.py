"""What the segments of a handshake must be: RFC 9293's and RFC 7323's rules, each with its check.

How it works
    Each side chooses an initial sequence number (ISN), and its SYN takes up that one number: what it
    sends next is ISN + 1, and what acknowledges the SYN is ISN + 1. So a SYN-ACK (or an RST that refuses)
    proves that its sender has read the SYN. Options that change what both sides do (window scale, SACK,
    timestamps) hold only if both SYNs had them: the SYN offers, the SYN-ACK agrees.

    A segment that was sent again has the sequence number that it had before. A SYN-ACK of another number
    is not the same one sent again, but the answer of a listener that has forgotten the request between.

    Data in the SYN (TCP Fast Open, RFC 7413) is acknowledged with it: ISN + 1 and up to 64 KiB more.

    A SYN's timestamp may echo something: that it echoes 0 is a SHOULD (RFC 7323 section 3.2), and Linux
    echoes what it last had of the peer where a SYN takes over a connection in TIME_WAIT (tcp_twsk_unique).

    What is not known (an ISN, the options of a segment that was not captured) is not judged.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from synscope.tcp.exchange import OTHER, Exchange, Seen

_WINDOW = 2**30  # the greatest there is (RFC 7323 section 2.3)
_SYN_DATA = 2**16
_GREATEST_SHIFT = 14
_NEGOTIATED = ("wscale", "sack_ok", "timestamp")
_ONLY_IN_SYN = ("mss", "wscale", "sack_ok")


class Rule(NamedTuple):
    """A rule.

    Attributes:
        says: its sentence.
        of: the kinds of segment that it is for (see `kind`).
        section: of RFC 9293, where no other RFC is named.
        broken: says what is wrong with a segment, None if nothing is.
    """

    says: str
    of: tuple[str, ...]
    section: str
    broken: Callable[[Seen, Exchange], str | None]


class Breach(NamedTuple):
    """A segment that breaks a rule, and by what."""

    segment: Seen
    rule: Rule
    what: str


def kind(flags: str) -> str:
    """`SYN`, `SYN-ACK`, `RST`, or `ACK` for all that is neither."""
    if "R" in flags:
        return "RST"
    if "S" in flags:
        return "SYN-ACK" if "." in flags else "SYN"
    return "ACK"


def breaches(exchange: Exchange) -> Iterator[Breach]:
    """Every breach of every rule, segment by segment."""
    for segment in exchange.segments:
        for rule in _BY_KIND[kind(segment.flags)]:
            what = rule.broken(segment, exchange)
            if what is not None:
                yield Breach(segment, rule, what)


def _flags(segment: Seen, _: Exchange) -> str | None:
    letters = segment.flags
    wrong = "F" in letters or ("R" in letters and "S" in letters)
    return f"flags [{letters}]" if wrong else None


def _has_ack(segment: Seen, _: Exchange) -> str | None:
    return None if "." in segment.flags else f"flags [{segment.flags}], no ACK"


def _syn_seq(segment: Seen, exchange: Exchange) -> str | None:
    isns = exchange.isns[segment.source]
    if segment.seq in isns and len(isns) == 1:
        return None
    return f"seq {segment.seq}, its sender's ISN is {_numbers(isns)}"


def _synack_seq(segment: Seen, exchange: Exchange) -> str | None:
    """One may have another number where one has the right one: the listener forgot a request."""
    isns = exchange.isns[segment.source]
    if any(syn.seq in isns for syn in exchange.syns[segment.source]):
        return None
    return f"seq {segment.seq}, its sender's ISN is {_numbers(isns)}"


def _acks_syn(segment: Seen, exchange: Exchange) -> str | None:
    peer = OTHER[segment.source]
    room = _SYN_DATA if exchange.syn_data and peer == "client" else 0
    if segment.ack is None or exchange.ahead(segment.ack, peer, room):
        return None
    return f"ack {segment.ack}, the peer's ISN is {_numbers(exchange.isns[peer])}"


def _follows_syn(segment: Seen, exchange: Exchange) -> str | None:
    room = _SYN_DATA if exchange.syn_data and segment.source == "client" else 0
    if exchange.ahead(segment.seq, segment.source, room):
        return None
    return f"seq {segment.seq}, its sender's ISN is {_numbers(exchange.isns[segment.source])}"


def _reset_of_syn(segment: Seen, exchange: Exchange) -> str | None:
    """With ACK, from who has sent no SYN: it answers what had no ACK, the SYN."""
    peer = OTHER[segment.source]
    if segment.ack is None or exchange.syns[segment.source] or not exchange.syns[peer]:
        return None
    if segment.seq != 0 and not exchange.isns[segment.source]:
        return f"seq {segment.seq}, not 0"
    if exchange.ahead(segment.ack, peer, _SYN_DATA):
        return None
    return f"ack {segment.ack}, the SYN's seq is {_numbers(exchange.isns[peer])}"


def _reset_in_sequence(segment: Seen, exchange: Exchange) -> str | None:
    if segment.seq == 0 and segment.ack is not None:
        return None
    if exchange.ahead(segment.seq, segment.source, _WINDOW):
        return None
    return f"seq {segment.seq}, its sender's ISN is {_numbers(exchange.isns[segment.source])}"


def _agreed(segment: Seen, exchange: Exchange) -> str | None:
    """Where SYNs cross each is an offer, and the SYN-ACK repeats it."""
    offers = [syn.options for syn in exchange.syns[OTHER[segment.source]]]
    if segment.options is None or not offers or None in offers or exchange.crossing:
        return None
    offered = {name for options in offers for name in options or ()}
    extra = [name for name in _NEGOTIATED if name in segment.options and name not in offered]
    return f"{', '.join(extra)} was not offered" if extra else None


def _shift(segment: Seen, _: Exchange) -> str | None:
    shift = (segment.options or {}).get("wscale")
    return f"wscale {shift}" if isinstance(shift, int) and shift > _GREATEST_SHIFT else None


def _syn_only(segment: Seen, _: Exchange) -> str | None:
    extra = [name for name in segment.options or () if name in _ONLY_IN_SYN]
    return f"{', '.join(extra)} in [{segment.flags}]" if extra else None


def _timestamp(segment: Seen, exchange: Exchange) -> str | None:
    syns = exchange.syns.values()
    if segment.options is None or any(syn.options is None for side in syns for syn in side):
        return None
    agreed = [any("timestamp" in (syn.options or ()) for syn in side) for side in syns]
    if not all(syns) or ("timestamp" in segment.options) == all(agreed):
        return None
    return "no timestamp, though agreed on" if all(agreed) else "a timestamp that was not agreed on"


def _echoes_syn(segment: Seen, exchange: Exchange) -> str | None:
    stamp = _stamp(segment)
    echoed = [_stamp(syn) for syn in exchange.syns[OTHER[segment.source]]]
    values = {one[0] for one in echoed if one is not None}
    if stamp is None or None in echoed or not values or stamp[1] in values:
        return None
    return f"ecr {stamp[1]}, the SYN's val was {_numbers(values)}"


def _stamp(segment: Seen) -> tuple[int, int] | None:
    """The timestamp option's two values."""
    option = (segment.options or {}).get("timestamp")
    return (option["val"], option["ecr"]) if isinstance(option, dict) else None


def _numbers(numbers: set[int]) -> str:
    return " or ".join(str(number) for number in sorted(numbers)) or "not known"


_SYNS = ("SYN", "SYN-ACK")
_NUMBERED = ("ACK", "RST")
_ALL = (*_SYNS, *_NUMBERED)

RULES = (
    Rule("a SYN is neither an RST nor a FIN", (*_SYNS, "RST"), "3.10.7.4", _flags),
    Rule("after the SYN every segment but an RST has ACK", ("ACK",), "3.10.7.4", _has_ack),
    Rule("a SYN has its sender's ISN, also when it is sent again", ("SYN",), "3.4.1, 3.8.1", _syn_seq),
    Rule("a SYN-ACK has its sender's ISN", ("SYN-ACK",), "3.4.1", _synack_seq),
    Rule("what acknowledges a SYN acknowledges ISN + 1", ("SYN-ACK", "ACK"), "3.4, 3.5", _acks_syn),
    Rule("what follows a SYN begins at ISN + 1", ("ACK",), "3.4, 3.5", _follows_syn),
    Rule("an RST that answers a SYN has seq 0 and acknowledges the SYN", ("RST",), "3.5.2", _reset_of_syn),
    Rule("an RST has a number of its sender's sequence", ("RST",), "3.5.2, 3.5.3", _reset_in_sequence),
    Rule("a SYN-ACK agrees only to what the SYN offered", ("SYN-ACK",),
         "RFC 7323 2.2, 3.2; RFC 2018 2", _agreed),
    Rule("a window is scaled by at most 2^14", _SYNS, "RFC 7323 2.3", _shift),
    Rule("MSS, window scale and SACK-permitted are in SYNs only", _NUMBERED,
         "3.2; RFC 7323 2.2; RFC 2018 2", _syn_only),
    Rule("timestamps are in all segments or in none, as the SYNs agreed", ("ACK",),
         "RFC 7323 3.2", _timestamp),
    Rule("a SYN-ACK's timestamp echoes the SYN's", ("SYN-ACK",), "RFC 7323 3.2", _echoes_syn),
)  # fmt: skip
_BY_KIND = {name: tuple(rule for rule in RULES if name in rule.of) for name in _ALL}
