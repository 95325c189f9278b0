"""No local port was free for connect(): the ephemeral range is used up.

What happened
    connect() on an unbound socket picks a local port from net.ipv4.ip_local_port_range such that the
    four-tuple is unique. All were taken for that destination: by connections, and by TIME_WAIT sockets of
    connections that this host closed. connect() fails with EADDRNOTAVAIL. bind() to port 0 has fewer to
    choose from, for it does not know the destination: it fails with EADDRINUSE.

How synscope knows
    CLOSE to SYN_SENT and back to CLOSE inside tcp_v4_connect, no port, no SYN, and connect() returned
    -EADDRNOTAVAIL: inet_hash_connect found no port. How many of the range this trace saw in use is
    counted.

What it would look like otherwise
    A port given by bind() whose four-tuple is taken: the half has a port (local-port-conflict). bind() to
    an address that is not the host's: no state change (foreign-source-address).

What to do
    Reuse connections (keep-alive, a pool); let the peer close first, so that TIME_WAIT is there; widen
    net.ipv4.ip_local_port_range; net.ipv4.tcp_tw_reuse=1 with timestamps; more destination addresses or
    source addresses. `ss -s` and `ss -tan state time-wait | wc -l` count them.

Related codes
    local-port-conflict, foreign-source-address
"""

from synscope.diagnosis.before_syn import returned
from synscope.diagnosis.case import Case
from synscope.diagnosis.failed_calls import FailedCall
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import in_namespace

CODE = "ephemeral-ports-exhausted"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = None
ERROR_TYPE = "address_not_available"


def of_call(call: FailedCall) -> Verdict | None:
    """bind() to an address and port 0: inet_csk_get_port() found none in the range."""
    if (call.name, call.error, call.port) != ("bind", "EADDRINUSE", 0):
        return None
    return Verdict(
        summary=f"No local port is free for bind() of {call.who}: the ephemeral range is used up.",
        evidence=(
            "sys_exit: bind() returned -EADDRINUSE",
            "cgroup/bind saw port 0: any port would have done",
        ),
        counter_evidence=("no port was asked for: it is not one port that is taken",),
        remedy="Widen net.ipv4.ip_local_port_range, or set IP_BIND_ADDRESS_NO_PORT before bind(): then "
        "connect() chooses the port, by the four-tuple; "
        f"`nsenter -t {call.pid} -n ss -tan` shows who holds the ports.",
    )


def find(case: Case) -> Verdict | None:
    """inet_hash_connect() failed on a socket without a port."""
    half = case.client
    if half is None or case.outcome != "no_local_port" or case.reached[:2] != ["SYN_SENT", "CLOSE"]:
        return None
    span = case.around.sysctl("net.ipv4.ip_local_port_range", half.netns)
    used = case.around.ports_to(half.netns, half.peer_address, half.peer_port)
    prefix = in_namespace(half.pid, half.netns)
    return Verdict(
        summary=f"No local port is free for {case.destination}: the ephemeral range is used up.",
        evidence=(
            "SYN_SENT and at once CLOSE in tcp_v4_connect or tcp_v6_connect, without a port: "
            "inet_hash_connect found none",
            returned(case, "EADDRNOTAVAIL"),
            *((f"net.ipv4.ip_local_port_range is {span}",) if span else ()),
            *((f"{used} other local ports of this trace go to the same place",) if used else ()),
        ),
        counter_evidence=("the socket has no port: it was not bind() that chose one",),
        remedy=f"Reuse connections, or widen net.ipv4.ip_local_port_range; `{prefix}ss -tan dst "
        f"{half.peer_address}` "
        "shows who holds the ports (TIME-WAIT: this side closed first).",
    )
