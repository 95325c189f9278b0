"""connect() or bind() was given an address that TCP cannot use.

What happened
    The address family is not the socket's (EAFNOSUPPORT), the address is too short (EINVAL), multicast or
    broadcast (ENETUNREACH), IPv4-mapped on a socket that is IPv6 only (ENETUNREACH), or IPv6 link-local
    without an interface (EINVAL).

How synscope knows
    sys_exit: the call's errno, the address as the hook cgroup/connect saw it, and a socket that never
    left CLOSE. A call that fails before that hook has an address that not even its length fits.

What it would look like otherwise
    EINVAL from a route of type blackhole: with an ordinary address (blackhole-route). ENETUNREACH without
    a route: with an ordinary address (no-route).

What to do
    Correct the program: the family of the socket must be the address's (getaddrinfo gives both);
    link-local addresses need a scope (`fe80::1%eth0`); TCP has no multicast and no broadcast.

Related codes
    blackhole-route, no-route, foreign-source-address
"""

from synscope.diagnosis.addresses import is_link_local6, is_unicast
from synscope.diagnosis.before_syn import failed_in_routing, is_broadcast_here, returned
from synscope.diagnosis.case import Case
from synscope.diagnosis.failed_calls import FailedCall
from synscope.diagnosis.verdict import Verdict

CODE = "invalid-argument"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = None
ERROR_TYPE = "invalid_argument"

_ERRORS = ("EINVAL", "EAFNOSUPPORT", "EFAULT", "EDESTADDRREQ")


def find(case: Case) -> Verdict | None:
    """connect() that failed for its address, before any SYN."""
    half = case.client
    if half is None or case.errno is None or not failed_in_routing(case, case.errno):
        return None
    why = _why(case)
    if why is None:
        return None
    return Verdict(
        summary=f"connect() to {case.destination} cannot work: {why}.",
        evidence=(returned(case, case.errno), f"cgroup/connect saw the address {half.peer_address}"),
        counter_evidence=("the socket stayed in CLOSE: no port was chosen and no SYN was made",),
        remedy="Correct the address, or make the socket of the address's family (getaddrinfo gives both).",
    )


def _why(case: Case) -> str | None:
    half, errno = case.client, case.errno
    assert half is not None
    if errno == "EAFNOSUPPORT":
        return "the address is of another family than the socket"
    if errno == "EINVAL" and is_link_local6(half.peer_address):
        return "a link-local address needs an interface (scope id)"
    if errno == "ENETUNREACH" and (not is_unicast(half.peer_address) or is_broadcast_here(case)):
        return "TCP has no multicast and no broadcast"
    if errno == "ENETUNREACH" and case.connection.mapped:
        return "the socket is IPv6 only (IPV6_V6ONLY), and the address is IPv4"
    return None


def of_call(call: FailedCall) -> Verdict | None:
    """bind(), or connect() before its hook, with an address that cannot be."""
    if call.name not in ("bind", "connect") or call.error not in _ERRORS:
        return None
    return Verdict(
        summary=f"{call.name}() of {call.who} was given an address that cannot be ({call.error}).",
        evidence=(
            f"sys_exit: {call.name}() returned -{call.error}",
            *(
                ("the hook cgroup/connect had not run: the address was refused at first sight",)
                if call.name == "connect"
                else ()
            ),
        ),
        doubts=("bind() on a socket that is bound already gives EINVAL too",)
        if call.name == "bind" and call.error == "EINVAL"
        else (),
        remedy="Correct the address, its length and its family (getaddrinfo gives all three).",
    )
