"""The three numbers of `socket()` and their names, both ways.

Families: include/linux/socket.h. Types and their flags: include/linux/net.h, as most architectures have them
(x86 and arm64 among them). Protocols: include/uapi/linux/in.h and in6.h.
"""

from difflib import get_close_matches

SOCK_NONBLOCK, SOCK_CLOEXEC = 0o4000, 0o2000000
SOCK_TYPE_MASK = 0xF

# fmt: off
FAMILIES = {
    "UNSPEC": 0, "UNIX": 1, "LOCAL": 1, "INET": 2, "AX25": 3, "IPX": 4, "APPLETALK": 5, "NETROM": 6,
    "BRIDGE": 7, "ATMPVC": 8, "X25": 9, "INET6": 10, "ROSE": 11, "DECNET": 12, "NETBEUI": 13,
    "SECURITY": 14, "KEY": 15, "NETLINK": 16, "ROUTE": 16, "PACKET": 17, "ASH": 18, "ECONET": 19,
    "ATMSVC": 20, "RDS": 21, "SNA": 22, "IRDA": 23, "PPPOX": 24, "WANPIPE": 25, "LLC": 26, "IB": 27,
    "MPLS": 28, "CAN": 29, "TIPC": 30, "BLUETOOTH": 31, "IUCV": 32, "RXRPC": 33, "ISDN": 34,
    "PHONET": 35, "IEEE802154": 36, "CAIF": 37, "ALG": 38, "NFC": 39, "VSOCK": 40, "KCM": 41,
    "QIPCRTR": 42, "SMC": 43, "XDP": 44, "MCTP": 45,
}
TYPES = {"STREAM": 1, "DGRAM": 2, "RAW": 3, "RDM": 4, "SEQPACKET": 5, "DCCP": 6, "PACKET": 10}
TYPE_FLAGS = {"NONBLOCK": SOCK_NONBLOCK, "CLOEXEC": SOCK_CLOEXEC}
PROTOCOLS = {
    "IP": 0, "ICMP": 1, "IGMP": 2, "IPIP": 4, "TCP": 6, "EGP": 8, "PUP": 12, "UDP": 17, "IDP": 22,
    "TP": 29, "DCCP": 33, "IPV6": 41, "ROUTING": 43, "FRAGMENT": 44, "RSVP": 46, "GRE": 47, "ESP": 50,
    "AH": 51, "ICMPV6": 58, "NONE": 59, "DSTOPTS": 60, "MTP": 92, "BEETPH": 94, "ENCAP": 98, "PIM": 103,
    "COMP": 108, "L2TP": 115, "SCTP": 132, "MH": 135, "UDPLITE": 136, "MPLS": 137, "ETHERNET": 143,
    "AGGFRAG": 144, "RAW": 255, "SMC": 256, "MPTCP": 262,
}
# fmt: on

_USUAL = ("INET", "INET6", "UNIX", "STREAM", "DGRAM", "RAW", "TCP", "UDP", "ICMP", "ICMPV6", "SCTP", "MPTCP")
_INT_LIMIT = 1 << 31


class NotANumber(ValueError):  # noqa: N818  # it is what the text is
    """A word that is neither a name nor a C `int`; `close` is the name that was perhaps meant, or empty."""

    def __init__(self, close: str) -> None:
        super().__init__(close)
        self.close = close


def family_of(text: str) -> int:
    """`inet`, `AF_INET`, `PF_INET`, `2` → 2. Raises NotANumber."""
    return _number(text, FAMILIES, ("AF_", "PF_"))


def type_of(text: str) -> int:
    """`stream`, `SOCK_STREAM|SOCK_CLOEXEC`, `1` → the number with its flags. Raises NotANumber."""
    bits = 0
    for part in text.split("|"):
        bits |= _number(part, TYPES | TYPE_FLAGS, ("SOCK_",))
    return bits


def protocol_of(text: str) -> int:
    """`tcp`, `IPPROTO_TCP`, `6`, `-1` → its number. Raises NotANumber."""
    return _number(text, PROTOCOLS, ("IPPROTO_",))


def _number(text: str, names: dict[str, int], prefixes: tuple[str, ...]) -> int:
    word = text.strip().upper()
    for prefix in prefixes:
        word = word.removeprefix(prefix)
    if word in names:
        return names[word]
    try:
        number = int(text, 0)
    except ValueError:
        number = _INT_LIMIT
    if not -_INT_LIMIT <= number < _INT_LIMIT:
        raise NotANumber(_close(word, names))
    return number


def _close(word: str, names: dict[str, int]) -> str:
    """What was perhaps meant: something usual rather than something closer."""
    usual = [name for name in names if name in _USUAL]
    found = get_close_matches(word, usual, n=1) or get_close_matches(word, names, n=1)
    return found[0].lower() if found else ""


def family_name(number: int) -> str:
    """`AF_INET` for 2; the number where it has no name."""
    return _name(number, FAMILIES, "AF_")


def type_name(number: int) -> str:
    """`SOCK_STREAM|SOCK_CLOEXEC`; bits that have no name as a number."""
    flags = [name for name, bit in TYPE_FLAGS.items() if number & bit]
    rest = number & ~SOCK_TYPE_MASK & ~SOCK_NONBLOCK & ~SOCK_CLOEXEC
    first = _name(number & SOCK_TYPE_MASK, TYPES, "SOCK_")
    return "|".join([first, *(f"SOCK_{name}" for name in flags), *([hex(rest)] if rest else [])])


def protocol_name(number: int) -> str:
    """`IPPROTO_TCP` for 6, `0` for 0 (where it asks for the type's own), the number where it has no name."""
    return _name(number, PROTOCOLS, "IPPROTO_") if number else "0"


def _name(number: int, names: dict[str, int], prefix: str) -> str:
    return next((prefix + name for name, value in names.items() if value == number), str(number))
