"""The local port was given, and with this destination it is taken.

What happened
    bind() had chosen the local port, and another socket of the host has the same four-tuple (both
    addresses and ports): an open connection, or one in TIME_WAIT that may not be reused yet. connect()
    fails with EADDRNOTAVAIL.

How synscope knows
    The half has a local port and a bind milestone; SYN_SENT and at once CLOSE inside tcp_v4_connect;
    connect() returned -EADDRNOTAVAIL (__inet_check_established).

What it would look like otherwise
    Without bind(): ephemeral-ports-exhausted. bind() itself failing: address-in-use.

What to do
    Do not bind() clients to a fixed port. If it must be: wait for TIME_WAIT to end (60 s), close with an
    RST (SO_LINGER 0) on purpose, or set net.ipv4.tcp_tw_reuse=1. `ss -tan sport = :PORT` shows the socket
    that has it.

Related codes
    ephemeral-ports-exhausted, address-in-use
"""

from synscope.diagnosis.before_syn import returned
from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import in_namespace
from synscope.text import endpoint

CODE = "local-port-conflict"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = None
ERROR_TYPE = "address_not_available"


def find(case: Case) -> Verdict | None:
    """EADDRNOTAVAIL with a port that bind() gave."""
    half = case.client
    if half is None or case.outcome != "address_in_use" or case.syn_out_ns is not None:
        return None
    row = case.client_row
    port = half.port or (row.lport if row else None)
    prefix = in_namespace(half.pid, half.netns)
    return Verdict(
        summary=f"Local port {port} to {case.destination} is taken: another socket has the same two ends.",
        evidence=(
            f"bind() had given port {port} {case.at(case.moment('bind', 'client'))}",
            returned(case, "EADDRNOTAVAIL"),
            *_holders(case, port),
        ),
        counter_evidence=("the socket had a port: the ephemeral range is not the matter",),
        remedy=f"`{prefix}ss -tan 'sport = :{port}'` shows who has it (TIME-WAIT lasts 60 s); do not "
        "bind() clients to "
        "a fixed port.",
    )


def _holders(case: Case, port: int | None) -> tuple[str, ...]:
    half = case.client
    assert half is not None
    others = case.around.holders(half.netns, port, half.peer_port, half.cookie)
    return tuple(
        f"{who} connected from port {port} to {endpoint(half.peer_address, half.peer_port)} before"
        for who in others
    )
