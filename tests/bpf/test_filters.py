"""What filters let through, against what processes say of their sockets: nobody else's halves and events."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import pytest

from support.namespaces import child_cgroup, network_namespace
from support.prelude import accept_null, client, cookie, ends, hear, listen, myself, name, reset_on_close, say
from support.scripts import Script, running
from support.tracing import BOTH, Taken, tracing
from synscope.events.trace import Trace
from synscope.events.wire import HalfFlag, PathKind, Side
from synscope.probes.session import Options

pytestmark = pytest.mark.needs_kernel

PORT, OTHER = 4242, 4243
ADDRESS, ELSEWHERE = "127.0.0.7", "127.0.0.1"
NO_ROUTE = "192.0.2.1"
CALLS = (PathKind.CALL, PathKind.SOCKET, PathKind.RETURN, PathKind.ACCEPT)
SEGMENTS = (PathKind.SENT, PathKind.RECEIVED, PathKind.DROPPED)


def busy(address: str, port: int) -> None:
    """Connections of every kind that touch a filter, when told to; each socket says whose it is."""
    kept = []

    def told(kind: str, sock: Any, **more: Any) -> None:
        kept.append(sock)
        say(kind=kind, cookie=cookie(sock), **myself(), **more)

    def attempt(kind: str, target: tuple[str, int]) -> None:
        active = client(target[0])
        code = active.connect_ex(target)
        told(kind, active, error=name(code), remote=target[0], rport=target[1], lport=active.getsockname()[1])

    say(ready=True)
    hear()
    told("idle", client(address))
    attempt("refused", (address, port))
    attempt("no_route", ("192.0.2.1", port))
    listener = listen(address, port)
    told("listener", listener, local=address, lport=port)
    for take in (lambda: listener.accept()[0], lambda: accept_null(listener)):
        attempt("client", (address, port))
        passive = take()
        told("server", passive, local=address, lport=port, rport=ends(passive)["peer_port"])
    attempt("not_accepted", (address, port))
    say(done=True)
    hear()
    for sock in kept:
        sock.close()
    say(closed=True)


class Party(list[dict[str, Any]]):
    """What the sockets of one `busy` process said."""

    def cookies(self, *kinds: str) -> set[int]:
        return {one["cookie"] for one in self if not kinds or one["kind"] in kinds}


@contextmanager
def parties(stack: ExitStack, places: list[dict[str, Any]]) -> Iterator[list[Script]]:
    """A `busy` process in each place."""
    yield [stack.enter_context(running(busy, *place.pop("at"), **place)) for place in places]


def work(script: Script) -> Party:
    """All that it does up to the closing of its sockets."""
    said = Party()
    script.tell()
    while "done" not in (report := script.read(1)[0]):
        said.append(report)
    script.ask()
    return said


def strangers(trace: Trace, own: Party, wanted: set[int]) -> list[tuple[Any, ...]]:
    """Halves and events of nobody who is wanted."""
    listeners = own.cookies("listener") & wanted
    halves = trace.halves
    ours = np.isin(halves["cookie"], list(wanted)) | np.isin(halves["listener"], list(listeners))
    known = wanted | set(halves[ours]["cookie"].tolist())
    found = [
        (
            "half",
            Side(row["side"]).name,
            row["netns"],
            row["lport"],
            row["rport"],
            HalfFlag(int(row["flags"])),
        )
        for row in halves[~ours]
    ]
    return found + [("event", *event) for event in strange_events(trace, own, known)]


def strange_events(trace: Trace, own: Party, known: set[int]) -> Iterator[tuple[Any, ...]]:
    """Events of other sockets; a call that has none yet is its thread's next one that has, or is ours."""
    events = np.sort(trace.events, order="t")
    threads = {one["tid"] for one in own}
    for place, event in enumerate(events):
        number = int(event["cookie"])
        if event["kind"] in CALLS and not number:
            later = events[place + 1 :]
            number = next((int(c) for c in later[later["tid"] == event["tid"]]["cookie"] if c), 0)
        if number in known or (event["kind"] in CALLS and not number and event["tid"] in threads):
            continue
        if event["kind"] in SEGMENTS and not number and event["netns"] == own[0]["netns"]:
            continue
        yield PathKind(event["kind"]).name, number, event["tid"], event["netns"]


@pytest.fixture
def spaces():
    """Two network namespaces and two cgroups."""
    with network_namespace() as one, network_namespace() as other, child_cgroup() as a, child_cgroup() as b:
        yield one, other, a, b


