"""The server answered with a SYN cookie: its SYN queue was full.

What happened
    The listener had no room for another request and kept nothing of the SYN: what it needs is coded into
    its sequence number (SYN cookie), and the connection is made when the ACK brings it back. Options that
    do not fit into the cookie are lost, and each such connection costs the server a hash.

How synscope knows
    The child was made without a request: LISTEN to SYN_RECV under cookie_v4_check (or cookie_v6_check),
    and no sockops callback for a request came.

What it would look like otherwise
    A request is made at the SYN and has the child's cookie (milestones request and synack_out).

What to do
    If it is no flood: raise listen()'s backlog (it also bounds the SYN queue) and
    net.ipv4.tcp_max_syn_backlog. net.ipv4.tcp_syncookies=2 sends cookies always. `nstat -az
    TcpExtSyncookiesSent` counts them.

Related codes
    syn-queue-full, accept-queue-overflow
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import times

CODE = "syn-cookies"
SEVERITY = "warning"
ROLE = "cause"
CONN_STATE = "S1"
ERROR_TYPE = None

_ALWAYS = "2"


def find(case: Case) -> Verdict | None:
    """The server's half came from a SYN cookie."""
    server = case.server
    if server is None or server.listener is None or not server.listener.syn_cookie:
        return None
    setting = case.around.sysctl("net.ipv4.tcp_syncookies", server.netns)
    full = _was_full(case)
    return Verdict(
        summary=f"The server answered with a SYN cookie: {_why(setting, full)}.",
        evidence=(
            "no request was made of the SYN, and the child was made of the final ACK "
            f"{case.at(case.moment('ack_in', 'server') or case.moment('queued', 'server'))}",
            *((full,) if full else ()),
            *((f"net.ipv4.tcp_syncookies={setting}",) if setting else ()),
        ),
        counter_evidence=("a request that is kept is seen when it is made (sockops)",),
        doubts=()
        if full or setting
        else ("net.ipv4.tcp_syncookies of that namespace is not known (2: always)",),
        remedy="Unless this is a flood, give listen() a longer backlog and raise "
        "net.ipv4.tcp_max_syn_backlog.",
        severity="info" if setting == _ALWAYS else "warning",
    )


def _why(setting: str | None, full: str | None) -> str:
    if setting == _ALWAYS:
        return "net.ipv4.tcp_syncookies=2 asks for it"
    known = full or setting
    return "its SYN queue was full" if known else "its SYN queue was full, or net.ipv4.tcp_syncookies is 2"


def _was_full(case: Case) -> str | None:
    """What the listener's records say of its SYN queue then."""
    listener = case.listeners[0] if case.listeners else None
    queue = case.queue(listener) if listener else None
    when = case.moment("syn_in", "server") or case.syn_out_ns or case.moment("ack_in", "server")
    if listener is None or queue is None or when is None:
        return None
    pending = queue.pending(when)
    if pending < max(1, listener.limit):
        return None
    return (
        f"{times(pending, 'request')} waited for their ACK when the SYN came; the backlog is {listener.limit}"
    )
