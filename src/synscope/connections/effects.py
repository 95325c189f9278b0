"""Functions that the compiler put into their callers, known by what they do.

No stack shows an inlined function. But what it does is seen at its parent, and where the kernel's source
has no other who could have done it there, the function has run: `EFFECTS` lists these, and why.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from synscope.connections.stacks import Path
from synscope.events.wire import PathKind

When = Literal["closed", "syn sent"]


class Effect(NamedTuple):
    """An inlined function and what shows that it ran.

    Attributes:
        parent: the function that it is inlined into.
        calls: what the stack shows the parent to call in its stead; empty where the event has no stack.
        kind: the event whose stack this is; None: any.
        when: whether the socket has left CLOSE for SYN_SENT; None: no matter.
        why: the places in the kernel's source that make it unambiguous.
    """

    function: str
    parent: str
    calls: frozenset[str]
    kind: PathKind | None
    when: When | None
    why: str


_ROUTED = frozenset({"ip_route_output_flow", "ip_route_output_key_hash"})
_SENT = frozenset({"__tcp_transmit_skb"})
_TIMED = frozenset({"sk_reset_timer"})

EFFECTS = (
    Effect(
        "ip_route_connect",
        "tcp_v4_connect",
        _ROUTED,
        PathKind.ROUTE,
        "closed",
        "net/ipv4/tcp_ipv4.c, tcp_v4_connect: before tcp_set_state(sk, TCP_SYN_SENT) nothing but "
        "ip_route_connect (include/net/route.h) looks up a route",
    ),
    Effect(
        "ip_route_newports",
        "tcp_v4_connect",
        _ROUTED,
        PathKind.ROUTE,
        "syn sent",
        "net/ipv4/tcp_ipv4.c, tcp_v4_connect: after tcp_set_state(sk, TCP_SYN_SENT) nothing but "
        "ip_route_newports (include/net/route.h) does, and only where inet_hash_connect has chosen a port",
    ),
    Effect(
        "tcp_connect_init",
        "tcp_connect",
        frozenset(),
        PathKind.WINDOW,
        None,
        "tcp_rwnd_init_bpf is called for a full socket in net/ipv4/tcp_output.c, tcp_connect_init, alone, "
        "and that by tcp_connect alone",
    ),
    Effect(
        "tcp_transmit_skb",
        "tcp_connect",
        _SENT,
        None,
        None,
        "net/ipv4/tcp_output.c: __tcp_transmit_skb is called by tcp_transmit_skb and by __tcp_send_ack; "
        "tcp_connect has only the first in it, of its own or in tcp_send_syn_data",
    ),
    Effect(
        "tcp_transmit_skb",
        "__tcp_retransmit_skb",
        _SENT,
        None,
        None,
        "net/ipv4/tcp_output.c: as above; __tcp_retransmit_skb sends no ACK of its own",
    ),
    Effect(
        "inet_csk_reset_xmit_timer",
        "tcp_connect",
        _TIMED,
        PathKind.TIMER,
        None,
        "include/net/inet_connection_sock.h: of what is inlined into tcp_connect only "
        "inet_csk_reset_xmit_timer restarts the retransmission timer",
    ),
    Effect(
        "inet_csk_reset_xmit_timer",
        "tcp_retransmit_timer",
        _TIMED,
        PathKind.TIMER,
        None,
        "net/ipv4/tcp_timer.c: likewise in tcp_retransmit_timer",
    ),
    Effect(
        "reqsk_queue_hash_req",
        "inet_csk_reqsk_queue_hash_add",
        frozenset({"mod_timer", "__mod_timer"}),
        PathKind.TIMER,
        None,
        "net/ipv4/inet_connection_sock.c: inet_csk_reqsk_queue_hash_add calls reqsk_queue_hash_req, and "
        "inet_csk_reqsk_queue_added, which starts no timer",
    ),
)


@lru_cache(4096)
def with_inlined(path: Path, kind: PathKind | None = None, when: When | None = None) -> Path:
    """The path with the functions that what happened at its end shows to have been in it.

    Where the kernel has such a function by itself, it stands in the path already, and no effect applies.
    """
    for effect in EFFECTS:
        if effect.kind in (None, kind) and effect.when in (None, when):
            path = _inserted(path, effect)
    return path


def _inserted(path: Path, effect: Effect) -> Path:
    frames = [function.split(".", 1)[0] for function in path.frames]
    for at in range(1, len(frames)):
        if frames[at - 1] == effect.parent and frames[at] in effect.calls:
            return path.inserted(at, effect.function, "effect")
    return path


def inlined_leaf(kind: PathKind, paths: Iterable[Path]) -> Path | None:
    """The path to the inlined function that an event without a stack shows, below what `paths` lead to.

    None where its parent is in none of them, or where one of them has the function already.
    """
    effect = next(effect for effect in EFFECTS if effect.kind == kind and not effect.calls)
    above: Path | None = None
    for path in paths:
        if effect.function in path.frames:
            return None
        above = above or path.upto(effect.parent)
    return above and above.inserted(len(above.frames), effect.function, "effect")
