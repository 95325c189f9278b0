"""A netfilter rule of INPUT dropped the SYN at the server's end.

What happened
    The SYN reached the host (or the network namespace) that it was for; a rule of hook input freed it
    before TCP saw it. The client hears nothing and sends it again until it gives up.

How synscope knows
    A device received the SYN there (netif_receive_skb), then kfree_skb freed it with the reason
    NETFILTER_DROP and a stack with ip_local_deliver (or ip6_input). This is seen where the server's end
    is on this host.

What it would look like otherwise
    Dropped before it left: syn-dropped-output. Dropped by a router between: syn-dropped-forward. Seen by
    TCP and ignored: no drop has a reason (accept-queue-overflow, syn-queue-full).

What to do
    List the rules in the server's network namespace (`nft list ruleset`, `iptables-save`), look at the
    chains of hook input, and accept the port before the drop.

Related codes
    syn-dropped-output, syn-dropped-forward, syn-dropped-netfilter, accept-queue-overflow
"""

from synscope.diagnosis import netfilter
from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict

CODE = "syn-dropped-input"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "S0"
ERROR_TYPE = "timed_out"


def find(case: Case) -> Verdict | None:
    """A SYN freed by netfilter in INPUT, without an answer."""
    drops = netfilter.silent_drops(case, lambda drop: drop.hook == "INPUT")
    if not drops:
        return None
    owners = [one.pid for one in case.listeners if one.netns == drops[0].netns]
    client = case.client.pid if case.client and case.client.netns == drops[0].netns else None
    return netfilter.verdict(case, drops, "INPUT at the server's end", (owners or [client])[0], ())
