"""The hooks behind the effects: whom they tell of, whom they let be, and what they lack."""

import threading

import numpy as np
import pytest

from support.call_trees import effects
from support.prelude import client, listen, say
from support.scripts import ran, running
from support.tracing import Taken, complete, of_cgroup, tracing
from synscope.events.trace import Hook, Rows
from synscope.events.wire import PathKind

pytestmark = pytest.mark.needs_kernel

KINDS = (PathKind.ROUTE, PathKind.TIMER, PathKind.WINDOW)
INIT = ["tcp_connect_init", "tcp_transmit_skb"]
ALL = ["ip_route_connect", "ip_route_newports", *INIT, "inet_csk_reset_xmit_timer"]


def accepting(count: int) -> None:
    """A server of `count` connections."""
    listener = listen()
    say(port=listener.getsockname()[1])
    for _ in range(count):
        listener.accept()[0].close()
    say()


def connecting(port: int, count: int) -> None:
    """`count` connections to that port."""
    for _ in range(count):
        with client() as active:
            active.connect(("127.0.0.1", port))


def at_once(threads_count: int, count: int) -> None:
    """Threads that all connect at once, each to a listener of its own."""
    barrier = threading.Barrier(threads_count)

    def work() -> None:
        listener = listen()
        barrier.wait()
        for _ in range(count):
            active = client()
            active.connect(listener.getsockname())
            listener.accept()[0].close()
            active.close()

    threads = [threading.Thread(target=work) for _ in range(threads_count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def rows(taken: Taken) -> Rows:
    """What the hooks told."""
    found: Rows = taken.trace.events[np.isin(taken.trace.events["kind"], KINDS)]
    return found


def test_whoever_is_not_traced_is_let_be(netns, cgroup):
    with tracing(of_cgroup(cgroup)) as taken, running(accepting, 5, namespace=netns) as server:
        ran(connecting, server.hello["port"], 5, namespace=netns)
    assert not len(rows(taken))
    assert not taken.connections()


def test_the_untraced_client_of_a_traced_server_has_its_effects_too(netns, cgroup):
    with (
        tracing(of_cgroup(cgroup)) as taken,
        running(accepting, 3, namespace=netns, cgroup=cgroup) as server,
    ):
        ran(connecting, server.hello["port"], 3, namespace=netns)
        server.read(1)
    found = taken.connections()
    assert [one.client and one.client.traced for one in found] == [False] * 3
    assert [effects(one) for one in found] == [ALL] * 3


def test_threads_that_connect_at_once_are_told_apart(netns, cgroup):
    with tracing(of_cgroup(cgroup)) as taken:
        ran(at_once, 8, 20, namespace=netns, cgroup=cgroup)
    found = taken.connections()
    assert complete(taken.trace)
    assert [effects(one) for one in found] == [ALL] * 160
    servers = {one.client.cookie: one.server.port for one in found if one.client and one.server}
    routes = rows(taken)[rows(taken)["kind"] == PathKind.ROUTE]
    ports = [int.from_bytes(bytes(header)[2:4], "big") for header in routes["header"]]
    assert [servers[cookie] for cookie in routes["cookie"].tolist()] == ports
    assert len(ports) == 3 * 160


def test_without_addresses_of_functions_timers_are_not_told(netns, cgroup, monkeypatch):
    monkeypatch.setattr("synscope.probes.session.addresses_of", lambda names: {})
    with tracing(of_cgroup(cgroup)) as taken:
        monkeypatch.undo()
        ran(at_once, 1, 1, namespace=netns, cgroup=cgroup)
    why = "/proc/kallsyms gives no address of tcp_write_timer and reqsk_timer_handler"
    assert Hook("tp_btf/timer_start", attached=False, why=why) in taken.trace.header.hooks
    assert effects(taken.only()) == ALL[:-1]


def test_what_they_lose_is_counted_as_theirs(netns, cgroup):
    with tracing(of_cgroup(cgroup, ring_bytes=4096)) as taken:
        ran(at_once, 1, 200, namespace=netns, cgroup=cgroup)
    lost = taken.trace.footer.lost["effects: ring full"]
    assert len(rows(taken)) + lost == 200 * (3 + 2 + 1)


def test_record_detail_has_none_of_them(netns, cgroup):
    with tracing(of_cgroup(cgroup, "record")) as taken:
        ran(at_once, 1, 1, namespace=netns, cgroup=cgroup)
    hooks = [hook.name for hook in taken.trace.header.hooks]
    assert not {"tp_btf/timer_start", "tp_btf/fib_table_lookup", "tp_btf/fib6_table_lookup"} & set(hooks)
    assert hooks.count("sockops") == hooks.count("cgroup/connect4") == 1
