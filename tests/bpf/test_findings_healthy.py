"""Connections of many kinds that nothing is wrong with: no finding, whatever the machine is busy with."""

import pytest

from support.diagnosed import codes, diagnosed, of_calls
from support.links import routed
from support.prelude import accept_null, client, hear, listen, say
from support.scripts import ran, running
from support.tracing import BOTH, of_cgroup, tracing

pytestmark = pytest.mark.needs_kernel


def pairs(address: str, count: int) -> None:
    listener = listen(address)
    for _ in range(count):
        active = client(address)
        active.connect(listener.getsockname()[:2])
        passive, _ = listener.accept()
        active.close()
        passive.close()


def burst(count: int) -> None:
    """All at once, then accepted in order."""
    listener = listen(backlog=1024)
    kept = []
    for _ in range(count):
        kept.append(client())
        kept[-1].setblocking(False)
        kept[-1].connect_ex(listener.getsockname())
    for _ in range(count):
        listener.accept()[0].close()


def without_blocking(count: int) -> None:
    import select

    listener = listen()
    for _ in range(count):
        active = client()
        active.setblocking(False)
        active.connect_ex(listener.getsockname())
        select.select([], [active], [])
        accept_null(listener).close()
        active.close()


def far_server(count: int) -> None:
    listener = listen("0.0.0.0", 9090)
    say()
    for _ in range(count):
        listener.accept()[0].close()
    hear()


def far_client(count: int) -> None:
    for _ in range(count):
        active = client()
        active.connect(("198.51.100.1", 9090))
        active.recv(1)
        active.close()


def accused(taken) -> list[object]:
    found = [(one.id, codes(one), one.findings) for one in diagnosed(taken) if one.findings]
    return [*found, *of_calls(taken)]


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_one_after_the_other(netns, cgroup, address, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        ran(pairs, address, 200, namespace=netns, cgroup=cgroup)
    assert len(diagnosed(taken)) == 200
    assert accused(taken) == []


@pytest.mark.parametrize("detail", BOTH)
def test_many_at_once(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        ran(burst, 300, namespace=netns, cgroup=cgroup)
    assert len(diagnosed(taken)) == 300
    assert accused(taken) == []


@pytest.mark.parametrize("detail", BOTH)
def test_without_blocking_and_accept_without_an_address(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        ran(without_blocking, 50, namespace=netns, cgroup=cgroup)
    assert accused(taken) == []


@pytest.mark.parametrize("detail", BOTH)
def test_over_a_router_with_neighbours_to_be_asked(netns, cgroup, detail):
    with (
        routed(netns) as (_, far),
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(far_server, 50, namespace=far, cgroup=cgroup),
    ):
        ran(far_client, 50, namespace=netns, cgroup=cgroup)
        taken.finish()
    assert len(diagnosed(taken)) == 50
    assert accused(taken) == []
