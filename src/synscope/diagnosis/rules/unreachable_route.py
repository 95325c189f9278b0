"""A route of type unreachable covers the destination.

What happened
    The routing table of the client's network namespace has a route of type unreachable for the address.
    connect() fails at once with EHOSTUNREACH; nothing is sent.

How synscope knows
    sys_exit: connect() returned -EHOSTUNREACH and the socket never left CLOSE. Where traced,
    fib_table_lookup returned the same.

What it would look like otherwise
    With the same errno after a SYN: neighbour-unresolved, icmp-unreachable. No route at all, or a rule of
    type unreachable (`ip rule`; fib4_rule_action): ENETUNREACH (no-route).

What to do
    `ip route show table all type unreachable` in the client's network namespace. Remove it, or add a more
    specific route. Such routes are often left behind by VPNs, routing daemons and container networks.

Related codes
    no-route, prohibit-route, blackhole-route, neighbour-unresolved
"""

from synscope.diagnosis.before_syn import forbidding_route
from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict

CODE = "unreachable-route"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = None
ERROR_TYPE = "host_unreachable"


def find(case: Case) -> Verdict | None:
    """EHOSTUNREACH before any SYN."""
    return forbidding_route(case, "unreachable", "EHOSTUNREACH")
