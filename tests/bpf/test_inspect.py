"""Sockets looked into while a test holds them in a known condition."""

import gc
import json
import os
import socket
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from support.namespaces import Namespace, network_namespace
from support.prelude import MPTCP, client, cookie, ends, hear, listen, name, say
from support.require import NOT_ON_THIS_KERNEL, require
from support.scripts import running
from support.tracing import of_cgroup, tracing
from synscope.capture.file import write
from synscope.cli.app import synscope
from synscope.errors import Exit
from synscope.events.socket_wire import RowKind
from synscope.kernel.btf import Btf
from synscope.kernel.members import Members
from synscope.kernel.netns import own
from synscope.live.inside import look
from synscope.live.inside.offered import offered
from synscope.probes.inspect import SocketIterators
from synscope.tcp.inside_fields import CONNECTION, LISTENER, REQUEST, TIME_WAIT, Field
from synscope.tcp.operations import STRUCTS

pytestmark = pytest.mark.needs_kernel


@pytest.fixture(autouse=True)
def root():
    require(os.geteuid() == 0, "needs root to read the kernel's sockets")


def queue_of_three() -> None:
    """A listener whose three clients nobody accepts, and one whose client has not sent what it waits for."""
    listener, deferring = listen(), socket.socket()
    deferring.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 30)
    deferring.bind(("127.0.0.1", 0))
    deferring.listen(7)
    waiting = [client() for _ in range(4)]
    for one in waiting[:3]:
        one.connect(listener.getsockname())
    waiting[3].connect(deferring.getsockname())
    say(
        pid=os.getpid(),
        fds=[listener.fileno(), deferring.fileno()],
        cookies=[cookie(listener), cookie(deferring)],
        ports=[one.getsockname()[1] for one in waiting],
        port=listener.getsockname()[1],
    )
    hear()


def every_family() -> None:
    """Sockets that are not TCP's, beside one that is."""
    kept = [
        *socket.socketpair(),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_TCP),
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0),
        client(),
    ]
    try:
        kept.append(client(protocol=MPTCP))
    except OSError as error:
        say(pid=os.getpid(), mptcp=name(error.errno))
    say(pid=os.getpid(), fds=[one.fileno() for one in kept], mptcp=None)
    hear()


def closed_twice() -> None:
    """A connection whose active side waits in TIME_WAIT."""
    listener, active = listen(), client()
    active.connect(listener.getsockname())
    passive, _ = listener.accept()
    known = ends(active)
    active.close()
    passive.recv(1)
    passive.close()
    say(pid=os.getpid(), client=known)
    hear()


def test_who_waits_at_a_listener(netns: Namespace) -> None:
    with running(queue_of_three, namespace=netns) as script:
        said = script.hello
        found = look.process(said["pid"])
        at_one = look.process(said["pid"], said["fds"][0])
        at_port = look.ports(netns.inum, {said["port"]})
    first, second = (next(one for one in found if one.cookie == each) for each in said["cookies"])
    waiting = {one.cookie: one for one in found if one.listener == first.cookie}
    assert first.accept_queue is not None
    assert [waiting[each].peer_port for each in first.accept_queue] == said["ports"][:3]
    assert (first.values["sk_ack_backlog"], first.values["sk_max_ack_backlog"]) == (3, 128)
    assert all(one.state == "ESTABLISHED" and one.socket_state is None for one in waiting.values())
    assert all(set(one.tables) == {"sk_prot", "icsk_af_ops"} for one in waiting.values())
    (request,) = (one for one in found if one.kind == "request")
    assert (request.state, request.listener, request.peer_port) == (
        "NEW_SYN_RECV",
        second.cookie,
        said["ports"][3],
    )
    assert second.values["qlen"] == 1
    assert request.timer is not None
    assert request.values["acked"] == 1
    assert {one.cookie for one in at_one} == {first.cookie, *first.accept_queue}
    assert Counter(one.kind for one in at_port) == {"socket": 1 + 3 + 3}
    assert {one.netns for one in found} == {netns.inum}


def long_queue() -> None:
    """300 children that nobody accepts."""
    listener = listen(backlog=400)
    waiting = [client() for _ in range(300)]
    for one in waiting:
        one.connect(listener.getsockname())
    say(pid=os.getpid(), fd=listener.fileno(), ports=[one.getsockname()[1] for one in waiting])
    hear()


def test_a_long_queue_is_told_in_part(netns: Namespace) -> None:
    with running(long_queue, namespace=netns) as script:
        found = look.process(script.hello["pid"], script.hello["fd"])
    (listener,) = (one for one in found if one.state == "LISTEN")
    ports = {one.cookie: one.peer_port for one in found}
    assert listener.values["sk_ack_backlog"] == 300
    assert listener.accept_queue is not None
    assert [ports[each] for each in listener.accept_queue] == script.hello["ports"][:200]


@pytest.mark.parametrize(
    ("struct", "fields"),
    [
        ("tcp_sock", (*LISTENER, *CONNECTION)),
        ("tcp_request_sock", REQUEST),
        ("tcp_timewait_sock", TIME_WAIT),
    ],
)
def test_every_field_is_one_of_this_kernel(struct: str, fields: tuple[Field, ...]) -> None:
    members = Members(Btf.kernel())
    of_kernel = [field for field in fields if field.paths]
    assert [one.name for one in of_kernel if not any(members.place(struct, path) for path in one.paths)] == []


