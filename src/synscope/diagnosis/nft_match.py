"""Whether what a rule of nftables asks for fits a packet: yes, no, or not known (libnftables-json(5))."""

import ipaddress
import operator
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from synscope.connections.rows import EventRow
from synscope.events.decode import address_text
from synscope.tcp.header import ACK, FIN, PSH, RST, SYN, TcpHeader

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Value = int | str | Address

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_BITS = {"fin": FIN, "syn": SYN, "rst": RST, "psh": PSH, "ack": ACK}
_FLAGS = frozenset(_BITS)


class Packet(NamedTuple):
    """What rules may ask of a packet; a port that is None is not known. `flags`: `{"syn", "ack"}`."""

    source: str
    destination: str
    sport: int | None
    dport: int | None
    flags: frozenset[str]

    @property
    def version(self) -> int:
        """Of IP."""
        return 6 if ":" in self.destination else 4

    def value(self, left: Any) -> Value | None:
        """What the left side of a match is in this packet; None where it is not known."""
        match left:
            case {"payload": {"protocol": "tcp" | "th", "field": "sport" | "dport" as field}}:
                return self.sport if field == "sport" else self.dport
            case {"payload": {"protocol": "ip" | "ip6", "field": "saddr" | "daddr" as field}}:
                return ipaddress.ip_address(self.source if field == "saddr" else self.destination)
            case {"payload": {"protocol": "ip", "field": "protocol"}} | {"meta": {"key": "l4proto"}}:
                return "tcp"
            case {"payload": {"protocol": "ip6", "field": "nexthdr"}}:
                return "tcp"
            case {"meta": {"key": "nfproto"}}:
                return f"ipv{self.version}"
            case _:
                return None

    def has(self, protocol: str) -> bool:
        """Whether it has such a header."""
        return protocol in ("tcp", "th", "ether", "ip6" if self.version == 6 else "ip")


def packet_of(event: EventRow, header: TcpHeader, *, from_client: bool) -> Packet | None:
    """A segment as rules see it, without the client's port, which each attempt has another of."""
    source, destination = (address_text(one, event.family) for one in (event.saddr, event.daddr))
    if source is None or destination is None:
        return None
    sport, dport = (None, header.target_port) if from_client else (header.source_port, None)
    flags = frozenset(name for name, bit in _BITS.items() if header.bits & bit)
    return Packet(source, destination, sport, dport, flags)


def fits(expressions: Iterable[Any], packet: Packet) -> bool | None:
    """Whether a rule's statements let the packet come to its verdict; None: that is not known."""
    answers = [_statement(one, packet) for one in expressions]
    return False if False in answers else None if None in answers else True


def _statement(statement: Any, packet: Packet) -> bool | None:
    match statement:
        case {"match": {"left": left, "right": right, "op": str() as op}}:
            return _match(left, op, right, packet)
        case {"limit": _} | {"quota": _} | {"ct count": _} | {"vmap": _} | {"xt": _} | {"set": _}:
            return None
        case _:
            return True


def _match(left: Any, op: str, right: Any, packet: Packet) -> bool | None:
    match left:
        case {"payload": {"protocol": str() as protocol}} if not packet.has(protocol):
            return False
        case {"payload": {"field": "flags"}} | {"&": [{"payload": {"field": "flags"}}, _]}:
            return _flags(left, op, right, packet.flags)
    value = packet.value(left)
    if value is None:
        return None
    if op in _ORDERS:
        return _ORDERS[op](value, right) if isinstance(value, int) and isinstance(right, int) else None
    found = _within(value, right)
    return not found if op == "!=" and found is not None else found


def _within(value: Value, right: Any) -> bool | None:
    match right:
        case {"set": members} if isinstance(members, list):
            answers = [_within(value, member) for member in members]
            return True if True in answers else None if None in answers else False
        case {"range": [low, high]}:
            ends = _like(value, low), _like(value, high)
            return None if None in ends else bool(ends[0] <= value <= ends[1])
        case {"prefix": {"addr": str() as address, "len": int() as length}}:
            network = ipaddress.ip_network(f"{address}/{length}", strict=False)
            return isinstance(value, Address) and value in network
        case str() | int():
            other = _like(value, right)
            return None if other is None else bool(value == other)
        case _:
            return None


def _like(value: Value, text: Any) -> Any:
    """A value of the same kind; None where it is none, as the name of a set (`@blocked`)."""
    if isinstance(value, Address):
        try:
            return ipaddress.ip_address(text)
        except ValueError:
            return None
    if isinstance(text, str) and text.startswith("@"):
        return None
    return text if isinstance(text, type(value)) else None


def _flags(left: Any, op: str, right: Any, flags: frozenset[str]) -> bool | None:
    """Of `tcp flags syn / syn,ack`, `tcp flags & (syn | ack) == syn` and `tcp flags syn`."""
    mask = _names(left["&"][1]) if "&" in left else _FLAGS
    wanted = _names(right)
    if mask is None or wanted is None:
        return None
    if op == "in":
        return bool(flags & wanted)
    same = flags & mask == wanted
    return not same if op == "!=" else same if op == "==" else None


def _names(value: Any) -> frozenset[str] | None:
    match value:
        case {"|": members}:
            return _names(members)
        case list() as members:
            found = frozenset(name for member in members for name in _names(member) or ("?",))
        case str():
            found = frozenset({value})
        case _:
            return None
    return found if found <= _FLAGS else None
