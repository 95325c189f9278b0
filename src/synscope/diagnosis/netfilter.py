"""What the rules about netfilter share: which hook freed a SYN, and where its rules are read."""

from collections.abc import Callable

from synscope.diagnosis.case import Case
from synscope.diagnosis.drops import Drop
from synscope.diagnosis.nftables import Dropping
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import dropped, in_namespace, times

_SHOWN = 3
_NFTABLES = "nftables"
_ENGINES = {
    "nft_do_chain": _NFTABLES,
    "ipt_do_table": "iptables (legacy)",
    "ip6t_do_table": "ip6tables (legacy)",
}


def silent_drops(case: Case, wanted: Callable[[Drop], bool]) -> list[Drop]:
    """SYNs that netfilter freed without an answer: one that it rejects has other findings."""
    if case.ended_by in ("reset", "icmp") or case.answered_by_reset or case.icmp_noted:
        return []
    return [drop for drop in case.syn_drops if drop.by_netfilter and wanted(drop)]


def engine(drop: Drop) -> str:
    """Whose rule it was, by the function that ran it."""
    names = (drop.function or "", *drop.path)
    return next((_ENGINES[name] for name in names if name in _ENGINES), "netfilter")


def list_rules(drop: Drop, pid: int | None, netns: int | None) -> str:
    """The command that lists the rules there."""
    hook = f" and look at the chains of hook {drop.hook.lower()}" if drop.hook else ""
    tool = "iptables-save" if "iptables" in engine(drop) else "nft list ruleset"
    return f"List the rules with `{in_namespace(pid, netns)}{tool}`{hook}"


def droppers(case: Case, drop: Drop) -> list[Dropping]:
    """The rules of nftables, as they were listed in its network namespace, that can have been it."""
    if "iptables" in engine(drop):
        return []
    return case.around.droppers(drop.netns, drop.hook, drop.packet)


def named(case: Case, drop: Drop) -> tuple[str, ...]:
    """The evidence of the rules that were listed there."""
    found = droppers(case, drop)
    if not found:
        return ()
    if len(found) == 1:
        return (f"nft list ruleset there: of hook {drop.hook} only this can drop it: {found[0]}",)
    more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    some = "; ".join(map(str, found[:_SHOWN]))
    return (f"nft list ruleset there: of hook {drop.hook} these can drop it: {some}{more}",)


def _which(case: Case, drop: Drop) -> str:
    """The one rule that it must have been, for the summary."""
    found = droppers(case, drop)
    return f": {found[0]}" if len(found) == 1 and engine(drop) == _NFTABLES else ""


def verdict(case: Case, drops: list[Drop], where: str, pid: int | None, doubts: tuple[str, ...]) -> Verdict:
    """The verdict of a rule about one hook; `where` says whose hook it is."""
    first = drops[0]
    again = f", {times(len(drops), 'time')}" if len(drops) > 1 else ""
    netns = first.netns or (case.client.netns if case.client else None)
    return Verdict(
        summary=f"A rule of {engine(first)} dropped the SYN to {case.destination} in {where}{again}"
        f"{_which(case, first)}.",
        evidence=(*dropped(case, drops, "SYN"), *named(case, first)),
        counter_evidence=(
            "no RST and no ICMP error came: the rule drops in silence, it does not reject",
            "the drop has netfilter's own reason: neither routing nor a full queue lost the SYN",
        ),
        doubts=doubts,
        remedy=f"{list_rules(first, pid, netns)}; let connections to {case.destination} pass before the "
        "drop.",
        severity="warning" if case.established else "error",
    )
