"""The source address is not the host's, or the host has none to use.

What happened
    bind() was given an address that no interface of the network namespace has (a typing error, an address
    that moved, an interface that is not up yet): EADDRNOTAVAIL. Or connect() was to use such a source, or
    found none of the right scope for the destination.

How synscope knows
    sys_exit: bind() on a TCP socket returned -EADDRNOTAVAIL. Or connect() returned -EADDRNOTAVAIL while
    the socket had no port and never left CLOSE; or -EINVAL or -ENETUNREACH with a source that bind() had
    given, and no route lookup that failed: the source is checked before it.

What it would look like otherwise
    Ports used up: the socket goes to SYN_SENT and back (ephemeral-ports-exhausted). The port taken:
    EADDRINUSE (address-in-use). A blackhole route: EINVAL without a bound source (blackhole-route).

What to do
    `ip addr` in that namespace; bind to an address that is there, or to none. Servers that start before
    their address is there can set IP_FREEBIND or net.ipv4.ip_nonlocal_bind=1.

Related codes
    address-in-use, ephemeral-ports-exhausted, blackhole-route
"""

from synscope.diagnosis.before_syn import failed_in_routing, has_given_source, returned
from synscope.diagnosis.case import Case
from synscope.diagnosis.failed_calls import FailedCall
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import in_namespace

CODE = "foreign-source-address"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = None
ERROR_TYPE = "address_not_available"


def find(case: Case) -> Verdict | None:
    """connect() that failed for its source, before any SYN."""
    half = case.client
    if half is None or (half.port and not has_given_source(case)):
        return None
    missing = failed_in_routing(case, "EADDRNOTAVAIL")
    if not missing and not _is_foreign(case):
        return None
    prefix = in_namespace(half.pid, half.netns)
    foreign = not missing
    sure = case.route_was_looked_up is False
    return Verdict(
        summary=f"The source address {half.address} is not the host's: connect() failed before any SYN."
        if foreign
        else f"There is no source address for {half.peer_address}: connect() failed before any SYN.",
        evidence=(
            returned(case, case.errno or ""),
            *((f"bind() had given the source {half.address}",) if foreign else ()),
            *(("no route was looked up: the source is checked before that",) if foreign and sure else ()),
        ),
        counter_evidence=("the socket stayed in CLOSE: ports were not even looked for",),
        doubts=("a blackhole route gives the same errno: the route lookup was not traced",)
        if foreign and not sure
        else (),
        remedy=f"`{prefix}ip addr` must show the source address; bind to one that is there, or to none.",
    )


def _is_foreign(case: Case) -> bool:
    """EINVAL, or ENETUNREACH where it is known that no table was asked (ip_route_output_key_hash_rcu)."""
    if not has_given_source(case) or "EINVAL" in case.route_errors:
        return False
    unasked = case.route_was_looked_up is False and failed_in_routing(case, "ENETUNREACH")
    return unasked or failed_in_routing(case, "EINVAL")


def of_call(call: FailedCall) -> Verdict | None:
    """bind() with EADDRNOTAVAIL."""
    if call.name != "bind" or call.error != "EADDRNOTAVAIL":
        return None
    return Verdict(
        summary=f"bind() of {call.who} failed: the address is not one of this host's.",
        evidence=("sys_exit: bind() returned -EADDRNOTAVAIL",),
        counter_evidence=("a port that is taken would be EADDRINUSE",),
        remedy=f"`nsenter -t {call.pid} -n ip addr` lists the addresses that bind() takes (or set "
        "IP_FREEBIND).",
    )
