"""Sentences that several rules say."""

from collections.abc import Sequence

from synscope.diagnosis.case import Case
from synscope.diagnosis.drops import Drop
from synscope.diagnosis.listeners import Listening


def times(count: int, what: str) -> str:
    """`1 SYN`, `3 SYNs`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def dropped(case: Case, drops: Sequence[Drop], what: str) -> tuple[str, ...]:
    """The evidence of drops: the first with its time and path, and how many there were."""
    first = drops[0]
    lines = [f"kfree_skb: {what} freed, {first.where} {case.at(first.t_ns)}".rstrip()]
    if first.path:
        lines.append("stack: " + " < ".join(list(reversed(first.path))[:8]))
    if first.netns is not None:
        lines.append(f"in network namespace {first.netns}")
    if len(drops) > 1:
        lines.append(f"{len(drops)} times in all")
    return tuple(lines)


def in_namespace(pid: int | None, netns: int | None) -> str:
    """The prefix of a command that must run in a process's network namespace."""
    if pid:
        return f"nsenter -t {pid} -n "
    return f"nsenter --net=$(lsns -n -t net -o NSFS,NS | awk '$NF=={netns} {{print $1}}') " if netns else ""


def owner(listeners: Sequence[Listening]) -> str:
    """`nginx[812]`, of the first listener; empty without one."""
    return listeners[0].owner if listeners else ""
