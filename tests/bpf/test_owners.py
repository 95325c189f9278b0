"""Who owns each half, against what the processes say of themselves; never who softirq interrupted."""

import os
import socket
import struct
import threading
from pathlib import Path
from typing import Any

import pytest

from support.namespaces import cgroup2_mount
from support.prelude import client, cookie, hear, listen, myself, rename, say
from support.scripts import Report, ran, running
from support.tracing import BOTH, of_cgroup, summary, tracing
from synscope.connections.model import Connection, Half

pytestmark = pytest.mark.needs_kernel


def serve(address: str, count: int, comm: str, uid: int) -> None:
    """Accept `count` connections; say for each who accepted it."""
    os.setuid(uid)
    rename(comm)
    listener = listen(address)
    say(port=listener.getsockname()[1])
    for _ in range(count):
        passive, _ = listener.accept()
        say(cookie=cookie(passive), **myself())
    hear()


def call(address: str, port: int, count: int, comm: str, uid: int) -> None:
    """connect() `count` times; say for each who did."""
    os.setuid(uid)
    rename(comm)
    kept = []
    for _ in range(count):
        kept.append(client(address))
        kept[-1].connect((address, port))
        say(cookie=cookie(kept[-1]), **myself())


def threads(address: str, count: int) -> None:
    """`count` client threads and `count` server threads, each with a name of its own."""
    listener = listen(address)
    kept = []

    def connecting(number: int) -> None:
        rename(f"client-{number}")
        active = client(address)
        active.connect(listener.getsockname())
        kept.append(active)
        say(cookie=cookie(active), **myself())

    def accepting(number: int) -> None:
        rename(f"server-{number}")
        passive, _ = listener.accept()
        kept.append(passive)
        say(cookie=cookie(passive), **myself())

    work = [threading.Thread(target=f, args=(n,)) for n in range(count) for f in (connecting, accepting)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()


def prefork(address: str, count: int) -> None:
    """A parent that listens, and children, forked afterwards, that accept one connection each."""
    rename("parent")
    listener = listen(address)
    say(port=listener.getsockname()[1], **myself())
    children = []
    for _ in range(count):
        child = os.fork()
        if not child:
            rename("child")
            passive, _ = listener.accept()
            say(cookie=cookie(passive), **myself())
            passive.recv(1)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


def handed_over(address: str) -> None:
    """The socket is made by the parent, and connect()ed by a child under another uid."""
    listener, active = listen(address), client(address)
    child = os.fork()
    if not child:
        os.setuid(65534)
        rename("child")
        active.connect(listener.getsockname())
        say(cookie=cookie(active), **myself())
        os._exit(0)
    passive, _ = listener.accept()
    os.waitpid(child, 0)
    say(cookie=cookie(passive), **myself())


def owner(half: Half) -> dict[str, Any]:
    return {name: getattr(half, name) for name in ("pid", "tid", "uid", "comm", "netns", "cgroup")}


def as_synscope_names(report: Report) -> dict[str, Any]:
    """A process's own report, its cgroup as the directory's inode (which is the cgroup's id)."""
    path = cgroup2_mount() / report["cgroup"].lstrip("/")
    named = {name: report[name] for name in ("pid", "tid", "uid", "comm", "netns")}
    return named | {"cgroup": path.stat().st_ino}


def assert_owned(found: list[Connection], reports: list[Report]) -> None:
    """Every half of every connection is owned by the one who says so, and nobody is missing."""
    halves = [half for one in found for half in (one.client, one.server) if half]
    expected = {report["cookie"]: as_synscope_names(report) for report in reports}
    assert {half.cookie: owner(half) for half in halves} == expected, [summary(one) for one in found]


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize(("address", "uids"), [("127.0.0.1", (0, 65534)), ("::1", (1234, 0))])
def test_both_halves_are_owned_by_who_says_so(netns, cgroup, address, uids, detail):
    where = {"namespace": netns, "cgroup": cgroup}
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(serve, address, 20, "a server", uids[0], **where) as server,
    ):
        port = server.hello["port"]
        reports = ran(call, address, port, 20, "clientclientclient", uids[1], **where) + server.read(20)
    assert len(taken.connections()) == 20
    assert_owned(taken.connections(), reports)


@pytest.mark.parametrize("detail", BOTH)
def test_threads_are_told_apart(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        reports = ran(threads, "127.0.0.1", 8, namespace=netns, cgroup=cgroup)
    assert len({report["tid"] for report in reports}) == 16
    assert_owned(taken.connections(), reports)


@pytest.mark.parametrize("detail", BOTH)
def test_a_connection_belongs_to_the_child_that_accepted_it(netns, cgroup, detail):
    where = {"namespace": netns, "cgroup": cgroup}
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(prefork, "127.0.0.1", 4, **where) as server,
    ):
        reports = ran(call, "127.0.0.1", server.hello["port"], 4, "client", 0, **where) + server.read(4)
    assert len({report["pid"] for report in reports}) == 5
    assert_owned(taken.connections(), reports)
    parent = server.hello["pid"]
    assert all(one.server and one.server.pid != parent for one in taken.connections())


@pytest.mark.parametrize("detail", BOTH)
def test_a_socket_belongs_to_whoever_connects_it(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        reports = ran(handed_over, "127.0.0.1", namespace=netns, cgroup=cgroup)
    assert_owned(taken.connections(), reports)


def busy(address: str, rounds: int, comm: str) -> None:
    """Connect to oneself as fast as possible: its softirq work lands on whoever runs."""
    rename(comm)
    listener = listen(address)
    for _ in range(rounds):
        active = client(address)
        active.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        active.connect(listener.getsockname())
        passive, _ = listener.accept()
        say(cookie=cookie(active), **myself())
        say(cookie=cookie(passive), **myself())
        active.close()
        passive.close()


@pytest.mark.parametrize("detail", BOTH)
def test_softirq_leaks_no_owner(netns, cgroup, detail):
    """Three processes keep both CPUs busy: each half is still its own owner's."""
    where = {"namespace": netns, "cgroup": cgroup}
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(busy, "127.0.0.1", 150, "first", **where) as first,
        running(busy, "::1", 150, "second", **where) as second,
    ):
        reports = ran(busy, "127.0.0.2", 150, "third", **where)
        for script in (first, second):
            reports += [script.hello, *script.read(299)]
    assert len(taken.connections()) == 450
    assert_owned(taken.connections(), reports)


@pytest.mark.parametrize("detail", BOTH)
def test_a_child_cgroup_is_its_own(netns, cgroup: Path, detail):
    inner = cgroup / "inner"
    inner.mkdir()
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(serve, "127.0.0.1", 1, "server", 0, namespace=netns, cgroup=cgroup) as server,
    ):
        port = server.hello["port"]
        reports = ran(call, "127.0.0.1", port, 1, "client", 0, namespace=netns, cgroup=inner)
        reports += server.read(1)
        expected = {report["cookie"]: as_synscope_names(report)["cgroup"] for report in reports}
    connection = taken.only()
    assert connection.client and connection.server
    assert {half.cookie: half.cgroup for half in (connection.client, connection.server)} == expected
    assert connection.client.cgroup == inner.stat().st_ino
