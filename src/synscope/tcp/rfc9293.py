"""RFC 9293's state machine: figure 5 of section 3.3.2, with its notes, as a table.

The figure "illustrates only state changes, together with the causing events and resulting actions".
Which of these Linux makes, and how, is in `tcp.transitions`.
"""

from typing import NamedTuple


class RfcTransition(NamedTuple):
    """An arrow of the figure: `source` goes to `target` on `event`, doing `action` (empty: nothing)."""

    source: str
    event: str
    target: str
    action: str = ""


FIGURE_5 = (
    RfcTransition("CLOSED", "passive OPEN", "LISTEN", "create TCB"),
    RfcTransition("LISTEN", "CLOSE", "CLOSED", "delete TCB"),
    RfcTransition("CLOSED", "active OPEN", "SYN-SENT", "create TCB, snd SYN"),
    RfcTransition("SYN-SENT", "CLOSE", "CLOSED", "delete TCB"),
    RfcTransition("LISTEN", "rcv SYN", "SYN-RECEIVED", "snd SYN,ACK"),
    RfcTransition("LISTEN", "SEND", "SYN-SENT", "snd SYN"),
    RfcTransition("SYN-RECEIVED", "rcv RST", "LISTEN"),  # note 1: after a passive OPEN
    RfcTransition("SYN-SENT", "rcv SYN", "SYN-RECEIVED", "snd SYN,ACK"),
    RfcTransition("SYN-RECEIVED", "rcv ACK of SYN", "ESTABLISHED"),
    RfcTransition("SYN-SENT", "rcv SYN,ACK", "ESTABLISHED", "snd ACK"),
    RfcTransition("SYN-RECEIVED", "CLOSE", "FIN-WAIT-1", "snd FIN"),
    RfcTransition("ESTABLISHED", "CLOSE", "FIN-WAIT-1", "snd FIN"),
    RfcTransition("ESTABLISHED", "rcv FIN", "CLOSE-WAIT", "snd ACK"),
    RfcTransition("FIN-WAIT-1", "rcv ACK of FIN", "FIN-WAIT-2"),
    RfcTransition("FIN-WAIT-1", "rcv FIN", "CLOSING", "snd ACK"),
    RfcTransition("FIN-WAIT-1", "rcv FIN, ACK of FIN", "TIME-WAIT", "snd ACK"),  # note 2: not drawn there
    RfcTransition("FIN-WAIT-2", "rcv FIN", "TIME-WAIT", "snd ACK"),
    RfcTransition("CLOSING", "rcv ACK of FIN", "TIME-WAIT"),
    RfcTransition("CLOSE-WAIT", "CLOSE", "LAST-ACK", "snd FIN"),
    RfcTransition("LAST-ACK", "rcv ACK of FIN", "CLOSED"),
    RfcTransition("TIME-WAIT", "Timeout=2MSL", "CLOSED", "delete TCB"),
)
"""Its arrows. Note 3: an RST, received or sent, ends any state, which the figure does not draw."""

NOT_IN_LINUX = {
    ("LISTEN", "SYN-SENT"): "a listener's send() fails with EPIPE, its connect() with EISCONN",
    ("FIN-WAIT-1", "TIME-WAIT"): "one segment makes both steps: FIN_WAIT1 > FIN_WAIT2 > TIME_WAIT",
}
"""Arrows that Linux does not have, and why."""
