import json
import os
import subprocess
import sys

import pytest

from synscope.errors import Exit, SynscopeError
from synscope.tcp.inside import InsideSocket, OfferedSocket, Owner

TCP = InsideSocket(
    kind="socket",
    family="AF_INET",
    type="SOCK_STREAM",
    protocol="IPPROTO_TCP",
    state="ESTABLISHED",
    address="127.0.0.1",
    port=8080,
    owners=(Owner(1, "nginx", 4),),
    netns=1,
    cookie=5,
)


@pytest.fixture
def asked(monkeypatch):
    """What was looked for; each look finds TCP."""
    calls = []

    def look(name):
        def found(*arguments):
            calls.append((name, *arguments))
            return [TCP]

        return found

    monkeypatch.setattr("synscope.kernel.capabilities.lacking", list)
    monkeypatch.setattr("synscope.cli.privileges.require", lambda: None)
    monkeypatch.setattr("synscope.live.inside.look.process", look("process"))
    monkeypatch.setattr("synscope.live.inside.look.ports", look("ports"))
    return calls


def test_a_process_and_one_of_its_descriptors(cli, asked):
    me = os.getpid()
    assert "127.0.0.1:8080   ESTABLISHED   nginx[1] fd 4" in cli("inspect", str(me)).stdout
    assert cli("inspect", f"{me}:4").exit_code == Exit.OK
    assert asked == [("process", me, None), ("process", me, 4)]


def test_a_port_here_and_elsewhere(cli, asked, monkeypatch):
    monkeypatch.setattr("synscope.kernel.netns.own", lambda: 77)
    monkeypatch.setattr("synscope.kernel.netns.resolve", {"blue": 88}.get)
    assert cli("inspect", "--port", "80").exit_code == Exit.OK
    assert cli("inspect", "--port", "80", "--netns", "blue").exit_code == Exit.OK
    assert asked == [("ports", 77, {80}), ("ports", 88, {80})]


def test_json_is_an_object_a_line(cli, asked):
    (line,) = cli("inspect", "--port", "80", "--json").stdout.splitlines()
    found = json.loads(line)
    assert (found["state"], found["port"], found["cookie"]) == ("ESTABLISHED", 8080, 5)
    assert found["owners"] == [{"pid": 1, "comm": "nginx", "fd": 4}]


def test_what_the_kernel_offers(cli, monkeypatch):
    one = OfferedSocket(call="AF_INET, SOCK_DGRAM", protocol="PING", ops="o", prot="p", refused="EACCES")
    monkeypatch.setattr("synscope.cli.privileges.require", lambda: None)
    monkeypatch.setattr("synscope.live.inside.offered.offered", lambda: [one])
    assert "the call fails with EACCES" in cli("inspect", "--ops").stdout
    assert json.loads(cli("inspect", "--ops", "--json").stdout)["refused"] == "EACCES"


def test_nothing_found(cli, asked, monkeypatch):
    monkeypatch.setattr("synscope.live.inside.look.process", lambda *_: [])
    monkeypatch.setattr("synscope.live.inside.look.ports", lambda *_: [])
    me = os.getpid()
    for words, said in (
        ((str(me),), "no socket at process"),
        ((f"{me}:99",), f"no socket at descriptor 99 of process {me}: it is not open, or no socket"),
        (("--port", "80"), "no TCP socket with port 80"),
    ):
        result = cli("inspect", *words)
        assert result.exit_code == Exit.FAILED
        assert said in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name one thing"),
        (("1", "--port", "80"), "Name one thing"),
        (("--ops", "--port", "80"), "Name one thing"),
        (("1", "--netns", "blue"), "--netns goes with --port"),
        (("nginx",), "no process 'nginx'"),
        (("0",), "no process '0'"),
        (("1:x",), "no process '1:x'"),
        (("4194304",), "no process 4194304"),
        (("--port", "0"), "--port"),
        (("--port", "65536"), "--port"),
    ],
)
def test_bad_input_gets_a_hint(cli, asked, words, said):
    result = cli("inspect", *words)
    assert result.exit_code == Exit.USAGE
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_trace_that_is_none(cli, asked, tmp_path):
    (tmp_path / "no.syn").write_bytes(b"no trace")
    result = cli("inspect", "--connection", f"{tmp_path}/no.syn#c1")
    assert result.exit_code == Exit.BAD_FILE


def test_without_privileges_what_proc_shows(cli, monkeypatch):
    monkeypatch.setattr("synscope.kernel.capabilities.lacking", lambda: ["CAP_BPF"])
    monkeypatch.setattr("synscope.live.inside.listed.port", lambda port: [TCP])
    result = cli("inspect", "--port", "8080")
    assert "127.0.0.1:8080" in result.stdout
    assert "only what /proc/net/tcp shows, for this user lacks CAP_BPF" in result.stderr


def test_functions_that_cannot_be_named(cli, asked, monkeypatch):
    monkeypatch.setattr("synscope.kernel.symbols.Symbols.why", lambda _: "the kernel hides its addresses")
    result = cli("inspect", "--port", "8080")
    assert result.exit_code == Exit.OK
    assert "cannot be named: the kernel hides its addresses" in result.stderr


def test_without_privileges_the_rest_is_refused(cli, monkeypatch):
    def refuse():
        raise SynscopeError("cannot trace", "this user lacks CAP_BPF", "sudo synscope", Exit.NOT_PERMITTED)

    monkeypatch.setattr("synscope.cli.privileges.require", refuse)
    for words in (("--ops",), ("--connection", "x.syn#c1"), ("--port", "1", "--netns", "1")):
        assert cli("inspect", *words).exit_code == Exit.NOT_PERMITTED


def test_the_standard_librarys_inspect_is_not_shadowed():
    code = "import synscope.cli.app, inspect; print(inspect.__file__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "synscope" not in done.stdout
