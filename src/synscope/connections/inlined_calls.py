"""Inlined functions in trees of traced calls: each around the calls that it made.

The reasons are those of `effects.EFFECTS`; here the calls themselves were seen, not only a stack.
"""

from collections.abc import Sequence

from synscope.connections.effects import EFFECTS, Effect
from synscope.connections.model import Call

_SETS_STATE = "tcp_set_state"
_CONNECT_INIT = frozenset(
    {
        "tcp_mtup_init",
        "tcp_sync_mss",
        "tcp_initialize_rcv_mss",
        "tcp_select_initial_window",
    }
)
"""net/ipv4/tcp_output.c: of what is inlined into tcp_connect, tcp_connect_init alone calls these."""

_BY_PARENT = {
    parent: [effect for effect in EFFECTS if effect.parent == parent]
    for parent in {effect.parent for effect in EFFECTS}
}


def with_inlined_calls(function: str, children: Sequence[Call]) -> tuple[Call, ...]:
    """What `function` called, in order; what an inlined function called is below that one.

    That is what lies between its first and its last call that is known to be its: it ran without a break.
    """
    effects = _BY_PARENT.get(function)
    if effects is None:
        return tuple(children)
    spans: dict[str, tuple[int, int]] = {}
    connecting = False
    for at, call in enumerate(children):
        name = _inlined(effects, call.function, connecting)
        if name is not None:
            spans[name] = spans.get(name, (at, at))[0], at + 1
        connecting = connecting or call.function == _SETS_STATE
    found: list[Call] = []
    at = 0
    for name, (first, end) in spans.items():
        if first >= at:
            found += children[at:first]
            found.append(_around(name, tuple(children[first:end])))
            at = end
    return (*found, *children[at:])


def _inlined(effects: Sequence[Effect], callee: str, connecting: bool) -> str | None:
    when = "syn sent" if connecting else "closed"
    for effect in effects:
        if callee in (effect.calls or _CONNECT_INIT) and effect.when in (None, when):
            return effect.function
    return None


def _around(name: str, calls: tuple[Call, ...]) -> Call:
    first = calls[0]
    return Call(
        function=name,
        evidence="effect",
        side=first.side,
        context=first.context,
        seen_ns=first.seen_ns,
        children=calls,
    )
