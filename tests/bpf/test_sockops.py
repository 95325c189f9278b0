"""Sockops programs share their sockets with other tracers, which also ask for socket cookies."""

import pytest

from support.counters import growth, tcp_counters
from support.namespaces import child_cgroup
from support.prelude import client, listen, say
from support.scripts import ran
from support.tracing import BOTH, of_cgroup, tracing

pytestmark = pytest.mark.needs_kernel


def accepted(count: int) -> None:
    """`count` connections, one after another, each accepted and closed."""
    listener = listen()
    for _ in range(count):
        active = client()
        active.connect(listener.getsockname())
        listener.accept()[0].close()
        active.close()
    say()


@pytest.mark.parametrize("detail", BOTH)
def test_of_two_tracers_both_see_a_syn_cookie(netns, cgroup, detail):
    """The one that is asked first gives the child its cookie; the other must not take it for a request's."""
    netns.run("sysctl", "-qw", "net.ipv4.tcp_syncookies=2")
    before = tcp_counters(netns)
    with tracing(of_cgroup(cgroup, detail)) as one, tracing(of_cgroup(cgroup, detail)) as other:
        ran(accepted, 3, namespace=netns, cgroup=cgroup)
    assert growth(before, tcp_counters(netns))["SyncookiesRecv"] == 3
    for taken in (one, other):
        listeners = [found.server.listener for found in taken.connections() if found.server]
        assert [listener.syn_cookie for listener in listeners if listener] == [True] * 3


@pytest.mark.parametrize("detail", BOTH)
def test_what_another_traces_is_no_syn_cookie(netns, cgroup, detail):
    """Requests that the one turns away are the other's; neither makes a SYN cookie of them."""
    with (
        child_cgroup() as another,
        tracing(of_cgroup(cgroup, detail)) as one,
        tracing(of_cgroup(another, detail)) as other,
    ):
        ran(accepted, 3, namespace=netns, cgroup=another)
    assert one.connections() == []
    assert [found.server.listener.syn_cookie for found in other.connections()] == [False] * 3
