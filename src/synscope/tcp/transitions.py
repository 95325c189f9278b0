"""Linux's TCP state machine: every change of state, what causes it, and the function that makes it.

How it works
    A socket is born in CLOSE. connect() makes it SYN_SENT and sends the SYN (active open); listen() makes
    it LISTEN (passive open). A listener never leaves LISTEN for a connection: a SYN makes a request_sock
    beside it, in NEW_SYN_RECV, and the ACK of its SYN-ACK makes of that a full socket, cloned from the
    listener. The clone is in SYN_RECV for a moment, then ESTABLISHED. So `inet_sock_set_state` tells
    LISTEN > SYN_RECV (that is column `seen`) where the request goes from NEW_SYN_RECV to SYN_RECV.

    Two shortcuts lead from LISTEN to SYN_RECV without a request that is kept: a SYN cookie (RFC 4987: the
    state is in the SYN-ACK's sequence number and comes back with the ACK), and TCP Fast Open (RFC 7413:
    the SYN has data and a valid cookie, the child is made at once, and sends the SYN-ACK itself).

    Two sockets that connect to each other both go SYN_SENT > SYN_RECV > ESTABLISHED (simultaneous open):
    only there is a full socket in SYN_RECV for long.

    Who closes first goes by FIN_WAIT1 and FIN_WAIT2 (or CLOSING, if both did) to TIME_WAIT; who closes
    second by CLOSE_WAIT and LAST_ACK to CLOSE. TIME_WAIT is no state of the socket: tcp_time_wait() puts
    a tcp_timewait_sock in its place and ends the socket by tcp_done(): what the tracepoint tells is
    FIN_WAIT2 > CLOSE. An orphan in FIN_WAIT2 is replaced in the same way before the FIN has come.

    Anything else ends in CLOSE at once (`ABORTS`): an RST, an ICMP error, a timeout; or the owner, who
    closes with data unread, with SO_LINGER 0, or by connect() to AF_UNSPEC.

Rules
    A change that is in no row is illegal, and so is one that another function made. `by` names the
    function that calls the setter (tcp_set_state, inet_sk_set_state, inet_sk_state_store), and after it
    those that compilers may have inlined it into, or that call it in other versions. The tests hold traces
    of 6.1, 6.12 and 6.18 against the table. A socket's changes join: each leaves the state that the one
    before has entered.
"""

from functools import cache
from typing import Literal, NamedTuple

TCP = "net/ipv4/tcp.c"
INPUT = "net/ipv4/tcp_input.c"
MINISOCKS = "net/ipv4/tcp_minisocks.c"
CSK = "net/ipv4/inet_connection_sock.c"

FILES = {
    "tcp_v4_connect": "net/ipv4/tcp_ipv4.c",
    "tcp_v6_connect": "net/ipv6/tcp_ipv6.c",
    "tcp_v4_rcv": "net/ipv4/tcp_ipv4.c",
    "inet_csk_listen_start": CSK,
    "inet_csk_clone_lock": CSK,
    "tcp_create_openreq_child": MINISOCKS,
    "tcp_v4_syn_recv_sock": "net/ipv4/tcp_ipv4.c",
    "tcp_v6_syn_recv_sock": "net/ipv6/tcp_ipv6.c",
    "reqsk_timer_handler": CSK,
    "tcp_conn_request": INPUT,
    "tcp_finish_connect": INPUT,
    "tcp_fin": INPUT,
    "tcp_rcv_state_process": INPUT,
    "tcp_rcv_synsent_state_process": INPUT,
    "tcp_check_req": MINISOCKS,
    "tcp_time_wait": MINISOCKS,
    "tcp_timewait_state_process": MINISOCKS,
    "tw_timer_handler": "net/ipv4/inet_timewait_sock.c",
    "tcp_shutdown": TCP,
    "tcp_close_state": TCP,
    "tcp_close": TCP,
    "__tcp_close": TCP,
    "tcp_disconnect": TCP,
    "tcp_done": TCP,
    "tcp_done_with_error": INPUT,
    "tcp_abort": TCP,
}
"""Where each function is, in the kernel's source."""


