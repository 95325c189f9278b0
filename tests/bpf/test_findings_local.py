"""What fails on the client's own host before any SYN, against the errno that the caller got."""

import pytest

from support.cgroup_bpf import refusing
from support.diagnosed import codes, diagnosed, of_calls, of_clients, only
from support.links import linked
from support.prelude import client, hear, listen, name, say
from support.scripts import ran, running
from support.tracing import BOTH, of_cgroup, tracing
from support.workloads import connect, serve
from synscope.diagnosis.diagnose import unconnected

pytestmark = pytest.mark.needs_kernel

ROUTES = {
    "203.0.113.1": ("ENETUNREACH", "no-route"),
    "203.0.113.2": ("EHOSTUNREACH", "unreachable-route"),
    "203.0.113.3": ("EACCES", "prohibit-route"),
    "203.0.113.4": ("EINVAL", "blackhole-route"),
    "224.0.0.1": ("ENETUNREACH", "invalid-argument"),
    "2001:db8::1": ("ENETUNREACH", "no-route"),
    "2001:db8::2": ("EHOSTUNREACH", "unreachable-route"),
    "2001:db8::3": ("EACCES", "prohibit-route"),
    "2001:db8::4": ("EINVAL", "blackhole-route"),
    "fe80::1": ("EINVAL", "invalid-argument"),
}
TYPES = {"2": "unreachable", "3": "prohibit", "4": "blackhole"}


def call_each(addresses: list[str]) -> None:
    for address in addresses:
        active = client(address)
        code = active.connect_ex((address, 1234))
        say(address=address, errno=name(code), cookie=cookie(active))  # type: ignore[name-defined]  # noqa: F821
        active.close()


@pytest.mark.parametrize("detail", BOTH)
def test_routes(netns, cgroup, detail):
    for last, kind in TYPES.items():
        netns.run("ip", "route", "add", kind, f"203.0.113.{last}")
        netns.run("ip", "-6", "route", "add", kind, f"2001:db8::{last}")
    with tracing(of_cgroup(cgroup, detail)) as taken:
        reports = ran(call_each, list(ROUTES), namespace=netns, cgroup=cgroup)
    assert {one["address"]: one["errno"] for one in reports} == {
        to: errno for to, (errno, _) in ROUTES.items()
    }
    found = of_clients(taken)
    told = {one["address"]: found[one["cookie"]] for one in reports}
    blind = detail == "record"
    assert told == {to: ["connect-failed" if blind else code] for to, (_, code) in ROUTES.items()}


def use_up(address: str, count: int) -> None:
    listener = listen(address, 3333)
    kept = [client(address) for _ in range(count + 1)]
    for active in kept:
        say(errno=name(active.connect_ex(listener.getsockname())))


@pytest.mark.parametrize("detail", BOTH)
def test_no_port_is_left(netns, cgroup, detail):
    netns.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=20000 20003")
    with tracing(of_cgroup(cgroup, detail)) as taken:
        reports = ran(use_up, "127.0.0.1", 4, namespace=netns, cgroup=cgroup)
    assert [one["errno"] for one in reports] == [None] * 4 + ["EADDRNOTAVAIL"]
    *others, last = diagnosed(taken)
    assert not any(one.findings for one in others)
    assert codes(last) == ["ephemeral-ports-exhausted" if detail == "path" else "connect-failed"]
    if detail == "path":
        assert "4 other local ports of this trace go to the same place" in last.findings[0].evidence


def same_port_twice() -> None:
    import socket

    listener = listen()
    for _ in range(2):
        active = client()
        active.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        active.bind(("127.0.0.1", 4321))
        say(errno=name(active.connect_ex(listener.getsockname())))
        globals().setdefault("kept", []).append(active)


