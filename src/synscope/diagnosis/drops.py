"""A segment that the kernel freed instead of delivering it: when, why, and in which function."""

from typing import NamedTuple

from synscope.connections.model import SideName
from synscope.diagnosis.nft_match import Packet

# Where netfilter's hooks are called from (include/linux/netfilter.h, NF_HOOK in net/ipv4 and net/ipv6).
# With __ip_local_out and not ip_output: POSTROUTING and OUTPUT both are reached through ip_local_out.
_HOOKS = {
    "__ip_local_out": "OUTPUT",
    "__ip6_local_out": "OUTPUT",
    "ip6_xmit": "OUTPUT",
    "ip_local_deliver": "INPUT",
    "ip6_input": "INPUT",
    "ip_forward": "FORWARD",
    "ip6_forward": "FORWARD",
    "ip_rcv": "PREROUTING",
    "ipv6_rcv": "PREROUTING",
    "ip_output": "POSTROUTING",
    "ip6_output": "POSTROUTING",
    "ip_mc_output": "POSTROUTING",
    # A bridge gives its frames to the hooks of IP too, under its own (net/bridge/br_netfilter_hooks.c).
    "br_nf_pre_routing": "PREROUTING",
    "br_nf_pre_routing_ipv6": "PREROUTING",
    "br_nf_forward": "FORWARD",
    "br_nf_forward_ip": "FORWARD",
    "br_nf_post_routing": "POSTROUTING",
    "br_handle_frame": "bridge PREROUTING",
    "br_forward_finish": "bridge POSTROUTING",
    "__br_forward": "bridge FORWARD",
    "br_pass_frame_up": "bridge INPUT",
    "__netif_receive_skb_core": "ingress",
    "__dev_queue_xmit": "egress",
}
_NETFILTER = frozenset({"nf_hook_slow", "nf_hook_slow_list"})
NETFILTER_DROP = "NETFILTER_DROP"
NO_SOCKET = "NO_SOCKET"
# Copies that need not be the only one: of a frame that a bridge floods, for a socket that listens in.
_COPIES = ("OTHERHOST", "TAP_FILTER", "PACKET_SOCK_ERROR", "UNHANDLED_PROTO")
_NEIGHBOUR = frozenset({"neigh_invalidate", "ndisc_error_report", "arp_error_report"})
_TCP_RECEIVE = frozenset({"tcp_v4_rcv", "tcp_v6_rcv"})


class Drop(NamedTuple):
    """One freed segment of a connection.

    Attributes:
        t_ns: None in record detail, which keeps only the last reason.
        flags: as tcpdump writes them; None in record detail.
        source: who sent it; None in record detail.
        reason: the kernel's name of it without `SKB_DROP_REASON_`.
        function: the function that freed it.
        netns: of the device that it was on, or of its sender before it had one.
        path: functions, outermost first; empty where no stack was taken.
        packet: as rules of a firewall see it, the client's port apart; None in record detail.
    """

    t_ns: int | None
    flags: str | None
    source: SideName | None
    reason: str
    function: str | None
    netns: int | None = None
    path: tuple[str, ...] = ()
    packet: Packet | None = None

    @property
    def by_netfilter(self) -> bool:
        """Whether a rule of nftables or iptables decided it, or a BPF program on a netfilter hook."""
        return self.reason == NETFILTER_DROP or not _NETFILTER.isdisjoint(self.path)

    @property
    def for_neighbour(self) -> bool:
        """Whether it waited for a neighbour that did not answer; ndisc_error_report() gives no reason."""
        if self.reason == "NOT_SPECIFIED":
            return self.function in _NEIGHBOUR
        return self.reason.startswith("NEIGH_") and self.reason != "NEIGH_QUEUEFULL"

    @property
    def of_request(self) -> bool:
        """Of a SYN: whether a request that waits for its ACK took it, and answered it again (tcp_check_req).

        tcp_v4_rcv then frees it without a reason. A SYN that TCP refuses has one, or is freed elsewhere.
        """
        return self.reason == "NOT_SPECIFIED" and self.function in _TCP_RECEIVE

    @property
    def of_copy(self) -> bool:
        """Whether it may have been one copy of several, so that its end says nothing of the others."""
        return self.reason in _COPIES

    @property
    def hook(self) -> str | None:
        """Netfilter's hook, by the function that called it; None where no stack shows it."""
        return next(
            (_HOOKS[name.split(".")[0]] for name in reversed(self.path) if name.split(".")[0] in _HOOKS), None
        )

    @property
    def where(self) -> str:
        """`NETFILTER_DROP in nft_do_chain`."""
        return f"{self.reason} in {self.function}" if self.function else self.reason