class Transition(NamedTuple):
    """A row: `source` goes to `target` on `event`.

    Attributes:
        sends: the segment that goes out with it; empty for none.
        by: the functions that make it; the first is the one that the kernel's source names.
        section: of RFC 9293, where no other RFC is named.
        seen: how `inet_sock_set_state` tells it.
        figure: whether it is an arrow of the state diagram.
    """

    source: str
    event: str
    target: str
    sends: str
    by: tuple[str, ...]
    section: str
    seen: tuple[str, str] | Literal["as it is", "never"] = "as it is"
    figure: bool = True

    @property
    def told(self) -> tuple[str, str] | None:
        """The two states that the tracepoint tells; None where it is silent."""
        if self.seen == "never":
            return None
        return (self.source, self.target) if self.seen == "as it is" else self.seen


_CONNECT = ("tcp_v4_connect", "tcp_v6_connect")
_CLOSE = ("__tcp_close", "tcp_shutdown", "tcp_close", "tcp_close_state")
_SYNSENT = ("tcp_rcv_synsent_state_process", "tcp_rcv_state_process")
_GONE = ("tcp_done", "tcp_done_with_error")
_CLONED = (
    *("inet_csk_clone_lock", "tcp_create_openreq_child"),
    *("tcp_v4_syn_recv_sock", "tcp_v6_syn_recv_sock"),
)

# fmt: off
LINUX = (
    # Opening
    Transition("CLOSE", "listen()", "LISTEN", "", ("inet_csk_listen_start",), "3.10.1"),
    Transition("LISTEN", "close()", "CLOSE", "",
               ("__tcp_close", "tcp_close", "tcp_disconnect", "tcp_abort", "inet_csk_listen_start"),
               "3.10.4"),
    Transition("CLOSE", "connect()", "SYN_SENT", "SYN", _CONNECT, "3.10.1"),
    Transition("SYN_SENT", "close()", "CLOSE", "", (*_CLOSE, "tcp_disconnect"), "3.10.4"),
    Transition("SYN_SENT", "no port or route", "CLOSE", "", _CONNECT, "3.10.1", figure=False),
    Transition("LISTEN", "rcv SYN", "NEW_SYN_RECV", "SYN-ACK", ("tcp_conn_request",), "3.10.7.2",
               seen="never"),
    Transition("NEW_SYN_RECV", "rcv RST", "LISTEN", "", ("tcp_check_req",), "3.10.7.4", seen="never"),
    Transition("NEW_SYN_RECV", "timeout", "LISTEN", "", ("reqsk_timer_handler",), "3.8.3",
               seen="never", figure=False),
    Transition("NEW_SYN_RECV", "rcv ACK of SYN", "SYN_RECV", "", _CLONED, "3.10.7.4",
               seen=("LISTEN", "SYN_RECV")),
    Transition("LISTEN", "rcv ACK, SYN cookie", "SYN_RECV", "", _CLONED, "RFC 4987 3.6"),
    Transition("LISTEN", "rcv SYN, Fast Open", "SYN_RECV", "SYN-ACK", _CLONED,
               "RFC 7413 4.2", figure=False),
    Transition("SYN_SENT", "rcv SYN", "SYN_RECV", "SYN-ACK", _SYNSENT, "3.10.7.3"),
    Transition("SYN_SENT", "rcv SYN-ACK", "ESTABLISHED", "ACK", ("tcp_finish_connect", *_SYNSENT),
               "3.10.7.3"),
    Transition("SYN_RECV", "rcv ACK of SYN", "ESTABLISHED", "", ("tcp_rcv_state_process",), "3.10.7.4"),
    # Closing
    Transition("SYN_RECV", "close()", "FIN_WAIT1", "FIN", _CLOSE, "3.10.4"),
    Transition("SYN_RECV", "rcv FIN", "CLOSE_WAIT", "ACK", ("tcp_fin",), "3.10.7.4", figure=False),
    Transition("ESTABLISHED", "close()", "FIN_WAIT1", "FIN", _CLOSE, "3.10.4"),
    Transition("ESTABLISHED", "rcv FIN", "CLOSE_WAIT", "ACK", ("tcp_fin",), "3.10.7.4"),
    Transition("FIN_WAIT1", "rcv ACK of FIN", "FIN_WAIT2", "", ("tcp_rcv_state_process",), "3.10.7.4"),
    Transition("FIN_WAIT1", "rcv FIN", "CLOSING", "ACK", ("tcp_fin",), "3.10.7.4"),
    Transition("FIN_WAIT2", "rcv FIN", "TIME_WAIT", "ACK", ("tcp_time_wait", *_GONE), "3.10.7.4",
               seen=("FIN_WAIT2", "CLOSE")),
    Transition("CLOSING", "rcv ACK of FIN", "TIME_WAIT", "", ("tcp_time_wait", *_GONE), "3.10.7.4",
               seen=("CLOSING", "CLOSE")),
    Transition("CLOSE_WAIT", "close()", "LAST_ACK", "FIN", _CLOSE, "3.10.4"),
    Transition("LAST_ACK", "rcv ACK of FIN", "CLOSE", "", _GONE, "3.10.7.4"),
    Transition("TIME_WAIT", "2MSL timeout", "CLOSE", "", ("tw_timer_handler",), "3.10.8", seen="never"),
    Transition("TIME_WAIT", "rcv RST", "CLOSE", "", ("tcp_timewait_state_process",), "RFC 1337 3",
               seen="never", figure=False),
    Transition("TIME_WAIT", "rcv SYN", "NEW_SYN_RECV", "SYN-ACK",
               ("tcp_timewait_state_process", "tcp_v4_rcv"), "RFC 6191 2", seen="never", figure=False),
)
"""The rows, in the order of a connection's life. A TIME_WAIT here lasts 60 s (TCP_TIMEWAIT_LEN)."""


