"""Which operations a socket has, by the events that told of them."""

import numpy as np

from rows import event, trace
from synscope.connections.operations import SocketOperations
from synscope.events.trace import Operations, Rows
from synscope.events.wire import PathKind

OPS, PROT, V4, MAPPED = 0xFFFFFFFF82000000, 0xFFFFFFFF82000100, 0xFFFFFFFF82000200, 0xFFFFFFFF82000300
KNOWN = {
    OPS: Operations("socket->ops", {"bind": "inet6_bind"}),
    PROT: Operations("sk_prot", {"connect": "tcp_v6_connect"}),
    V4: Operations("icsk_af_ops", {"queue_xmit": "inet6_csk_xmit"}),
    MAPPED: Operations("icsk_af_ops", {"queue_xmit": "ip_queue_xmit"}),
}


def told(t: int, cookie: int, family: int) -> Rows:
    first = np.array([OPS, PROT], "<u8").tobytes()
    return event(PathKind.OPS, t, cookie=cookie, saddr=first, daddr=np.array([family, 0], "<u8").tobytes())


def test_the_last_that_was_told_counts() -> None:
    found = SocketOperations(
        trace([], [told(9, 1, MAPPED), told(2, 1, V4), told(3, 2, V4)], footer={"operations": KNOWN})
    )
    assert found.tables(1) == (OPS, PROT, MAPPED)
    assert found.tables(2) == (OPS, PROT, V4)
    assert found.of(1) == {
        "socket->ops": {"bind": "inet6_bind"},
        "sk_prot": {"connect": "tcp_v6_connect"},
        "icsk_af_ops": {"queue_xmit": "ip_queue_xmit"},
    }


def test_what_was_not_read_is_none() -> None:
    found = SocketOperations(trace([], [told(1, 1, V4), event(PathKind.CALL, 2, cookie=3)]))
    assert found.of(1) is None
    assert (found.tables(3), found.of(3)) == ((), None)
    assert SocketOperations(trace([])).of(1) is None
