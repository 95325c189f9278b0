"""Values of the kernel's arguments as people write them: states, flags, addresses by their names.

Numbers are Linux's own (include/net/tcp_states.h, include/linux/socket.h, include/net/tcp.h,
include/uapi/linux/bpf.h); those of `socket_flags` and `file_flags` are of most architectures, x86 among them.
"""

from collections.abc import Callable, Mapping

from synscope.tcp.errnos import errno_name
from synscope.tcp.states import state_name

_FAMILIES = {0: "AF_UNSPEC", 1: "AF_UNIX", 2: "AF_INET", 10: "AF_INET6", 16: "AF_NETLINK", 17: "AF_PACKET"}
_TYPES = {1: "SOCK_STREAM", 2: "SOCK_DGRAM", 3: "SOCK_RAW", 5: "SOCK_SEQPACKET"}
_PROTOCOLS = {
    0: "0",
    1: "IPPROTO_ICMP",
    6: "IPPROTO_TCP",
    17: "IPPROTO_UDP",
    58: "IPPROTO_ICMPV6",
    262: "IPPROTO_MPTCP",
}
_SYNACK_TYPES = {0: "NORMAL", 1: "FASTOPEN", 2: "COOKIE"}
_SOCK_OPS = {4: "ACTIVE_ESTABLISHED_CB", 5: "PASSIVE_ESTABLISHED_CB"}
_NONBLOCK, _CLOEXEC = 0o4000, 0o2000000
_ACCESS = 3  # O_ACCMODE
_TYPE_MASK = 0xF


def formatted(kind: str, value: int) -> str:
    """`value` as a formatter of functions.toml (a key of `FORMATTERS`) writes it. Never raises for an int."""
    return FORMATTERS[kind](value)


def _name_of(names: Mapping[int, str]) -> Callable[[int], str]:
    return lambda value: names.get(value, str(value))


def _flags(value: int, names: Mapping[int, str], start: list[str]) -> str:
    known = [name for bit, name in names.items() if value & bit]
    rest = value & ~sum(bit for bit in names if value & bit)
    return "|".join(start + known + ([hex(rest)] if rest else [])) or "0"


def _socket_flags(value: int) -> str:
    return _flags(value, {_NONBLOCK: "SOCK_NONBLOCK", _CLOEXEC: "SOCK_CLOEXEC"}, [])


def _socket_type(value: int) -> str:
    kind = value & _TYPE_MASK
    return _flags(
        value & ~_TYPE_MASK,
        {_NONBLOCK: "SOCK_NONBLOCK", _CLOEXEC: "SOCK_CLOEXEC"},
        [_TYPES.get(kind, str(kind))],
    )


def _file_flags(value: int) -> str:
    return _flags(value & ~_ACCESS, {_NONBLOCK: "O_NONBLOCK", _CLOEXEC: "O_CLOEXEC"}, [])


def _address(value: int) -> str:
    """A `__be32` as a little-endian kernel has it in a register."""
    return ".".join(str(byte) for byte in (value & 0xFFFFFFFF).to_bytes(4, "little"))


def _network_port(value: int) -> str:
    """A `__be16` as a little-endian kernel has it in a register."""
    return str(int.from_bytes((value & 0xFFFF).to_bytes(2, "little"), "big"))


def _errno(value: int) -> str:
    return errno_name(abs(value)) or "0"


FORMATTERS: Mapping[str, Callable[[int], str]] = {
    "number": str,
    "bool": lambda value: "true" if value else "false",
    "hex": hex,
    "jiffies": lambda value: f"{value} jiffies",
    "state": state_name,
    "family": _name_of(_FAMILIES),
    "socket_type": _socket_type,
    "socket_flags": _socket_flags,
    "file_flags": _file_flags,
    "protocol": _name_of(_PROTOCOLS),
    "address": _address,
    "network_port": _network_port,
    "synack_type": _name_of(_SYNACK_TYPES),
    "sock_op": _name_of(_SOCK_OPS),
    "errno": _errno,
    "drop_reason": str,
}
"""By name, as functions.toml has them. `drop_reason` is a number here: its names are the trace's own."""
