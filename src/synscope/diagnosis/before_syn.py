"""connect() that failed before any SYN: what the rules about routes, ports and policies share."""

from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import in_namespace

_ANY = (None, "0.0.0.0", "::")  # noqa: S104 - the wildcard as a socket has it


def failed_before_syn(case: Case) -> bool:
    """The client's half began with connect(), and no SYN was made."""
    return case.client is not None and case.syn_out_ns is None and not case.established and not case.going_on


def failed_in_routing(case: Case, errno: str) -> bool:
    """connect() returned this errno before the socket left CLOSE: tcp_v4_connect looks up the route first."""
    return failed_before_syn(case) and case.errno == errno and not case.reached


def returned(case: Case, errno: str) -> str:
    """The evidence of the call's return."""
    ends = [call.end_ns for call in case.connects if call.error == errno]
    return f"sys_exit: connect() returned -{errno} {case.at(ends[0] if ends else None)}".rstrip()


def looked_up(case: Case, errno: str) -> tuple[str, ...]:
    """The evidence of the route lookup, where it was traced."""
    return (f"fib_table_lookup: {errno}",) if errno in case.route_errors else ()


def no_state(case: Case) -> str:
    """The counter-evidence that all of these have."""
    return "the socket stayed in CLOSE: no port was chosen and no SYN was made"


def route_get(case: Case) -> str:
    """The command that shows what the client's namespace would do with the address."""
    half = case.client
    prefix = in_namespace(half.pid, half.netns) if half else ""
    return f"`{prefix}ip route get {half.peer_address if half else '?'}`"


def forbidding_route(case: Case, kind: str, errno: str) -> Verdict | None:
    """The verdict where routing answered with a route type's errno (fib_props, net/ipv4/fib_semantics.c)."""
    if not failed_in_routing(case, errno) or case.client is None or case.route_was_looked_up is False:
        return None
    seen = errno in case.route_errors
    return Verdict(
        summary=f"A route of type {kind} covers {case.client.peer_address}: connect() failed before any SYN.",
        evidence=(returned(case, errno), *looked_up(case, errno)),
        counter_evidence=(
            no_state(case),
            "cgroup hooks on connect() had let it pass: it failed after them, in the route lookup",
        ),
        doubts=() if seen else ("the route lookup itself was not seen",),
        remedy=f"{route_get(case)} names the route; `ip route show table all type {kind}` and `ip rule` "
        "list it.",
    )


def has_given_source(case: Case) -> bool:
    """Whether bind() had given the client a source address of its own."""
    half = case.client
    return case.moment("bind", "client") is not None and half is not None and half.address not in _ANY


def is_broadcast_here(case: Case) -> bool:
    """ENETUNREACH although a route was found: tcp_v4_connect refuses one of type broadcast or multicast.

    IPv6 has no broadcast.
    """
    to = case.client.peer_address if case.client is not None else None
    return (
        to is not None and ":" not in to and failed_in_routing(case, "ENETUNREACH") and case.route_was_found
    )