def test_other_families_are_named_and_not_looked_into(netns: Namespace) -> None:
    with running(every_family, namespace=netns) as script:
        said = script.hello if script.hello["mptcp"] is None else script.read(1)[0]
        found = {each.fd: one for one in look.process(said["pid"]) for each in one.owners}
    kinds = [(found[fd].kind, found[fd].family, found[fd].protocol) for fd in said["fds"]]
    assert kinds[:6] == [
        ("other", "AF_UNIX", "0"),
        ("other", "AF_UNIX", "0"),
        ("other", "AF_INET", "IPPROTO_UDP"),
        ("other", "AF_INET6", "IPPROTO_TCP"),
        ("other", "AF_NETLINK", "0"),
        ("socket", "AF_INET", "IPPROTO_TCP"),
    ]
    assert found[said["fds"][3]].type == "SOCK_RAW"
    assert all(not found[fd].values for fd in said["fds"][:5])
    require(len(kinds) > 6, f"{NOT_ON_THIS_KERNEL} it has no MPTCP")
    assert kinds[6] == ("other", "AF_INET", "IPPROTO_MPTCP")
    assert found[said["fds"][6]].values == {}


def test_time_wait(netns: Namespace) -> None:
    with running(closed_twice, namespace=netns) as script:
        found = look.ports(netns.inum, {script.hello["client"]["port"]})
    (left,) = (one for one in found if one.state == "TIME_WAIT")
    assert (left.kind, left.port) == ("time_wait", script.hello["client"]["port"])
    assert left.cookie == script.hello["client"]["cookie"]
    assert left.timer is not None
    assert 0 < left.timer.expires_ms <= 61_000


def test_only_what_is_asked_for_leaves_the_kernel(netns: Namespace) -> None:
    with running(queue_of_three, namespace=netns) as script, SocketIterators() as sockets:
        said = script.hello
        one = sockets.open_in(said["pid"], said["fds"][0])
        opened = sockets.opened(netns.inum, {said["port"]})
        elsewhere = sockets.hashed({said["port"]})
    assert [int(row.fields["fd"]) for row in one] == [said["fds"][0]]
    assert {int(row.fields["pid"]) for row in opened} == {said["pid"]}
    assert {int(row.fields["netns"]) for row in opened} == {netns.inum}
    assert {int(row.fields["kind"]) for row in opened} == {RowKind.SOCKET}
    assert all(int(row.fields["netns"]) == own() for row in elsewhere)


def pair() -> None:
    """A connection, kept."""
    listener, active = listen(), client()
    active.connect(listener.getsockname())
    passive, _ = listener.accept()
    say(client=ends(active), server=ends(passive))
    hear()


def inspected(*words: str) -> Result:
    return CliRunner().invoke(synscope, ["inspect", *words], prog_name="synscope")


def test_the_halves_of_a_traced_connection(netns: Namespace, cgroup: Path, tmp_path: Path) -> None:
    saved = tmp_path / "pair.syn"
    with ExitStack() as stack:
        with tracing(of_cgroup(cgroup)) as taken:
            script = stack.enter_context(running(pair, namespace=netns, cgroup=cgroup))
        write(saved, taken.trace)
        shown = inspected("--connection", f"{saved}#c1", "--json")
        found = [json.loads(line) for line in shown.stdout.splitlines()]
    connection = taken.only()
    assert connection.client is not None
    assert connection.server is not None
    assert {one["cookie"] for one in found} == {script.hello[side]["cookie"] for side in ("client", "server")}
    assert {one["isns"]["own"] for one in found} == {connection.client.isn, connection.server.isn}
    (left,) = inspected("--connection", str(saved), "--json").stdout.splitlines()
    assert json.loads(left)["state"] == "TIME_WAIT"  # what was closed first keeps its cookie


def test_a_connection_whose_sockets_are_gone(cgroup: Path, tmp_path: Path) -> None:
    with network_namespace() as space, tracing(of_cgroup(cgroup)) as taken:
        with running(pair, namespace=space, cgroup=cgroup) as script:
            pass
        taken.finish()
        changed = taken.trace.halves.copy()
        changed["cookie"] = script.hello["client"]["cookie"] ^ 1 << 63
        write(tmp_path / "other.syn", msgspec.structs.replace(taken.trace, halves=changed))
        gone = inspected("--connection", str(tmp_path / "other.syn"))
    assert gone.exit_code == Exit.FAILED
    assert "its sockets are closed, or the trace is of another boot" in gone.stderr


def test_a_process_that_has_ended_has_none() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    assert look.process(child) == []


def test_what_the_kernel_offers() -> None:
    found = {one.call: one for one in offered()}
    tcp, udp = found["AF_INET, SOCK_STREAM, IPPROTO_TCP"], found["AF_INET, SOCK_DGRAM, IPPROTO_UDP"]
    assert tcp.tables["socket->ops"]["listen"].function == "inet_listen"
    assert tcp.tables["sk_prot"]["connect"].function == "tcp_v4_connect"
    assert udp.tables["socket->ops"]["listen"].function == "sock_no_listen"
    assert udp.tables["sk_prot"]["get_port"].function == "udp_v4_get_port"
    assert all(one.tables or one.refused for one in found.values())
    assert all(set(one.tables) <= set(STRUCTS) for one in found.values())


def test_nothing_is_left_open() -> None:
    before = descriptors()
    with network_namespace() as space:
        offered()
        look.ports(space.inum, {1})
    assert descriptors() == before


def descriptors() -> int:
    gc.collect()  # a memory map has a descriptor too, until it is collected
    return len([*Path("/proc/self/fd").iterdir()])
