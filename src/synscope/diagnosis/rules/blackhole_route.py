"""A route of type blackhole covers the destination.

What happened
    The routing table of the client's network namespace has a route, or a rule, of type blackhole for the
    address. connect() fails at once with EINVAL, which looks like a programming error; nothing is sent.

How synscope knows
    sys_exit: connect() returned -EINVAL and the socket never left CLOSE. Where traced, fib_table_lookup
    returned the same.

What it would look like otherwise
    EINVAL also comes from a source address that is not the host's (foreign-source-address), from an IPv6
    link-local address without an interface, and from a wrong address length (invalid-argument).

What to do
    `ip route show table all type blackhole` in the client's network namespace, and `ip rule` (a rule can
    say blackhole too). Remove it, or add a more specific route. Such routes are often left behind by
    VPNs, routing daemons and container networks.

Related codes
    no-route, unreachable-route, prohibit-route, invalid-argument, foreign-source-address
"""

from synscope.diagnosis.addresses import is_link_local6
from synscope.diagnosis.before_syn import forbidding_route, has_given_source
from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict

CODE = "blackhole-route"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = None
ERROR_TYPE = "invalid_argument"

_ERRNO = "EINVAL"


def find(case: Case) -> Verdict | None:
    """EINVAL before any SYN, which neither the address nor the source explains."""
    half = case.client
    if half is None or is_link_local6(half.peer_address):
        return None
    if has_given_source(case) and _ERRNO not in case.route_errors:
        return None
    return forbidding_route(case, "blackhole", _ERRNO)
