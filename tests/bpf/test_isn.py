"""`synscope isn` against peers whose generators are known: this kernel, and a host on a TUN device."""

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

import synscope
from support import isn_responder
from support.isn_responder import ADDRESS, LIMIT, PORTS
from support.namespaces import network_namespace
from support.prelude import hear, listen, say
from support.require import require
from support.scripts import running
from synscope.errors import Exit

pytestmark = pytest.mark.needs_kernel

ENVIRON = os.environ | {"PYTHONPATH": str(Path(synscope.__file__).parents[1])}


def accepting(address: str) -> None:
    """Accept and close for ever."""
    listener = listen(address)

    def serve() -> None:
        while True:
            listener.accept()[0].close()

    threading.Thread(target=serve, daemon=True).start()
    say(port=listener.getsockname()[1])
    hear()


def isn(namespace, *words):
    """What it prints, and its exit status."""
    command = namespace.enter(sys.executable, "-m", "synscope.cli", "isn", *map(str, words))
    return subprocess.run(command, env=ENVIRON, capture_output=True, text=True, timeout=60, check=False)


def told(namespace, *words):
    """The JSON object."""
    done = isn(namespace, *words, "--json")
    assert done.returncode == Exit.OK, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def responder():
    """A namespace with the responder in it."""
    require(os.geteuid() == 0, "needs root to make a network namespace")
    with network_namespace() as space, _responding(space):
        yield space


@contextmanager
def _responding(space):
    process = subprocess.Popen(
        space.enter(sys.executable, isn_responder.__file__),
        env=ENVIRON,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout.readline() == "ready\n"
        yield
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


@pytest.mark.parametrize("name", [name for name in PORTS if name != "limited"])
def test_each_generator_is_told(responder, name):
    found = told(responder, f"{ADDRESS}:{PORTS[name]}", "--rate", 1000)
    assert (found["generator"], found["samples"], found["repeated"]) == (name, 200, 100)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_kernel_has_a_clock_of_64_ns_and_a_keyed_hash(netns, address):
    with running(accepting, address, namespace=netns) as server:
        name = f"[{address}]" if ":" in address else address
        found = told(netns, f"{name}:{server.hello['port']}", "--rate", 1000)
    assert found["generator"] == "linux"
    assert found["clock"]["per_second"] == pytest.approx(1e9 / 64, rel=5e-4)
    assert found["guess"]["handshake"] > 30


def test_syn_cookies_are_told(netns):
    netns.run("sysctl", "-qw", "net.ipv4.tcp_syncookies=2")
    with running(accepting, "127.0.0.1", namespace=netns) as server:
        found = told(netns, f"127.0.0.1:{server.hello['port']}", "-n", 32, "--rate", 1000)
    assert found["generator"] == "syn-cookies"


def test_a_peer_that_refuses_after_a_while_is_told_with_what_came(responder):
    done = isn(responder, f"{ADDRESS}:{PORTS['limited']}", "--rate", 1000)
    assert done.returncode == Exit.OK, done.stderr
    assert f"{LIMIT} connections in " in done.stdout
    assert f"3 of {LIMIT + 3} connections failed (Connection refused)" in done.stderr


def test_a_closed_port_is_said(responder):
    done = isn(responder, f"{ADDRESS}:9")
    assert done.returncode == Exit.FAILED
    assert "cannot connect to 192.0.2.2:9: Connection refused. Try: synscope run" in done.stderr


def test_a_syn_proxy_is_told_by_its_window(netns):
    """The kernel's own: in front of a server in another namespace."""
    with network_namespace() as behind:
        _link(netns, behind)
        _proxy(behind)
        with running(accepting, "10.7.0.2", namespace=behind) as server:
            done = isn(netns, f"10.7.0.2:{server.hello['port']}", "-n", 32, "--rate", 1000)
    assert done.returncode == Exit.OK, done.stderr
    assert "SYN cookies" in done.stdout
    assert "in 32 SYN-ACKs: a SYN proxy answers for the peer" in done.stdout


def _link(near, far):
    near.run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", far.name)
    for space, end, address in ((near, "v0", "10.7.0.1/24"), (far, "v1", "10.7.0.2/24")):
        space.run("ip", "addr", "add", address, "dev", end)
        space.run("ip", "link", "set", end, "up")


def _proxy(space):
    """As nft(8) has it: SYNs untracked, and what is not tracked to the proxy."""
    rules = (
        "add table inet t",
        "add chain inet t raw { type filter hook prerouting priority -300; }",
        "add rule inet t raw tcp flags syn notrack",
        "add chain inet t input { type filter hook input priority 0; }",
        "add rule inet t input ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm",
    )
    try:
        for rule in rules:
            space.run("nft", rule)
    except subprocess.CalledProcessError:
        require(False, "not on this kernel: no nft_synproxy")
    space.run("sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_loose=0")
