"""The server closed its listener while the connection waited: it was reset or forgotten.

What happened
    The client's SYN had been answered, perhaps the handshake was complete and the connection waited for
    accept(); then the listening socket was closed (the program ended, restarted or gave the port up).
    What waits in its queues is reset (inet_csk_listen_stop); a final ACK that comes later finds no socket
    and is answered with an RST.

How synscope knows
    The listener's record has the time of its close, after the request and before accept(). In path detail
    the child's last transition is under inet_csk_listen_stop, and the RST is seen.

What it would look like otherwise
    Closed before the SYN came: refused-no-listener. The server accepted and closed: the milestone
    accepted is there. The client closed first: nothing was lost.

What to do
    Restart without a gap: hand the listening socket over (systemd socket activation, SO_REUSEPORT with
    net.ipv4.tcp_migrate_req=1), accept what waits before closing, and let clients try again.

Related codes
    refused-no-listener, slow-accept, reset-during-handshake
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.listeners import Listening
from synscope.diagnosis.verdict import Verdict
from synscope.tcp.states import State

CODE = "listener-closed"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "RSTR"
ERROR_TYPE = "connection_reset"


def find(case: Case) -> Verdict | None:
    """A listener closed while a child waited for accept(), or a request for an established client's ACK."""
    if case.server is None or case.moment("accepted", "server") is not None:
        return None
    queued, request = case.moment("queued", "server"), case.moment("request", "server")
    begun = queued or request
    closed = next((one for one in case.listeners if one.until_ns and begun and one.until_ns >= begun), None)
    if closed is None or not (_thrown_out(case) if queued else _left_alone(case, closed)):
        return None
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
        remedy="Accept what waits before closing, hand the listening socket over on a restart, and let "
        "clients "
        "try again.",
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
    believed, gone = case.moment("established", "client"), case.moment("closed", "client")
    assert closed.until_ns is not None
    if _is_own(case) or any(drop.reason == "TCP_LISTEN_OVERFLOW" for drop in case.ack_drops):
        return False
    return believed is not None and believed < closed.until_ns and (gone is None or gone > closed.until_ns)


def _reset(case: Case) -> tuple[str, ...]:
    resets = [one for one in case.connection.segments if one.source == "server" and "R" in one.flags]
    return (f"the server's host sent an RST {case.at(resets[0].sent_ns)}",) if resets else ()
