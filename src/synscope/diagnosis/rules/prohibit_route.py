"""A route of type prohibit covers the destination.

What happened
    The routing table of the client's network namespace has a route, or a rule, of type prohibit for the
    address. connect() fails at once with EACCES; nothing is sent.

How synscope knows
    sys_exit: connect() returned -EACCES and the socket never left CLOSE. Where traced, fib_table_lookup
    returned the same.

What it would look like otherwise
    A policy refuses the call before routing: permission-denied, denied-by-policy. A firewall's ICMP
    admin-prohibited comes after a SYN (icmp-unreachable).

What to do
    `ip route show table all type prohibit` in the client's network namespace, and `ip rule` (a rule can
    say prohibit too). Remove it, or add a more specific route. Such routes are often left behind by VPNs,
    routing daemons and container networks.

Related codes
    no-route, unreachable-route, blackhole-route, permission-denied
"""

from synscope.diagnosis.before_syn import forbidding_route
from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict

CODE = "prohibit-route"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = None
ERROR_TYPE = "access_denied"


def find(case: Case) -> Verdict | None:
    """EACCES before any SYN."""
    return forbidding_route(case, "prohibit", "EACCES")
