"""A netfilter rule of OUTPUT dropped the SYN on the client's own host.

What happened
    A rule of hook output in the client's network namespace freed the SYN before it reached any device.
    connect() does not learn of it: TCP sends the SYN again until it gives up (ETIMEDOUT), or its owner
    does.

How synscope knows
    kfree_skb with the reason NETFILTER_DROP, and a stack with __ip_local_out (or ip6_xmit) under
    tcp_connect, or under the retransmission timer. No device saw the SYN (net_dev_queue). Where nft(8) is
    installed, the rules of that network namespace were listed when the first SYN was freed: named are those
    of the hook that can drop such a SYN, with their counters, and in the first line where it can only be one.

What it would look like otherwise
    Dropped at the peer: the SYN left by a device first (syn-dropped-input). Lost in the network: nothing
    freed it here (syn-lost). A rule that rejects ends the attempt with an error (refused-by-firewall,
    icmp-unreachable). In record detail the hook is not known: syn-dropped-netfilter.

What to do
    List the rules in the client's network namespace (`nft list ruleset`, `iptables-save`), look at the
    chains of hook output, and let the connection pass before the drop. Where several can have been it, `nft
    monitor trace` with a `meta nftrace set 1` rule names the one.

Related codes
    syn-dropped-input, syn-dropped-forward, syn-dropped-netfilter, refused-by-firewall
"""

from synscope.diagnosis import netfilter
from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict

CODE = "syn-dropped-output"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = None
ERROR_TYPE = "timed_out"


def find(case: Case) -> Verdict | None:
    """A SYN freed by netfilter in OUTPUT, without an answer."""
    drops = netfilter.silent_drops(case, lambda drop: drop.hook == "OUTPUT")
    if not drops:
        return None
    pid = case.client.pid if case.client else None
    return netfilter.verdict(case, drops, "OUTPUT of the client's own host", pid, ())
