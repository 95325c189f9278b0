"""The socket connected to itself.

What happened
    connect() to a port of this host in the ephemeral range, where nobody listened: the kernel happened to
    choose the same port as the local one, the SYN came back to its own socket, and TCP's simultaneous
    open made a connection of it. What the program writes it reads back; and the real server cannot bind
    its port.

How synscope knows
    Both ends are one address and port; the states went SYN_SENT, SYN_RECV, ESTABLISHED on one socket.

What it would look like otherwise
    Two sockets that connect to each other: simultaneous-open. A listener on the port: an ordinary
    handshake.

What to do
    Let servers listen on ports outside net.ipv4.ip_local_port_range (or reserve them:
    net.ipv4.ip_local_reserved_ports), and compare getsockname() with getpeername() after connecting to a
    port of the own host.

Related codes
    simultaneous-open, refused-no-listener
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict

CODE = "self-connect"
SEVERITY = "warning"
ROLE = "cause"
CONN_STATE = "S1"
ERROR_TYPE = None


def find(case: Case) -> Verdict | None:
    """Established with itself."""
    half = case.client
    if half is None or not case.established or half.port is None:
        return None
    if (half.address, half.port) != (half.peer_address, half.peer_port):
        return None
    return Verdict(
        summary=f"The socket connected to itself: both ends are {case.destination}.",
        evidence=(
            f"local and remote end are {case.destination}",
            "states: " + " > ".join(case.reached[:3]),
        ),
        counter_evidence=("no server half: nobody listened there",) if case.server is None else (),
        remedy="Reserve the port (net.ipv4.ip_local_reserved_ports), or serve from one outside "
        "net.ipv4.ip_local_port_range.",
    )
