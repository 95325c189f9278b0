"""A netfilter rule of FORWARD dropped the SYN on a router or bridge between the ends.

What happened
    The SYN passed through a network namespace of this host that routes (a gateway, a container host), and
    a rule of hook forward freed it there. A bridge asks the rules of that hook too, where
    net.bridge.bridge-nf-call-iptables is 1. The client hears nothing and sends it again until it gives up.

How synscope knows
    kfree_skb with the reason NETFILTER_DROP and a stack with ip_forward (or ip6_forward; on a bridge
    br_nf_forward_ip), in a namespace that is neither the client's nor the server's.

What it would look like otherwise
    At the ends: syn-dropped-output, syn-dropped-input. By routing instead of a rule: the reason is
    another one (syn-dropped, icmp-unreachable).

What to do
    List the rules of the namespace named (`nft list ruleset`, `iptables-save`), look at the chains of
    hook forward and at the chain's policy: container engines set FORWARD to drop.

Related codes
    syn-dropped-output, syn-dropped-input, syn-dropped-netfilter, syn-dropped
"""

from synscope.diagnosis import netfilter
from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict

CODE = "syn-dropped-forward"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "S0"
ERROR_TYPE = "timed_out"


def find(case: Case) -> Verdict | None:
    """A SYN freed by netfilter in FORWARD, without an answer."""
    drops = netfilter.silent_drops(case, lambda drop: drop.hook == "FORWARD")
    return (
        netfilter.verdict(case, drops, "FORWARD on a router or bridge between", None, ()) if drops else None
    )