@pytest.mark.parametrize("detail", BOTH)
def test_the_local_port_is_taken(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        reports = ran(same_port_twice, namespace=netns, cgroup=cgroup)
    assert [one["errno"] for one in reports] == [None, "EADDRNOTAVAIL"]
    first, second = diagnosed(taken)
    assert codes(first) == []
    assert codes(second) == ["local-port-conflict" if detail == "path" else "connect-failed"]


def bind_each(port: int) -> None:
    import os

    for address in ("127.0.0.1", "203.0.113.9"):
        active = client()
        try:
            active.bind((address, port))
        except OSError as error:
            say(errno=name(error.errno or 0))
    os.setuid(65534)
    try:
        client().bind(("127.0.0.1", 80))
    except OSError as error:
        say(errno=name(error.errno or 0))


def test_bind(netns, cgroup):
    with (
        running(serve, namespace=netns, cgroup=cgroup) as server,
        tracing(of_cgroup(cgroup)) as taken,
    ):
        reports = ran(bind_each, server.hello["port"], namespace=netns, cgroup=cgroup)
    assert [one["errno"] for one in reports] == ["EADDRINUSE", "EADDRNOTAVAIL", "EACCES"]
    assert of_calls(taken) == ["address-in-use", "foreign-source-address", "permission-denied"]
    in_use, _, denied = unconnected(taken.trace)
    assert f" to port {server.hello['port']} failed" in in_use.summary
    assert " to port 80 was refused: the port is privileged" in denied.summary
    assert diagnosed(taken) == []


def from_foreign_source() -> None:
    import socket

    active = client()
    active.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND
    active.bind(("203.0.113.77", 0))
    say(errno=name(active.connect_ex(("192.0.2.2", 1234))))


def test_a_source_that_is_not_the_hosts(netns, cgroup):
    with linked(netns), tracing(of_cgroup(cgroup)) as taken:
        (report,) = ran(from_foreign_source, namespace=netns, cgroup=cgroup)
    assert report["errno"] in ("EINVAL", "ENETUNREACH")
    assert only(taken) == ["foreign-source-address"]


def refused_each(port: int) -> None:
    import socket

    for make in (lambda: client().connect_ex(("127.0.0.1", port)), lambda: client().bind(("127.0.0.1", 0))):
        try:
            say(errno=name(make() or 0))
        except OSError as error:
            say(errno=name(error.errno or 0))
    assert socket


@pytest.mark.parametrize(
    ("hook", "errnos", "of_connection", "elsewhere"),
    [
        ("connect4", ["EPERM", None], ["denied-by-policy"], []),
        ("bind4", ["ECONNREFUSED", "EPERM"], ["refused-no-listener"], ["denied-by-policy"]),
        ("sock_create", ["EPERM", "EPERM"], None, ["denied-by-policy"] * 2),
    ],
)
def test_a_program_on_the_cgroup_refuses(netns, cgroup, hook, errnos, of_connection, elsewhere):
    inner = cgroup / "inner"
    inner.mkdir()
    with refusing(inner, hook), tracing(of_cgroup(cgroup)) as taken:
        reports = ran(refused_each, 1234, namespace=netns, cgroup=inner)
    assert [one["errno"] for one in reports] == errnos
    assert [codes(one) for one in diagnosed(taken)] == ([of_connection] if of_connection else [])
    assert of_calls(taken) == elsewhere


def test_a_program_on_the_cgroup_refuses_and_record_detail_sees_no_errno(netns, cgroup):
    inner = cgroup / "inner"
    inner.mkdir()
    with refusing(inner, "connect4"), tracing(of_cgroup(cgroup, "record")) as taken:
        ran(connect, "127.0.0.1", 1234, namespace=netns, cgroup=inner)
    assert only(taken) == ["connect-failed"]


def wrong_addresses() -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    six = (10).to_bytes(2, "little") + bytes(26)
    for address in (six, six[:4]):
        active = client()
        libc.connect(active.fileno(), address, len(address))
        say(errno=name(ctypes.get_errno()))
        active.close()


def test_addresses_that_cannot_be(netns, cgroup):
    with tracing(of_cgroup(cgroup)) as taken:
        reports = ran(wrong_addresses, namespace=netns, cgroup=cgroup)
    assert [one["errno"] for one in reports] == ["EAFNOSUPPORT", "EINVAL"]
    assert only(taken) == ["invalid-argument"]
    assert of_calls(taken) == ["invalid-argument"]


def out_of_descriptors() -> None:
    import resource

    listener = listen()
    active = client()
    active.connect(listener.getsockname())
    resource.setrlimit(resource.RLIMIT_NOFILE, (active.fileno() + 1, 4096))
    for make in (listener.accept, client):
        try:
            make()
        except OSError as error:
            say(errno=name(error.errno or 0))


def test_no_descriptor_is_left(netns, cgroup):
    with tracing(of_cgroup(cgroup)) as taken:
        reports = ran(out_of_descriptors, namespace=netns, cgroup=cgroup)
    assert [one["errno"] for one in reports] == ["EMFILE", "EMFILE"]
    assert only(taken)[0] == "descriptor-limit"
    assert of_calls(taken) == ["descriptor-limit"]  # socket(); accept() is told of its connection


def itself() -> None:
    active = client()
    active.bind(("127.0.0.1", 0))
    active.connect(active.getsockname())
    say(port=active.getsockname()[1])


@pytest.mark.parametrize("detail", BOTH)
def test_a_socket_that_connects_to_itself(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        ran(itself, namespace=netns, cgroup=cgroup)
    assert only(taken) == ["self-connect"]


def interrupted(port: int) -> None:
    import signal

    signal.signal(signal.SIGALRM, lambda *_: None)  # Python calls connect() to its end by itself (PEP 475)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    active = client()
    active.connect(("127.0.0.1", port))
    say(done=True)
    hear()


def test_a_connect_that_a_signal_interrupts(netns, cgroup):
    netns.run("nft", "add table inet t; add chain inet t c { type filter hook output priority 0; }")
    netns.run(
        "nft", "add rule inet t c tcp flags & (syn | ack) == syn limit rate 1/hour burst 1 packets drop"
    )
    with (
        tracing(of_cgroup(cgroup)) as taken,
        running(serve, "127.0.0.1", 0, 128, 1, namespace=netns, cgroup=cgroup) as server,
        running(interrupted, server.hello["port"], namespace=netns, cgroup=cgroup),
    ):
        taken.finish()
    assert only(taken) == ["syn-dropped-output", "slow-retransmission", "connect-interrupted"]
