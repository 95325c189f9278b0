"""The cheap first test: whether a connection has anything that a rule could speak of."""

from synscope.diagnosis.case import Case
from synscope.diagnosis.lawful import is_lawful
from synscope.events.wire import PathKind
from synscope.tcp.header import ACK, SYN

SLOW_SYN_NS = 50_000_000
"""From the SYN's making to its first device: beyond this something held it (a neighbour, most likely)."""
SLOW_ACCEPT_NS = 200_000_000
"""In the accept queue: beyond this it is worth asking why; `rules.slow_accept` has the rest."""
VERY_SLOW_NS = 1_000_000_000
"""In the accept queue: beyond this it is the program's doing, whatever else it accepted meanwhile."""
_TFO_KIND = b"\x22"


def is_healthy(case: Case) -> bool:
    """Established and accepted without a retransmission, a drop, an error, or anything unusual."""
    healthy = case.established and _client_is(case) and _server_is(case) and _path_is(case)
    return healthy and is_lawful(case)


def _client_is(case: Case) -> bool:
    client = case.client
    if client is None:
        return True
    to_itself = client.address == client.peer_address and client.port == client.peer_port
    if client.retransmits or client.sk_err or client.drop_reason or client.sk_err_soft or to_itself:
        return False
    return "SYN_RECV" not in case.reached and case.translated is None


def _server_is(case: Case) -> bool:
    server = case.server
    if server is None:
        return True
    if server.retransmits or server.drop_reason or (server.listener and server.listener.syn_cookie):
        return False
    queued, accepted = case.moment("queued", "server"), case.moment("accepted", "server")
    if queued is None:
        return "SYN_RECV" in case.reached
    until = accepted or case.last_ns
    return until - queued < SLOW_ACCEPT_NS and _is_accepted(case, queued, accepted)


def _is_accepted(case: Case, queued: int, accepted: int | None) -> bool:
    """Also one that is closed by its listener before accept() is worth a look; so is a failing accept()."""
    if case.client is None and case.translated is not None:
        return False
    return accepted is not None or (case.moment("closed", "server") is None and not case.around.failed)


def _path_is(case: Case) -> bool:
    """Path detail: the SYN left at once, nothing changed on the way, connect() was called once."""
    if case.record:
        return True
    if any(call.interrupted for call in case.connects):
        return False
    made = case.syn_out_ns
    images: dict[int, bytes] = {}
    for event, header in case.seen:
        if event.kind == PathKind.DROPPED:
            return False
        if not header.bits & SYN:
            continue
        if made is not None and not header.bits & ACK and event.t - made > SLOW_SYN_NS:
            return False
        options = event.header[20 : event.header_len]
        if images.setdefault(header.bits & ACK, options) != options or _TFO_KIND in options:
            return False
    return True