def taken_with(
    options: dict[str, Any], detail: str, own: dict[str, Any], others: list[dict[str, Any]], pid=False
):
    """The trace, with `own` and `others` at work, and what own's sockets said. Others go first and last."""
    with ExitStack() as stack, parties(stack, [own, *others]) as (mine, *theirs):
        if pid:
            options["pid"] = mine.process.pid
        with tracing(Options(detail=detail, **options)) as taken:
            for script in theirs:
                work(script)
            said = work(mine)
        return taken, said


EXPECTED = {"client", "refused", "no_route", "listener", "server", "not_accepted"}


def assert_only(taken: Taken, own: Party, wanted: set[int]) -> None:
    """Nobody else's rows, and each of the wanted sockets has one."""
    assert strangers(taken.trace, own, wanted) == []
    seen = set(taken.trace.halves["cookie"].tolist())
    missing = [one for one in own if one["cookie"] in wanted - seen and one["kind"] in EXPECTED]
    assert missing == []
    if taken.trace.header.detail == "path":
        returned = taken.trace.events[taken.trace.events["kind"] == PathKind.RETURN]
        called = set(returned["cookie"].tolist())
        wanting = own.cookies("client", "refused", "no_route", "listener") & wanted
        assert wanting - called == set()


@pytest.mark.parametrize("peers", [True, False])
@pytest.mark.parametrize("detail", BOTH)
def test_a_namespace(spaces, detail, peers):
    one, other, a, b = spaces
    at = (ADDRESS, PORT)
    own, others = {"at": at, "namespace": one, "cgroup": a}, [{"at": at, "namespace": other, "cgroup": b}]
    taken, said = taken_with({"netns": one.inum, "peers": peers}, detail, own, others)
    assert_only(taken, said, said.cookies())
    assert set(taken.trace.halves["netns"].tolist()) <= {one.inum, 0}


@pytest.mark.parametrize("peers", [True, False])
@pytest.mark.parametrize("detail", BOTH)
def test_a_cgroup(spaces, detail, peers):
    one, other, a, b = spaces
    own = {"at": (ADDRESS, PORT), "namespace": one, "cgroup": a}
    others = [
        {"at": (ADDRESS, PORT), "namespace": other, "cgroup": b},
        {"at": (ELSEWHERE, PORT), "namespace": one, "cgroup": b},
    ]
    taken, said = taken_with({"cgroup": a, "peers": peers}, detail, own, others)
    assert_only(taken, said, said.cookies())


@pytest.mark.parametrize("peers", [True, False])
@pytest.mark.parametrize("detail", BOTH)
def test_a_process(spaces, detail, peers):
    one, other, a, b = spaces
    own = {"at": (ADDRESS, PORT), "namespace": one, "cgroup": a}
    others = [
        {"at": (ADDRESS, PORT), "namespace": other, "cgroup": b},
        {"at": (ELSEWHERE, PORT), "namespace": one, "cgroup": a},
    ]
    taken, said = taken_with({"peers": peers}, detail, own, others, pid=True)
    assert_only(taken, said, said.cookies())


@pytest.mark.parametrize("detail", BOTH)
def test_a_port(spaces, detail):
    one, _other, a, b = spaces
    own = {"at": (ADDRESS, PORT), "namespace": one, "cgroup": a}
    others = [{"at": (ADDRESS, OTHER), "namespace": one, "cgroup": b}]
    taken, said = taken_with({"port": PORT}, detail, own, others)
    assert_only(taken, said, said.cookies() - said.cookies("idle"))


@pytest.mark.parametrize("detail", BOTH)
def test_an_address(spaces, detail):
    one, _other, a, b = spaces
    own = {"at": (ADDRESS, PORT), "namespace": one, "cgroup": a}
    others = [{"at": (ELSEWHERE, PORT), "namespace": one, "cgroup": b}]
    taken, said = taken_with({"address": ADDRESS}, detail, own, others)
    assert_only(taken, said, said.cookies() - said.cookies("idle", "no_route"))


@pytest.mark.parametrize("detail", BOTH)
def test_an_address_to_which_no_route_leads(spaces, detail):
    one, _other, a, _b = spaces
    own = {"at": (ADDRESS, PORT), "namespace": one, "cgroup": a}
    taken, said = taken_with({"address": NO_ROUTE}, detail, own, [])
    assert_only(taken, said, said.cookies("no_route"))


