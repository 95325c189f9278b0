"""Linux's states of a TCP socket (include/net/tcp_states.h), without their `TCP_`.

They are RFC 9293's (section 3.3.2), with two more: SYN_RECV is split, because Linux keeps a request
as NEW_SYN_RECV (a small request_sock) until the final ACK makes a full socket of it. TIME_WAIT is kept
in a small socket of its own too (a tcp_timewait_sock): the full one is CLOSE from then on.
"""

from enum import IntEnum


class State(IntEnum):
    """`enum` of include/net/tcp_states.h: numbers are ABI (they are in TCP_INFO)."""

    ESTABLISHED = 1
    SYN_SENT = 2
    SYN_RECV = 3
    FIN_WAIT1 = 4
    FIN_WAIT2 = 5
    TIME_WAIT = 6
    CLOSE = 7
    CLOSE_WAIT = 8
    LAST_ACK = 9
    LISTEN = 10
    CLOSING = 11
    NEW_SYN_RECV = 12


RFC_NAMES = {
    "CLOSE": "CLOSED",
    "LISTEN": "LISTEN",
    "SYN_SENT": "SYN-SENT",
    "NEW_SYN_RECV": "SYN-RECEIVED",
    "SYN_RECV": "SYN-RECEIVED",
    "ESTABLISHED": "ESTABLISHED",
    "FIN_WAIT1": "FIN-WAIT-1",
    "FIN_WAIT2": "FIN-WAIT-2",
    "CLOSING": "CLOSING",
    "TIME_WAIT": "TIME-WAIT",
    "CLOSE_WAIT": "CLOSE-WAIT",
    "LAST_ACK": "LAST-ACK",
}
"""RFC 9293's name of each state (section 3.3.2); two of Linux's are one of the RFC's."""


def state_name(number: int) -> str:
    """The state's name, or `STATE_n` for a number that this table does not have."""
    try:
        return State(number).name
    except ValueError:
        return f"STATE_{number}"
