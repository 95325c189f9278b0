"""There is no route to the destination: connect() failed before any SYN.

What happened
    The routing table of the client's network namespace has neither a route for the address nor a default
    route (or the interface is down), or `ip rule` has a rule of type unreachable (fib4_rule_action).
    connect() fails at once with ENETUNREACH; nothing is sent.

How synscope knows
    sys_exit: connect() returned -ENETUNREACH, and the socket never left CLOSE: tcp_v4_connect looks up
    the route before anything else. Where traced, fib_table_lookup found nothing.

What it would look like otherwise
    A route that says no: unreachable-route, prohibit-route, blackhole-route, each with another errno. A
    router's ICMP net-unreachable comes after a SYN (icmp-unreachable). A multicast or broadcast address
    has the same errno (invalid-argument).

What to do
    `ip route get ADDRESS` in that namespace; add the route or the default route, set the interface up. In
    a container: its network was not attached. For IPv6: no address of global scope, no router
    advertisement.

Related codes
    unreachable-route, blackhole-route, prohibit-route, icmp-unreachable, invalid-argument
"""

from synscope.diagnosis.addresses import is_unicast
from synscope.diagnosis.before_syn import (
    failed_in_routing,
    has_given_source,
    is_broadcast_here,
    no_state,
    returned,
    route_get,
)
from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict

CODE = "no-route"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = None
ERROR_TYPE = "network_unreachable"

_ERRNO = "ENETUNREACH"


def find(case: Case) -> Verdict | None:
    """ENETUNREACH before any SYN, to an address that TCP can go to."""
    if not failed_in_routing(case, _ERRNO) or case.client is None or not is_unicast(case.client.peer_address):
        return None
    if is_broadcast_here(case):
        return None
    if case.connection.mapped or (has_given_source(case) and case.route_was_looked_up is False):
        return None
    doubtful = has_given_source(case) and case.route_was_looked_up is None
    return Verdict(
        summary=f"There is no route to {case.client.peer_address}: connect() failed before any SYN.",
        evidence=(returned(case, _ERRNO), *_lookup(case)),
        counter_evidence=(
            no_state(case),
            "a route of type unreachable, prohibit or blackhole gives another errno",
        ),
        doubts=("the source that bind() gave may not be the host's: the lookup was not traced",)
        if doubtful
        else (),
        remedy=f"{route_get(case)} in network namespace {case.client.netns or 'of the client'} must find "
        "a route: add "
        "one, or set the interface up.",
    )


def _lookup(case: Case) -> tuple[str, ...]:
    """fib_table_lookup() says -EAGAIN of a table without a match (fib6: its null entry)."""
    return ("fib_table_lookup: no such route in any table",) if "EAGAIN" in case.route_errors else ()
