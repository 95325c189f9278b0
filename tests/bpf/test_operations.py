"""Operation pointers of sockets, against what the kernel's source puts there."""

import socket
from collections import Counter
from pathlib import Path

import pytest

from support.namespaces import Namespace
from support.prelude import client, ends, listen, say
from support.scripts import ran
from support.tracing import of_cgroup, tracing
from synscope.events.wire import PathKind

pytestmark = pytest.mark.needs_kernel

# net/ipv4/af_inet.c inet_stream_ops, net/ipv6/af_inet6.c inet6_stream_ops
STREAM = {
    "inet": {"bind": "inet_bind", "connect": "inet_stream_connect", "accept": "inet_accept"},
    "inet6": {"bind": "inet6_bind", "connect": "inet_stream_connect", "accept": "inet_accept"},
}
# net/ipv4/tcp_ipv4.c tcp_prot, net/ipv6/tcp_ipv6.c tcpv6_prot
PROT = {
    "inet": {"connect": "tcp_v4_connect", "accept": "inet_csk_accept", "close": "tcp_close"},
    "inet6": {"connect": "tcp_v6_connect", "accept": "inet_csk_accept", "close": "tcp_close"},
}
# net/ipv4/tcp_ipv4.c ipv4_specific, net/ipv6/tcp_ipv6.c ipv6_specific and ipv6_mapped
FAMILY = {
    "inet": {"queue_xmit": "ip_queue_xmit", "conn_request": "tcp_v4_conn_request"},
    "inet6": {"queue_xmit": "inet6_csk_xmit", "conn_request": "tcp_v6_conn_request"},
    "mapped": {"queue_xmit": "ip_queue_xmit", "conn_request": "tcp_v6_conn_request"},
}
KINDS = [
    ("127.0.0.1", "127.0.0.1", "inet", "inet"),
    ("::1", "::1", "inet6", "inet6"),
    ("::", "127.0.0.1", "inet", "mapped"),
    ("::", "::ffff:127.0.0.1", "mapped", "mapped"),
]


def pairs(at: str, to: str, count: int) -> None:
    """Connections to one listener, and a datagram socket beside them."""
    listener = listen(at)
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(("127.0.0.1", 0))
    for _ in range(count):
        active = client(to)
        active.connect((to, listener.getsockname()[1]))
        passive, _ = listener.accept()
        say(client=ends(active), server=ends(passive))


@pytest.mark.parametrize(("at", "to", "ours", "theirs"), KINDS)
def test_each_socket_has_its_own(
    netns: Namespace, cgroup: Path, at: str, to: str, ours: str, theirs: str
) -> None:
    with tracing(of_cgroup(cgroup)) as taken:
        ran(pairs, at, to, 1, namespace=netns, cgroup=cgroup)
    connection = taken.only()
    for half, kind in ((connection.client, ours), (connection.server, theirs)):
        assert half is not None
        assert half.ops is not None
        socket_kind = "inet" if kind == "inet" else "inet6"
        assert half.ops["socket->ops"].items() >= STREAM[socket_kind].items()
        assert half.ops["sk_prot"].items() >= PROT[socket_kind].items()
        assert half.ops["icsk_af_ops"].items() >= FAMILY[kind].items()


@pytest.mark.parametrize(("to", "most"), [("127.0.0.1", 1), ("::ffff:127.0.0.1", 2)])
def test_they_are_told_once_and_again_where_connect_changes_them(
    netns: Namespace, cgroup: Path, to: str, most: int
) -> None:
    with tracing(of_cgroup(cgroup)) as taken:
        reports = ran(pairs, "::", to, 3, namespace=netns, cgroup=cgroup)
    events = taken.trace.events
    told = Counter(events["cookie"][events["kind"] == PathKind.OPS].tolist())
    assert len(told) == 2 * 3 + 1
    assert [told[report["client"]["cookie"]] for report in reports] == [most] * 3
    assert [told[report["server"]["cookie"]] for report in reports] == [1] * 3


def test_record_detail_reads_none(netns: Namespace, cgroup: Path) -> None:
    with tracing(of_cgroup(cgroup, "record")) as taken:
        ran(pairs, "127.0.0.1", "127.0.0.1", 1, namespace=netns, cgroup=cgroup)
    connection = taken.only()
    assert connection.client is not None
    assert connection.client.ops is None
    assert not taken.trace.footer.operations
