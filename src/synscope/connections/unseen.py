"""Calls that no stack shows, and that cannot but have been made.

Each rule is a way inwards from a function that certainly ran. A step is taken only where the kernel's own
text holds the call (or jump), and, through a pointer, to the function that the socket's own table names.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import msgspec

from synscope.connections.model import Evidence
from synscope.connections.operations import Ops
from synscope.events.trace import FunctionText

RETURNED = "returned"
_POINTER = "*"


class Rule(NamedTuple):
    """What is called when.

    Attributes:
        way: functions, outermost first, of which the first is in the tree. `"?f"`: some kernels have it
            inlined. `"socket->ops.bind"`: the function that this member points to.
        when: what must be in the tree beneath the first: a function, or the beginning of a mark; with `/`
            before it, anywhere beneath the root. `RETURNED`: the root is a system call that succeeded.
        after: the siblings that the second comes after; without them it is the first.
        whose: pointers of the socket that the process opened (a listener, for an accepted connection), or
            of the one that the connection's segments belong to.
        source: where the kernel's source says so.
    """

    way: tuple[str, ...]
    when: tuple[str, ...]
    source: str
    after: tuple[str, ...] = ()
    whose: Literal["opened", "own"] = "own"


_ACCEPT = ("__sys_accept4", "?__sys_accept4_file", "?do_accept", "socket->ops.accept", "sk_prot.accept")
_BIND = (
    *("__sys_bind", "?__sys_bind_socket", "socket->ops.bind"),
    *("?inet_bind_sk", "?inet6_bind_sk", "?__inet_bind", "?__inet6_bind"),
)
_STORED = ("tcp_set_state", "inet_sk_set_state", "inet_sk_state_store")

RULES = (
    Rule(
        ("__x64_sys_bind", *_BIND),
        (RETURNED,),
        "net/socket.c __sys_bind(); net/ipv4/af_inet.c inet_bind_sk()",
        whose="opened",
    ),
    Rule(("__x64_sys_accept4", *_ACCEPT), (RETURNED,), "net/socket.c do_accept()", whose="opened"),
    Rule(("__x64_sys_accept", *_ACCEPT), (RETURNED,), "net/socket.c do_accept()", whose="opened"),
    *(
        Rule(
            (create, "sk_prot.init"),
            (RETURNED,),
            "net/ipv4/af_inet.c inet_create(); net/ipv6/af_inet6.c inet6_create()",
            after=("sock_init_data", "sock_init_data_uid"),
            whose="opened",
        )
        for create in ("inet_create", "inet6_create")
    ),
    Rule(
        ("tcp_v4_connect", "inet_hash_connect", "__inet_hash_connect"),
        ("tcp_connect",),
        "net/ipv4/tcp_ipv4.c tcp_v4_connect(): between tcp_set_state() and tcp_connect()",
        after=_STORED,
    ),
    Rule(
        ("tcp_v6_connect", "inet6_hash_connect", "__inet_hash_connect"),
        ("tcp_connect",),
        "net/ipv6/tcp_ipv6.c tcp_v6_connect(): between tcp_set_state() and tcp_connect()",
        after=_STORED,
    ),
    Rule(
        ("__tcp_transmit_skb", "icsk_af_ops.send_check"),
        ("sends ",),
        "net/ipv4/tcp_output.c __tcp_transmit_skb(): before icsk_af_ops->queue_xmit",
    ),
    Rule(
        ("tcp_rcv_state_process", "tcp_ack"),
        ("tcp_finish_connect",),
        "net/ipv4/tcp_input.c tcp_rcv_synsent_state_process(): before tcp_finish_connect()",
    ),
    Rule(
        ("tcp_rcv_state_process", "tcp_ack"),
        ("SYN_RECV → ESTABLISHED",),
        "net/ipv4/tcp_input.c tcp_rcv_state_process(), step 5",
    ),
    Rule(
        ("tcp_v4_send_synack", "tcp_make_synack"),
        ("sends ",),
        "net/ipv4/tcp_ipv4.c tcp_v4_send_synack()",
        after=("inet_csk_route_req",),
    ),
    Rule(
        ("tcp_v6_send_synack", "tcp_make_synack"),
        ("sends ",),
        "net/ipv6/tcp_ipv6.c tcp_v6_send_synack()",
        after=("inet6_csk_route_req",),
    ),
    Rule(
        ("tcp_check_req", "inet_csk_complete_hashdance"),
        ("LISTEN → SYN_RECV", "/SYN_RECV → ESTABLISHED"),
        "net/ipv4/tcp_minisocks.c tcp_check_req(): the child that it returns",
        after=("tcp_v4_syn_recv_sock", "tcp_v6_syn_recv_sock"),
    ),
)

ENTRIES = tuple(rule.way[0] for rule in RULES if rule.way[0].startswith("__x64_sys_"))
"""System calls that rules begin with: no stack need have been taken in them."""
FUNCTIONS = frozenset(step.removeprefix("?") for rule in RULES for step in rule.way if "." not in step)
"""Every function that a rule names: their text is in `Footer.text`, as far as the kernel has them."""
POINTERS = frozenset(tuple(step.split(".")) for rule in RULES for step in rule.way if "." in step)
"""Table and member of every pointer that a rule names."""


class Addition(NamedTuple):
    """A rule as one kernel and one socket have it: below `caller` came these functions, one in the other."""

    caller: str
    functions: tuple[tuple[str, Evidence], ...]
    when: tuple[str, ...]
    after: tuple[str, ...]


class Additions(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """All that apply to one side."""

    each: tuple[Addition, ...] = ()


def additions(text: Mapping[str, FunctionText], opened: Ops | None, own: Ops | None) -> Additions:
    """What the rules say of a side whose sockets have these operations, on the kernel with this text."""
    return Additions(tuple(_resolved(text, opened or {}, own or {})))


def _resolved(text: Mapping[str, FunctionText], opened: Ops, own: Ops) -> Iterator[Addition]:
    for rule in RULES:
        found = tuple(_steps(rule, text, opened if rule.whose == "opened" else own))
        if found:
            yield Addition(rule.way[0], found, rule.when, rule.after)


def _steps(rule: Rule, text: Mapping[str, FunctionText], ops: Ops) -> Iterator[tuple[str, Evidence]]:
    """The steps of the way up to the first that nothing proves."""
    at = rule.way[0]
    for step in rule.way[1:]:
        known = text.get(at)
        table, _, member = step.partition(".")
        name = ops.get(table, {}).get(member, "") if member else step.removeprefix("?")
        evidence = _evidence(known, name, pointer=bool(member)) if known and name else None
        if evidence is not None:
            yield name, evidence
            at = name
        elif not step.startswith("?"):
            return


def _evidence(caller: FunctionText, callee: str, *, pointer: bool) -> Evidence | None:
    if pointer:
        there = {callee, _POINTER}.intersection((*caller.calls, *caller.jumps))
        return "ops_pointer" if there else None
    if callee in caller.calls:
        return "call_site"
    return "tail_call" if callee in caller.jumps else None