class Abort(NamedTuple):
    """From each of `sources` to CLOSE at once; columns as a `Transition`'s."""

    event: str
    sources: tuple[str, ...]
    sends: str
    by: tuple[str, ...]
    section: str


_OPEN = ("SYN_RECV", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "CLOSE_WAIT", "CLOSING", "LAST_ACK")

ABORTS = (
    Abort("rcv RST", ("SYN_SENT", *_OPEN), "", _GONE, "3.10.7.3, 3.10.7.4"),
    Abort("ICMP error", ("SYN_SENT", "SYN_RECV"), "", _GONE, "3.9.2.2"),
    Abort("timeout", ("SYN_SENT", *_OPEN), "", _GONE, "3.8.3"),
    Abort("no memory for the child", ("SYN_RECV",), "", _GONE, "3.10.7.2"),
    Abort("close(), data unread", _OPEN, "RST", ("__tcp_close", "tcp_close"), "RFC 1122 4.2.2.13"),
    Abort("SO_LINGER 0, AF_UNSPEC, listener closed", ("SYN_SENT", *_OPEN), "RST", ("tcp_disconnect",),
          "3.10.5"),
    Abort("ss -K, BPF", ("LISTEN", "SYN_SENT", *_OPEN), "RST", (*_GONE, "tcp_abort"), "3.10.5"),
)
"""The ways to CLOSE that every state has, which diagrams leave out (RFC 9293 figure 5, note 3)."""
# fmt: on

STORED_AGAIN = ("FIN_WAIT1", "FIN_WAIT2", "CLOSING", "LAST_ACK")
"""States that tcp_close_state() stores where they are already: close() after the FIN was sent by shutdown()
(net/ipv4/tcp.c, new_state[]). The tracepoint tells it like a change."""

_TRACING = ("return_to_handler", "arch_rethook_trampoline", "bpf_", "ftrace_", "kretprobe_", "0x")
"""What a stack has in a function's place while that one is traced itself, or has no name."""


def maker(function: str | None) -> str | None:
    """A function's own name, without what compilers add to it; None where it says nothing of the maker."""
    if function is None or function.startswith(_TRACING):
        return None
    return function.split(".", 1)[0]


@cache
def makers(source: str, target: str) -> frozenset[str]:
    """The functions that may make the change that the tracepoint tells so; empty: none, it is illegal."""
    rows = {function for row in LINUX if row.told == (source, target) for function in row.by}
    if source == target and source in STORED_AGAIN:
        return frozenset({"__tcp_close", "tcp_close", "tcp_shutdown"})
    aborts = [row for row in ABORTS if target == "CLOSE" and source in row.sources]
    return frozenset(rows.union(*(row.by for row in aborts)))


@cache
def figure() -> dict[tuple[str, str], Transition]:
    """The diagram's arrows, by the states that they join."""
    return {(row.source, row.target): row for row in LINUX if row.figure}
