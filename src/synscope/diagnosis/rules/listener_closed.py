"""The server closed its listener while the connection waited: it was reset or forgotten.

What happened
    The client's SYN had been answered, perhaps the handshake was complete and the connection waited for
    accept(); then the listening socket was closed (the program ended, restarted or gave the port up).
    What waits in its queues is reset (inet_csk_listen_stop); a final ACK that comes later finds no socket
    and is answered with an RST.

How synscope knows
    The listener's record has the time of its close, after the request and before accept(). In path detail
    the child's last transition is under inet_csk_listen_stop, and the RST is seen. Or the final ACK was
    freed with the reason NO_SOCKET: there was neither its request nor a listener any more.

What it would look like otherwise
    Left in the queue for more than a second before: slow-accept is what was wrong, and this its end, a
    warning. Closed before the SYN came: refused-no-listener. The server accepted and closed: the milestone
    accepted is there. The client closed first: nothing was lost.

What to do
    Restart without a gap: hand the listening socket over (systemd socket activation, SO_REUSEPORT with
    net.ipv4.tcp_migrate_req=1), accept what waits before closing, and let clients try again.

Related codes
    refused-no-listener, slow-accept, reset-during-handshake
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.drops import NO_SOCKET, Drop
from synscope.diagnosis.healthy import VERY_SLOW_NS
from synscope.diagnosis.listeners import Listening
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import dropped
from synscope.tcp.states import State

CODE = "listener-closed"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "RSTR"
ERROR_TYPE = "connection_reset"

_REMEDY = (
    "Accept what waits before closing, hand the listening socket over on a restart, and let clients try "
    "again."
)


def find(case: Case) -> Verdict | None:
    """A listener closed while a child waited for accept(), or a request for an established client's ACK."""
    if case.server is None or case.moment("accepted", "server") is not None:
        return None
    gone = [drop for drop in case.ack_drops if drop.reason == NO_SOCKET]
    if gone and case.moment("established", "client") and case.moment("queued", "server") is None:
        return _found_nobody(case, gone)
    queued, request = case.moment("queued", "server"), case.moment("request", "server")
    begun = queued or request
    closed = next((one for one in case.listeners if one.until_ns and begun and one.until_ns >= begun), None)
    if closed is None or not (_thrown_out(case) if queued else _left_alone(case, closed)):
        return None
    filtered = any(drop.by_netfilter for drop in case.ack_drops)
    slow = queued is not None and (closed.until_ns or 0) - queued > VERY_SLOW_NS
    waited = "in the accept queue" if queued is not None else "for its final ACK"
    return Verdict(
        summary=f"{closed.owner} closed its listener while the connection waited {waited}: it was reset.",
        evidence=(
            f"the listener was closed {case.at(closed.until_ns)}; the request was made {case.at(request)}",
            *(
                (
                    f"the child was queued {case.at(queued)}, never accepted, and closed by "
                    "inet_csk_listen_stop",
                )
                if queued
                else ()
            ),
            *_reset(case),
        ),
        counter_evidence=("the SYN had been answered: at that time it listened",),
        remedy=_REMEDY,
        doubts=("record detail does not see whether the rule that freed the ACK had reset the client",)
        if case.record and filtered
        else (),
        severity="warning" if slow or (case.record and filtered) else "error",
    )


def _found_nobody(case: Case, drops: list[Drop]) -> Verdict:
    """The final ACK came and met neither its request nor a listener: they go together."""
    closed = next((one for one in case.listeners if one.until_ns), None)
    who = closed.owner if closed else "the server"
    return Verdict(
        summary=f"{who} closed its listener while its SYN-ACK was on its way: the final ACK found nobody.",
        evidence=(
            f"the request was made {case.at(case.moment('request', 'server'))}",
            *((f"the listener was closed {case.at(closed.until_ns)}",) if closed else ()),
            *dropped(case, drops, "ACK"),
            *_reset(case),
        ),
        counter_evidence=("the SYN had been answered: at that time it listened",),
        doubts=() if closed else ("the close itself was not seen",),
        remedy=_REMEDY,
    )


def _thrown_out(case: Case) -> bool:
    """The child was ESTABLISHED to the last: a client that had closed first (CLOSE_WAIT) lost nothing."""
    row = case.server_row
    last = row.transitions[-1] if row and row.transitions else None
    if last is None or (last.source, last.target) != (State.ESTABLISHED, State.CLOSE):
        return False
    return "inet_csk_listen_stop" in case.around.path(last.stack) and not _is_own(case)


def _is_own(case: Case) -> bool:
    """One process with both ends, that ended."""
    pids = {one.pid for one in case.listeners}
    return case.client is not None and case.client.pid in pids


def _left_alone(case: Case, closed: Listening) -> bool:
    """The client believed in the connection before the listener was closed, and was not gone either."""
    resets = (one.sent_ns for one in case.connection.segments if one.source == "server" and "R" in one.flags)
    if any(t_ns is not None and t_ns < closed.until_ns for t_ns in resets if closed.until_ns):
        return False  # it was reset before
    believed, gone = case.moment("established", "client"), case.moment("closed", "client")
    assert closed.until_ns is not None
    if _is_own(case) or any(drop.reason == "TCP_LISTEN_OVERFLOW" for drop in case.ack_drops):
        return False
    return believed is not None and believed < closed.until_ns and (gone is None or gone > closed.until_ns)


def _reset(case: Case) -> tuple[str, ...]:
    resets = [one for one in case.connection.segments if one.source == "server" and "R" in one.flags]
    return (f"the server's host sent an RST {case.at(resets[0].sent_ns)}",) if resets else ()
