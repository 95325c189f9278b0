"""What the kernel's drop reasons mean for a SYN, and what to do (include/net/dropreason-core.h)."""

from typing import NamedTuple

from synscope.diagnosis.drops import Drop


class Reason(NamedTuple):
    """`what` completes "the SYN was freed: …"."""

    what: str
    remedy: str


_CAPACITY = "Raise the limit, or send less at once"
REASONS = {
    "BPF_CGROUP_EGRESS": Reason(
        "a BPF program on the sender's cgroup forbade it",
        "`bpftool cgroup tree` lists the programs (egress); ask whoever attached it (systemd "
        "IPAddressDeny, a CNI)",
    ),
    "SOCKET_FILTER": Reason(
        "a filter on the receiving socket or its cgroup refused it",
        "`bpftool cgroup tree` (ingress) and `ss -0b` list filters",
    ),
    "TC_EGRESS": Reason(
        "a tc program or filter dropped it on its way out", "`tc filter show dev DEV egress`"
    ),
    "TC_INGRESS": Reason(
        "a tc program or filter dropped it on its way in", "`tc filter show dev DEV ingress`"
    ),
    "QDISC_DROP": Reason(
        "the device's queueing discipline dropped it, as that of a device that is down drops all",
        "`ip link` (is it up?) and `tc -s qdisc show dev DEV`",
    ),
    "QDISC_OVERLIMIT": Reason("the device's queue was full", "`tc -s qdisc show dev DEV`; " + _CAPACITY),
    "XDP": Reason("an XDP program dropped it", "`ip link show dev DEV` and `bpftool net` list XDP programs"),
    "CPU_BACKLOG": Reason(
        "the receive backlog of the CPU was full",
        "raise net.core.netdev_max_backlog; see /proc/net/softnet_stat",
    ),
    "FULL_RING": Reason("the device's ring was full", "`ip -s link`: whoever reads the device is too slow"),
    "DEV_READY": Reason("the device was not ready", "`ip link`: set it up"),
    "IP_OUTNOROUTES": Reason("there was no route for it", "`ip route get ADDRESS` in that namespace"),
    "IP_INNOROUTES": Reason("a router had no route for it", "`ip route get ADDRESS` on the router"),
    "IP_INADDRERRORS": Reason(
        "it was for an address that this host neither has nor forwards",
        "set net.ipv4.ip_forward=1 on a router, or give the host the address",
    ),
    "IP_INHDR": Reason("its IP header was wrong", "capture it (`tcpdump -vv`) and look at who sends it"),
    "IP_CSUM": Reason(
        "its IP checksum was wrong", "look at checksum offloading of the device (`ethtool -k`)"
    ),
    "TCP_CSUM": Reason("its TCP checksum was wrong", "look at checksum offloading (`ethtool -k`) on the way"),
    "OTHERHOST": Reason(
        "it was for another MAC address", "look at neighbour entries (`ip neigh`) and at the bridge"
    ),
    "PKT_TOO_BIG": Reason("it was larger than the device's MTU", "look at the MTUs on the way"),
    "XFRM_POLICY": Reason("an IPsec policy forbade it", "`ip xfrm policy`"),
    "IP_INVALID_SOURCE": Reason(
        "its source address cannot be (a martian)",
        "`ip addr`, `ip route`: the source must be routable from there",
    ),
    "IP_LOCAL_SOURCE": Reason(
        "its source is one of the receiver's own addresses", "two hosts have one address, or set accept_local"
    ),
    "IP_LOCALNET": Reason("127.0.0.0/8 came from outside", "do not route 127.0.0.0/8, or set route_localnet"),
    "TCP_MINTTL": Reason(
        "its TTL was below what the listener demands (IP_MINTTL)", "look at hops between the ends"
    ),
    "TCP_MD5NOTFOUND": Reason("the listener demands TCP-MD5", "give the client the key (TCP_MD5SIG)"),
    "TCP_MD5UNEXPECTED": Reason("it carried TCP-MD5, which the listener has no key for", "give both the key"),
    "TCP_MD5FAILURE": Reason("its TCP-MD5 signature was wrong", "compare the keys of both ends"),
    "TCP_AONOTFOUND": Reason("the listener demands TCP-AO", "give the client the key"),
    "TCP_AOFAILURE": Reason("its TCP-AO signature was wrong", "compare the keys of both ends"),
    "PROTO_MEM": Reason("TCP's memory limit was reached", "look at net.ipv4.tcp_mem and /proc/net/sockstat"),
    "NOMEM": Reason("memory was exhausted", "look at `dmesg` and memory limits of the cgroup"),
    "NEIGH_QUEUEFULL": Reason(
        "too many segments waited for a neighbour's address", "`ip neigh`; unres_qlen_bytes"
    ),
}


_FORWARDS = ("ip_forward", "ip6_forward")
_HOPS = Reason(
    "its TTL (hop limit) ran out on a router",
    "look for a loop of routes (`traceroute`), and at who sets the TTL (IP_TTL, net.ipv4.ip_default_ttl)",
)
_NO_NEIGHBOUR = Reason(
    "no neighbour answered for its next hop", "`ip neigh` and `ip route get ADDRESS` there"
)
_ROUTE = "`ip route get ADDRESS` and `ip rule` in that namespace"
_BY_FUNCTION = {
    # Where the reason says nothing, the function may: ip_error() sends ICMP, but for a blackhole and
    # under a rate limit.
    "ip_error": Reason(
        "a router's route of type unreachable, prohibit or blackhole refused it",
        f"{_ROUTE}; without an ICMP error it is a blackhole, or net.ipv4.icmp_ratelimit held the error back",
    ),
    "__dev_forward_skb2": Reason(
        "the other end of a veth pair did not take it: it is down, or its MTU is smaller",
        "`ip link` in both network namespaces",
    ),
    "dst_discard": Reason("a route of type blackhole swallowed it", _ROUTE),
    "dst_discard_out": Reason("a route of type blackhole swallowed it", _ROUTE),
    "ip6_pkt_discard": Reason("a router had no route for it", _ROUTE),
    "ip6_pkt_prohibit": Reason("a router's route of type prohibit refused it", _ROUTE),
}


def meaning(drop: Drop) -> Reason:
    """The drop's reason in words; one that is not in the table is named as it is."""
    if drop.for_neighbour:
        return _NO_NEIGHBOUR
    if drop.reason == "IP_INHDR" and drop.function in _FORWARDS:
        return _HOPS
    if drop.reason in REASONS:
        return REASONS[drop.reason]
    if drop.reason == "NOT_SPECIFIED" and drop.function in _BY_FUNCTION:
        return _BY_FUNCTION[drop.function]
    return Reason(f"{drop.where}, says the kernel", "look the reason up in include/net/dropreason-core.h")