def serve(port: int, count: int) -> None:
    """Accept and close; each child says whose it is."""
    listener = listen("127.0.0.1", port)
    say(ready=True)
    for _ in range(count):
        passive, _ = listener.accept()
        say(kind="server", cookie=cookie(passive), **myself())
        passive.close()
    hear()


def call(port: int, count: int, source: int) -> None:
    """Connect and close, from the same port each time; each socket says whose it is."""
    say(ready=True)
    hear()
    for _ in range(count):
        active = client()
        reset_on_close(active)
        active.bind(("127.0.0.1", source))
        active.connect(("127.0.0.1", port))
        say(kind="client", cookie=cookie(active), **myself())
        active.close()
    say(done=True)
    hear()


COUNT, SOURCE = 3, 5353


def abroad(taken, space):
    """Events of other namespaces: the kind, and what of its TCP header."""
    rows = taken.trace.events
    rows = rows[~np.isin(rows["netns"], [0, space.inum])]
    return [(PathKind(int(row["kind"])).name, row["header"].tobytes()[:14].hex()) for row in rows]


def between(stack, netns, ours, theirs, server_first):
    """A client and a server process in one namespace, in one cgroup each."""
    where = {"server": ours, "client": theirs} if server_first else {"server": theirs, "client": ours}
    server = stack.enter_context(running(serve, PORT, COUNT, namespace=netns, cgroup=where["server"]))
    caller = stack.enter_context(running(call, PORT, COUNT, SOURCE, namespace=netns, cgroup=where["client"]))
    return server, caller


@pytest.mark.parametrize("syncookies", [1, 2])
@pytest.mark.parametrize("peers", [True, False])
@pytest.mark.parametrize("by", ["cgroup", "pid"])
@pytest.mark.parametrize("detail", BOTH)
def test_the_server_of_a_client(spaces, detail, by, peers, syncookies):
    """Another's, with its cookie, though that may come when the client's half has left; or not at all."""
    one, other, a, b = spaces
    with ExitStack() as stack:
        for space in (one, other):
            space.run("sysctl", "-qw", f"net.ipv4.tcp_syncookies={syncookies}")
        server, caller = between(stack, one, a, b, server_first=False)
        _far, strange = between(stack, other, b, b, server_first=False)
        options = {"cgroup": a} if by == "cgroup" else {"pid": caller.process.pid}
        with tracing(Options(detail=detail, peers=peers, **options)) as taken:
            strange.ask()
            called = called_by(caller)
        served = server.read(COUNT)
    rows = taken.trace.halves
    clients, servers = (rows[rows["side"] == side] for side in (Side.CLIENT, Side.SERVER))
    assert set(clients["cookie"].tolist()) == {one["cookie"] for one in called}
    assert set(servers["cookie"].tolist()) == ({one["cookie"] for one in served} if peers else set())
    assert {bool(flags & HalfFlag.PEER) for flags in servers["flags"].tolist()} <= {True}
    assert {bool(flags & HalfFlag.SYN_COOKIE) for flags in servers["flags"].tolist()} <= {syncookies == 2}
    assert abroad(taken, one) == []


def called_by(caller):
    """What it says of its sockets, once it was told to connect."""
    caller.tell()
    return caller.read(COUNT + 1)[:COUNT]


@pytest.mark.parametrize("syncookies", [1, 2])
@pytest.mark.parametrize("peers", [True, False])
@pytest.mark.parametrize("detail", BOTH)
def test_the_clients_of_a_server(spaces, detail, peers, syncookies):
    """Those of others that reach it; not those of its port in another namespace."""
    one, other, a, b = spaces
    with ExitStack() as stack:
        for space in (one, other):
            space.run("sysctl", "-qw", f"net.ipv4.tcp_syncookies={syncookies}")
        with tracing(Options(detail=detail, peers=peers, cgroup=a)) as taken:
            server, caller = between(stack, one, a, b, server_first=True)
            _far, strange = between(stack, other, b, b, server_first=True)
            strange.ask()
            called = called_by(caller)
            served = server.read(COUNT)
    rows = taken.trace.halves
    clients, servers = (rows[rows["side"] == side] for side in (Side.CLIENT, Side.SERVER))
    assert set(servers["cookie"].tolist()) == {one["cookie"] for one in served}
    assert set(clients["cookie"].tolist()) == ({one["cookie"] for one in called} if peers else set())
    assert abroad(taken, one) == []
