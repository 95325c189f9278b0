import json
import os
import subprocess
import sys

import pytest

from support.require import require
from synscope.connections.model import Call
from synscope.errors import Exit
from synscope.tcp.socket_decision import Caller, Kernel
from synscope.tcp.socket_report import outcome


@pytest.fixture
def kernel(monkeypatch):
    """A kernel without BTF is one too; the calls are real."""
    found = Kernel(protocols=("TCP", "UDP", "RAW"), ipproto_max=263)
    monkeypatch.setattr("synscope.live.protocols.kernel", lambda: found)


def test_a_call_is_said_and_done(cli, kernel):
    result = cli("socket", "inet", "stream|cloexec", "0")
    assert result.exit_code == Exit.OK
    assert result.stdout.startswith("socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0)\n")
    assert "done       a socket: AF_INET, SOCK_STREAM, IPPROTO_TCP" in result.stdout
    assert "the model and this kernel agree" in result.stdout


def test_json_is_one_object(cli, kernel):
    (line,) = cli("socket", "2", "1", "-1", "--json").stdout.splitlines()
    found = json.loads(line)
    assert found["call"] == {"family": 2, "type": 1, "protocol": -1}
    assert found["predicted"] == found["done"] == {"errno": 22, "socket": None, "error": "EINVAL"}
    assert found["agree"] is True


def test_with_the_kernels_path(cli, kernel, monkeypatch):
    root = Call(function="__x64_sys_socket", seen_ns=1, enter_ns=1, exit_ns=2, ret="-EINVAL")
    monkeypatch.setattr("synscope.cli.privileges.require", lambda: None)
    done = (Caller(net_raw=True, groups=(0,)), outcome(22), (root,))
    monkeypatch.setattr("synscope.live.socket_path.traced", lambda call, who: done)
    text = cli("socket", "2", "1", "-1", "--path").stdout
    assert "agree" in text.split("__x64_sys_socket")[0]
    found = json.loads(cli("socket", "2", "1", "-1", "--path", "--json").stdout)
    assert found["path"][0]["ret"] == "-EINVAL"
    assert "path" not in json.loads(cli("socket", "2", "1", "-1", "--json").stdout)


def test_a_difference_is_the_exit_status(cli, kernel, monkeypatch):
    caller = Caller(net_raw=False, groups=(0,))
    monkeypatch.setattr("synscope.live.socket_trial.attempts", lambda calls, who: (caller, [outcome(13)]))
    result = cli("socket", "inet", "stream", "tcp")
    assert result.exit_code == Exit.FAILED
    assert "differ" in result.stdout


def test_a_call_without_a_capability(cli, kernel):
    require(os.geteuid() == 0, "needs root to have a capability")
    for option in (
        ("--without", "net_raw"),
        ("--without", "CAP_NET_RAW"),
        ("--as", "nobody"),
        ("--as", "54321"),
    ):
        result = cli("socket", "inet", "raw", "icmp", *option)
        assert "done       EPERM (1)" in result.stdout, option
        assert result.exit_code == Exit.OK


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("ient", "stream", "0"), "Try: inet"),
        (("inet", "streem", "0"), "Try: stream"),
        (("inet", "stream", "tpc"), "Try: tcp"),
        (("inet", "stream", "4294967296"), "Try: 0, tcp"),
        (("inet", "stream", "0", "--as", "nobdy"), "Try: nobody"),
        (("inet", "stream", "0", "--as", "\x1b[2J"), "Try: getent"),
        (("inet", "stream", "0", "--as", "99999999999999999999"), "Try: getent"),
        (("inet", "stream", "0", "--without", "netraw"), "Try: CAP_NET_RAW"),
        (("inet", "stream", "--jsn"), "--json"),
        (("inet", "stream"), "Missing argument"),
    ],
)
def test_bad_input_gets_a_hint(cli, kernel, words, remedy):
    result = cli("socket", *words)
    assert result.exit_code == Exit.USAGE
    assert remedy in result.stderr
    assert "Traceback" not in result.stderr


def test_the_standard_librarys_socket_is_not_shadowed():
    code = "import synscope.cli.app, socket; print(socket.AF_INET, socket.__file__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "synscope" not in done.stdout
