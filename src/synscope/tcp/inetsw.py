"""What `inetsw` and `inetsw6` hold: the transport protocols that a kernel has registered for sockets.

Theory of operation. Each family keeps a list of `struct inet_protosw` per socket type; `socket()` walks the
list of its type. No program may read the lists, but each entry comes with a `struct proto`, and those are
listed in /proc/net/protocols: a protocol whose `proto_register` has run has its `inet_protosw` too, because
the same initcall registers both, and undoes the first if the second fails. So the names there, and
`REGISTRATIONS`, which says what the kernel's source registers beside each name, give the lists.

Sources: `inetsw_array` and `inet_register_protosw` in net/ipv4/af_inet.c; for every other entry the file that
it names.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

AF_INET, AF_INET6, AF_PACKET = 2, 10, 17  # include/linux/socket.h
SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_DCCP, SOCK_PACKET = 1, 2, 3, 5, 6, 10
"""`enum sock_type`, include/linux/net.h; on MIPS the first two are the other way round."""

Flag = Literal["REUSE", "PERMANENT", "ICSK"]
"""`INET_PROTOSW_…` of include/net/protocol.h: its ports may be reused at once (`sk_reuse`); it can be neither
overridden nor removed; its sockets are `inet_connection_sock`s."""


class Protosw(msgspec.Struct, frozen=True, kw_only=True):
    """A `struct inet_protosw`.

    Attributes:
        name: its `struct proto`'s, as /proc/net/protocols has it.
        protocol: 0 (IPPROTO_IP) is the wild card.
        prot, ops: the symbols of `struct proto` and `struct proto_ops`.
        hash: `proto.hash` where `inet_create` may call it, which is for sockets born with a number.
        init: `proto.init`.
        source: the file with its `inet_protosw`.
        module: the module that has it where it is not built in; empty where it always is.
    """

    name: str
    family: int
    type: int
    protocol: int
    prot: str
    ops: str
    flags: tuple[Flag, ...] = ()
    hash: str = ""
    init: str
    source: str
    module: str = ""


# fmt: off
_ROWS: tuple[tuple[str, int, int, int, str, str, str, str, str, str], ...] = (
    # name, family, type, protocol, prot, ops,
    #  flags, init, source, module
    ("TCP", AF_INET, SOCK_STREAM, 6, "tcp_prot", "inet_stream_ops",
     "PERMANENT ICSK", "tcp_v4_init_sock", "net/ipv4/af_inet.c", ""),
    ("UDP", AF_INET, SOCK_DGRAM, 17, "udp_prot", "inet_dgram_ops",
     "PERMANENT", "udp_init_sock", "net/ipv4/af_inet.c", ""),
    ("PING", AF_INET, SOCK_DGRAM, 1, "ping_prot", "inet_sockraw_ops",
     "REUSE", "ping_init_sock", "net/ipv4/af_inet.c", ""),
    ("RAW", AF_INET, SOCK_RAW, 0, "raw_prot", "inet_sockraw_ops",
     "REUSE", "raw_sk_init", "net/ipv4/af_inet.c", ""),
    ("UDP-Lite", AF_INET, SOCK_DGRAM, 136, "udplite_prot", "inet_dgram_ops",
     "PERMANENT", "udplite_sk_init", "net/ipv4/udplite.c", ""),
    ("MPTCP", AF_INET, SOCK_STREAM, 262, "mptcp_prot", "mptcp_stream_ops",
     "ICSK", "mptcp_init_sock", "net/mptcp/protocol.c", ""),
    ("SCTP", AF_INET, SOCK_SEQPACKET, 132, "sctp_prot", "inet_seqpacket_ops",
     "", "sctp_init_sock", "net/sctp/protocol.c", "sctp"),
    ("SCTP", AF_INET, SOCK_STREAM, 132, "sctp_prot", "inet_seqpacket_ops",
     "", "sctp_init_sock", "net/sctp/protocol.c", "sctp"),
    ("DCCP", AF_INET, SOCK_DCCP, 33, "dccp_v4_prot", "inet_dccp_ops",
     "ICSK", "dccp_v4_init_sock", "net/dccp/ipv4.c", "dccp_ipv4"),
    ("L2TP/IP", AF_INET, SOCK_DGRAM, 115, "l2tp_ip_prot", "l2tp_ip_ops",
     "", "l2tp_ip_open", "net/l2tp/l2tp_ip.c", "l2tp_ip"),
    ("INET_SMC", AF_INET, SOCK_STREAM, 256, "smc_inet_prot", "smc_inet_stream_ops",
     "", "smc_inet_init_sock", "net/smc/smc_inet.c", "smc"),
    ("TCPv6", AF_INET6, SOCK_STREAM, 6, "tcpv6_prot", "inet6_stream_ops",
     "PERMANENT ICSK", "tcp_v6_init_sock", "net/ipv6/tcp_ipv6.c", "ipv6"),
    ("UDPv6", AF_INET6, SOCK_DGRAM, 17, "udpv6_prot", "inet6_dgram_ops",
     "PERMANENT", "udpv6_init_sock", "net/ipv6/udp.c", "ipv6"),
    ("UDPLITEv6", AF_INET6, SOCK_DGRAM, 136, "udplitev6_prot", "inet6_dgram_ops",
     "PERMANENT", "udplitev6_sk_init", "net/ipv6/udplite.c", "ipv6"),
    ("RAWv6", AF_INET6, SOCK_RAW, 0, "rawv6_prot", "inet6_sockraw_ops",
     "REUSE", "rawv6_init_sk", "net/ipv6/raw.c", "ipv6"),
    ("PINGv6", AF_INET6, SOCK_DGRAM, 58, "pingv6_prot", "inet6_sockraw_ops",
     "REUSE", "ping_init_sock", "net/ipv6/ping.c", "ipv6"),
    ("MPTCPv6", AF_INET6, SOCK_STREAM, 262, "mptcp_v6_prot", "mptcp_v6_stream_ops",
     "ICSK", "mptcp_init_sock", "net/mptcp/protocol.c", ""),
    ("SCTPv6", AF_INET6, SOCK_SEQPACKET, 132, "sctpv6_prot", "inet6_seqpacket_ops",
     "", "sctp_v6_init_sock", "net/sctp/ipv6.c", "sctp"),
    ("SCTPv6", AF_INET6, SOCK_STREAM, 132, "sctpv6_prot", "inet6_seqpacket_ops",
     "", "sctp_v6_init_sock", "net/sctp/ipv6.c", "sctp"),
    ("DCCPv6", AF_INET6, SOCK_DCCP, 33, "dccp_v6_prot", "inet6_dccp_ops",
     "ICSK", "dccp_v6_init_sock", "net/dccp/ipv6.c", "dccp_ipv6"),
    ("L2TP/IPv6", AF_INET6, SOCK_DGRAM, 115, "l2tp_ip6_prot", "l2tp_ip6_ops",
     "", "l2tp_ip6_open", "net/l2tp/l2tp_ip6.c", "l2tp_ip6"),
    ("INET6_SMC", AF_INET6, SOCK_STREAM, 256, "smc_inet6_prot", "smc_inet6_stream_ops",
     "", "smc_inet_init_sock", "net/smc/smc_inet.c", "smc"),
)
# fmt: on


def _entry(row: tuple[str, int, int, int, str, str, str, str, str, str]) -> Protosw:
    name, family, type_, protocol, prot, ops, flags, init, source, module = row
    return Protosw(
        name=name,
        family=family,
        type=type_,
        protocol=protocol,
        prot=prot,
        ops=ops,
        flags=msgspec.convert(flags.split(), tuple[Flag, ...]),
        hash="raw_hash_sk" if type_ == SOCK_RAW else "",
        init=init,
        source=source,
        module=module,
    )


REGISTRATIONS = tuple(map(_entry, _ROWS))
"""Every `inet_register_protosw` and `inet6_register_protosw` of mainline from 5.15 on. SCTP's flag is
PERMANENT where it is built in (`SCTP_PROTOSW_FLAG`), which only matters to what registers after it."""

Table = Mapping[tuple[int, int], tuple[Protosw, ...]]
"""The lists by (family, type), in the order of the walk."""


def table(names: Iterable[str]) -> Table:
    """The lists once the protocols of these names have registered, in this order (oldest first)."""
    lists: dict[tuple[int, int], tuple[Protosw, ...]] = {}
    for name in names:
        for entry in REGISTRATIONS:
            if entry.name == name:
                key = (entry.family, entry.type)
                lists[key] = registered(lists.get(key, ()), entry)
    return lists


def registered(entries: tuple[Protosw, ...], new: Protosw) -> tuple[Protosw, ...]:
    """The list after `inet_register_protosw(new)`: behind the last permanent entry, before all others.

    Refused, so that the list stays, where a permanent entry has the protocol already.
    """
    at = 0
    for entry in entries:
        if "PERMANENT" not in entry.flags:
            break
        if entry.protocol == new.protocol:
            return entries
        at += 1
    return (*entries[:at], new, *entries[at:])


def of_module(module: str) -> tuple[str, ...]:
    """Names of the protocols that a module registers when it is loaded; none where it is not known."""
    return tuple(dict.fromkeys(entry.name for entry in REGISTRATIONS if entry.module == module))
