"""Addresses or ports were translated between the ends.

What happened
    The connection was rewritten on the way (DNAT, SNAT, a load balancer, a published container port): its
    two ends name different addresses or ports, but it is one connection.

How synscope knows
    A client half and a server half of this trace have the same two initial sequence numbers, which
    translation keeps, and different addresses or ports. 64 bits do not agree by chance.

What it would look like otherwise
    A proxy makes a connection of its own, with other sequence numbers. Without both halves in the trace
    nothing is known.

What to do
    Nothing, if it is meant. `conntrack -L` and `nft list table ip nat` (or `ipvsadm -L`) in the
    namespaces between show the translation.

Related codes
    options-altered
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict
from synscope.events.decode import address_text
from synscope.text import endpoint

CODE = "nat-between"
SEVERITY = "info"
ROLE = "besides"
CONN_STATE = "S1"
ERROR_TYPE = None


def find(case: Case) -> Verdict | None:
    """The other half is in the trace under other addresses."""
    other, half = case.translated, case.client or case.server
    if other is None or half is None:
        return None
    local = endpoint(address_text(other.local, other.family), other.lport)
    remote = endpoint(address_text(other.remote, other.family), other.rport)
    own = endpoint(half.address, half.port), endpoint(half.peer_address, half.peer_port)
    return Verdict(
        summary=f"Addresses were translated between the ends: {own[0]} to {own[1]} is {remote} to "
        f"{local} there.",
        evidence=(
            f"this half: {own[0]} to {own[1]}, the other: {local} to {remote}",
            "both have the same two initial sequence numbers",
        )
        if case.client is not None
        else (
            f"this half: {own[0]} from {own[1]}, the other: {local} to {remote}",
            "both have the same two initial sequence numbers",
        ),
        counter_evidence=("a proxy would have sequence numbers of its own",),
        remedy="Nothing, if it is meant; `conntrack -L` and the nat tables between show the translation.",
    )
