"""A listener of that port exists, in another network namespace or on another address.

What happened
    The connection was refused, and a process of this trace does listen on the same port, where the SYN
    could not find it: in another network namespace (a container), or bound to another address (127.0.0.1
    instead of all, IPv4 instead of IPv6).

How synscope knows
    The trace has the listening socket: its namespace, address, port and owner. It was open when the SYN
    was sent.

What it would look like otherwise
    Without such a listener there is only refused-no-listener. Listeners that were there before the trace
    began, or that are not traced, are not known.

What to do
    Connect to the address that is listened on, bind the server to all addresses (0.0.0.0, or :: with
    IPV6_V6ONLY off), or publish the port from its namespace.

Related codes
    refused-no-listener
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.listeners import Listening
from synscope.diagnosis.verdict import Verdict
from synscope.text import endpoint

CODE = "listener-elsewhere"
SEVERITY = "info"
ROLE = "besides"
CONN_STATE = "REJ"
ERROR_TYPE = "connection_refused"

_SHOWN = 3


def find(case: Case) -> Verdict | None:
    """Refused for want of a listener, while another place has one of that port."""
    half = case.client
    if half is None or case.outcome != "refused" or any(drop.by_netfilter for drop in case.syn_drops):
        return None
    if case.ended_by == "icmp":
        return None
    when = case.syn_out_ns or case.start_ns
    others = [one for one in case.around.listeners if one.port == half.peer_port and one.open_at(when)]
    others = [one for one in others if one not in case.listeners]
    if not others:
        return None
    netns = case.peer_netns
    return Verdict(
        summary=f"{others[0].owner} listens on port {half.peer_port}, but {_difference(others[0], case)}.",
        evidence=tuple(
            f"{one.owner} listens on {_place(one)}, open at that moment" for one in others[:_SHOWN]
        ),
        counter_evidence=(f"the SYN went to {case.destination}{_in(netns)}",),
        doubts=("that this is the server that was meant is a guess from its port",),
        remedy=f"Connect to {_place(others[0])}, or let {others[0].owner} listen where the client "
        "connects to.",
    )


def _difference(one: Listening, case: Case) -> str:
    """Where the SYN came to is not known in record detail: there it would have found one that takes it."""
    netns, half = case.peer_netns, case.client
    takes = half is not None and one.takes(half.peer_address)
    if takes if netns is None else one.netns != netns:
        return f"in another network namespace ({one.netns})"
    return f"on another address ({endpoint(one.address, one.port)})"


def _place(one: Listening) -> str:
    return f"{endpoint(one.address, one.port)}{_in(one.netns)}"


def _in(netns: int | None) -> str:
    return "" if netns is None else f" in network namespace {netns}"
