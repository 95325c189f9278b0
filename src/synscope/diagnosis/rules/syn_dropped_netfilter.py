"""A netfilter rule dropped the SYN, on another hook or on one that is not known.

What happened
    A rule of nftables or iptables on this host freed the SYN in silence: in PREROUTING, POSTROUTING,
    ingress, egress or on a bridge; or record detail was taken, which does not keep the stack that names
    the hook.

How synscope knows
    kfree_skb freed the SYN with the reason NETFILTER_DROP. In path detail its stack names the caller of
    the hook.

What it would look like otherwise
    With a stack that shows OUTPUT, INPUT or FORWARD the finding is syn-dropped-output, syn-dropped-input
    or syn-dropped-forward.

What to do
    Run again with `--detail path` where the hook is not known. List the rules (`nft list ruleset`,
    `iptables-save`) in the network namespaces that the connection passes through.

Related codes
    syn-dropped-output, syn-dropped-input, syn-dropped-forward
"""

from synscope.diagnosis import netfilter
from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict

CODE = "syn-dropped-netfilter"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "S0"
ERROR_TYPE = "timed_out"

_NAMED = ("OUTPUT", "INPUT", "FORWARD")


def find(case: Case) -> Verdict | None:
    """A SYN freed by netfilter on a hook without a code of its own, without an answer."""
    drops = netfilter.silent_drops(case, lambda drop: drop.hook not in _NAMED)
    if not drops:
        return None
    hook = drops[0].hook
    doubts = (
        ()
        if hook
        else ("no stack was taken: the hook, and whether it was the SYN or its answer, is not known",)
    )
    pid = case.client.pid if case.client else None
    return netfilter.verdict(
        case, drops, hook or "a hook that is not known", pid if not hook else None, doubts
    )
