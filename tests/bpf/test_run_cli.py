"""The command line with the real kernel: what a user types, and what comes of it."""

import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import pytest

import synscope
from support.namespaces import child_cgroup
from support.require import require
from synscope.kernel import cgroups

pytestmark = pytest.mark.needs_kernel

TIMEOUT = 60
ENVIRON = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "LC_ALL")}
ENVIRON["PYTHONPATH"] = str(Path(synscope.__file__).parents[1])
SYNSCOPE = [sys.executable, "-m", "synscope.cli"]
CONNECT = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1]))).recv(1)"


@pytest.fixture(autouse=True)
def home():
    """A cgroup of the test's own for synscope to start in: others on this host may run one, too."""
    require(os.geteuid() == 0, "needs root")
    before = cgroups.own()
    with child_cgroup() as group:
        (group / "cgroup.procs").write_text(str(os.getpid()))
        try:
            yield group
        finally:
            (before / "cgroup.procs").write_text(str(os.getpid()))


def run(*words, **options):
    """Run synscope to its end; stdout and stderr as text."""
    return subprocess.run(
        [*SYNSCOPE, *map(str, words)],
        env=ENVIRON,
        text=True,
        timeout=TIMEOUT,
        check=False,
        capture_output=True,
        **options,
    )


@contextmanager
def started(*words, **options):
    """Run synscope with pipes, so that a test can talk to it and its command."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    process = subprocess.Popen([*SYNSCOPE, *map(str, words)], env=ENVIRON, text=True, **pipes)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def port():
    """A server of the test's own, not under trace: it accepts and closes for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pid = os.fork()
        if pid == 0:
            while True:
                listener.accept()[0].close()
        yield listener.getsockname()[1]
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def connections(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def own_cgroups():
    return sorted(path.name for path in cgroups.own().glob("synscope-[0-9]*-[0-9]*"))


def test_both_halves_of_a_connection_to_a_server_that_is_not_traced(port):
    done = run("run", "--json", "--", sys.executable, "-c", CONNECT + "; import os; print(os.getpid())", port)
    (connection,) = connections(done)
    client, server = connection["client"], connection["server"]
    assert connection["outcome"] == "established"
    assert (client["pid"], client["traced"], server["traced"]) == (int(done.stderr.split()[-1]), True, False)
    assert (server["address"], server["port"]) == ("127.0.0.1", port)
    assert connection["segments"][1]["ack"] == client["isn"] + 1
    assert (done.returncode, own_cgroups()) == (0, [])


def test_json_obeys_the_schema(port):
    schema = json.loads(run("schema").stdout)
    script = CONNECT + "; socket.socket(socket.AF_INET6).connect_ex(('::1', 1))"
    found = connections(run("run", "--json", "--", sys.executable, "-c", script, port))
    assert [one["outcome"] for one in found] == ["established", "refused"]
    for one in found:
        jsonschema.validate(one, schema)


def test_the_demo_is_a_true_story():
    done = run("demo")
    assert done.returncode == 0
    assert "the server said: hello, kernel" in done.stdout
    for word in ("SYN_SENT → ESTABLISHED", "tcp_v4_connect", "inet_csk_listen_start", "ISN+1"):
        assert word in done.stdout
    assert done.stdout.rstrip().splitlines()[-1].startswith("Next: synscope run")
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_no_connection_is_said():
    done = run("run", "--", "true")
    assert "No TCP connection was seen" in done.stderr


@pytest.mark.parametrize("script", ["exit 0", "exit 41", "kill -KILL $$", "kill -TERM $$"])
def test_the_exit_status_is_the_commands(script):
    alone = subprocess.run(["sh", "-c", script], check=False)
    assert run("run", "--detail", "record", "--", "sh", "-c", script).returncode == alone.returncode


@pytest.mark.parametrize(("name", "code"), [("no-such-command", 127), ("/etc/passwd", 126)])
def test_what_cannot_run(name, code):
    done = run("run", "--", name)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert own_cgroups() == []


def test_the_command_finds_what_synscope_was_given():
    """Limits, environment, descriptors, signals, working directory, session: as without synscope."""
    script = (
        "import json, os, resource, sys\n"
        "names = [name for name in dir(resource) if name.startswith('RLIMIT')]\n"
        "limits = {name: resource.getrlimit(getattr(resource, name)) for name in names}\n"
        "status = open('/proc/self/status').read().split('\\n')\n"
        "print(json.dumps([limits, dict(os.environ), sorted(os.listdir('/proc/self/fd')), os.getcwd(),\n"
        "  os.getsid(0), os.getpgrp(), os.umask(0), os.nice(0),\n"
        "  [line for line in status if line.startswith(('Sig', 'Cap', 'NoNew', 'Seccomp:'))\n"
        "   and not line.startswith('SigQ')]]))\n"
    )
    words = [sys.executable, "-c", script]
    tight = ["prlimit", "--memlock=65536", "--nofile=512:4096", "--core=4096"]
    alone, traced = (
        subprocess.run([*tight, *start, *words], env=ENVIRON, capture_output=True, text=True, check=True)
        for start in ([], [*SYNSCOPE, "run", "--"])
    )
    assert json.loads(traced.stdout) == json.loads(alone.stdout)


def test_a_signal_sent_to_synscope_is_the_commands():
    script = "trap 'echo got it; exit 9' TERM; echo ready; while :; do read x; done"
    with started("run", "--detail", "record", "--", "sh", "-c", script) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "got it\n"
        assert process.wait(TIMEOUT) == 9


class Terminal:
    """synscope in the foreground of a terminal of its own."""

    def __init__(self, *words):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(SYNSCOPE[0], [*SYNSCOPE, *words], ENVIRON | {"TERM": "xterm"})
        self.text = ""

    def read_until(self, word):
        while word not in self.text:
            ready, _, _ = select.select([self.fd], [], [], TIMEOUT)
            assert ready, self.text
            self.text += self._part()

    def _part(self):
        try:
            part = os.read(self.fd, 1 << 16)
        except OSError:  # EIO: nobody has the other end open any more
            part = b""
        assert part, self.text
        return part.decode()

    def wait(self):
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return status


TAKES_CTRL_C = (
    "import os, signal\n"
    "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\n"
    "print(os.getpid(), 'ready', flush=True)\n"
)
AWAIT = "signal.sigwait({signal.SIGINT})\n"


def test_ctrl_c_is_the_commands_and_its_story_is_told(port):
    script = TAKES_CTRL_C + AWAIT + CONNECT + "; print('tidied'); sys.exit(5)"
    terminal = Terminal("run", "--detail", "record", "--", sys.executable, "-c", script, str(port))
    terminal.read_until("ready")
    os.write(terminal.fd, b"\x03")
    terminal.read_until("Next:")
    assert "tidied" in terminal.text
    assert f"127.0.0.1:{port}" in terminal.text
    assert os.WEXITSTATUS(terminal.wait()) == 5


def test_a_second_ctrl_c_ends_the_trace_of_a_command_that_goes_on():
    script = TAKES_CTRL_C + f"while True:\n    {AWAIT}    print('no', flush=True)\n"
    terminal = Terminal("run", "--detail", "record", "--", sys.executable, "-c", script)
    terminal.read_until("ready")
    pid = int(terminal.text.split()[-2])
    os.write(terminal.fd, b"\x03")
    terminal.read_until("no\r\n")
    select.select([], [], [], 0.3)  # two presses are two wishes only if they are apart
    os.write(terminal.fd, b"\x03")
    terminal.read_until("Next:")
    assert f"[{pid}]" in terminal.text
    assert os.WTERMSIG(terminal.wait()) == signal.SIGINT
    assert own_cgroups() == []
    os.kill(pid, signal.SIGKILL)


def test_a_daemon_goes_on_and_is_named(tmp_path):
    os.mkfifo(tmp_path / "hold")
    script = f"setsid sh -c 'read x < {tmp_path}/hold' >/dev/null 2>&1 & echo $!"
    done = run("run", "--", "sh", "-c", script)
    assert f"[{int(done.stdout)}]" in done.stderr
    assert own_cgroups() == []
    (tmp_path / "hold").write_text("end\n")


def attached_programs():
    """Ids of the BPF programs that are loaded now."""
    done = subprocess.run(["bpftool", "-j", "prog", "list"], capture_output=True, text=True, check=True)
    return {program["id"] for program in json.loads(done.stdout)}


def processes_of(group):
    return [int(line) for line in (group / "cgroup.procs").read_text().split()]


def test_kill_minus_9_leaves_nothing_for_long():
    with started("run", "--", "sh", "-c", "echo $$; read x") as process:
        command = int(process.stdout.readline())
        group = cgroups.own() / own_cgroups()[0]
        assert processes_of(group) == [command]
        loaded = programs_of(process.pid)
        assert loaded
        process.kill()
        process.wait()
        run("run", "--detail", "record", "--", "true")
        assert not group.exists()
        assert command in processes_of(cgroups.own())
        assert not loaded & attached_programs()


def programs_of(pid):
    """Ids of the BPF programs that a process holds."""
    found = set()
    for entry in Path(f"/proc/{pid}/fdinfo").iterdir():
        lines = dict(line.split(":\t", 1) for line in entry.read_text().splitlines() if ":\t" in line)
        if "prog_id" in lines:
            found.add(int(lines["prog_id"]))
    return found


def test_what_was_saved_is_shown_without_privileges(port, tmp_path):
    saved = tmp_path / "t.syn"
    done = run("run", "-o", saved, "--", sys.executable, "-c", CONNECT, port)
    assert done.stderr.rstrip().splitlines()[-1].strip().startswith(f"Next: synscope show {saved} --view")
    bare = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    shown = subprocess.run(
        [*bare, *SYNSCOPE, "show", str(saved), "--json"],
        env=ENVIRON,
        capture_output=True,
        text=True,
        check=True,
    )
    assert connections(shown)[0]["server"]["port"] == port


def test_without_privileges_one_line_says_what_mends_it():
    bare = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    done = subprocess.run(
        [*bare, *SYNSCOPE, "run", "--", "echo", "ran"],
        env=ENVIRON,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("synscope: ")
    assert done.stderr.count("\n") == 1
    assert "CAP_BPF" in done.stderr
    assert done.stderr.endswith("synscope run -- echo ran\n")
    assert "Try: sudo " in done.stderr


def test_a_command_in_another_network_namespace(netns):
    script = (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
    )
    (connection,) = connections(run("run", "--json", "--", *netns.enter(sys.executable, "-c", script)))
    assert connection["client"]["netns"] == netns.inum
    assert connection["outcome"] == "established"


def test_thousands_of_connections_are_all_told():
    script = (
        "import os, socket\n"
        "s = socket.create_server(('127.0.0.1', 0), backlog=4096)\n"
        "for _ in range(3000):\n"
        "    with socket.create_connection(s.getsockname()), s.accept()[0]: pass\n"
    )
    done = run("run", "--detail", "record", "--json", "--", sys.executable, "-c", script)
    found = connections(done)
    assert len(found) == 3000
    assert all(one["client"] and one["server"] for one in found)
    assert len({one["client"]["cookie"] for one in found}) == 3000


def test_watch_tells_a_connection_while_it_watches(port):
    with started("watch", "--port", port) as process:
        assert process.stderr.readline() == "synscope: watching; Ctrl-C ends\n"
        with socket.create_connection(("127.0.0.1", port)) as connection:
            own = connection.getsockname()[1]
            connection.recv(1)
        assert f"127.0.0.1:{own} → 127.0.0.1:{port}" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT) == 0
        assert "1 connection: 1 established" in process.stderr.read()


def test_watch_keeps_to_its_filter(port, cgroup, client):
    with started("watch", "--json", "--cgroup", cgroup) as process:
        process.stderr.readline()
        socket.create_connection(("127.0.0.1", port)).close()
        inside = client("127.0.0.1", port, cgroup=cgroup)
        (report,) = inside.read(1)
        assert json.loads(process.stdout.readline())["client"]["port"] == report["port"]
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=TIMEOUT)
        assert rest == ""


def test_doctor_says_that_run_can_work():
    done = run("doctor", "--json")
    assert done.returncode == 0
    assert {"privileges", "cgroup v2"} <= {json.loads(line)["name"] for line in done.stdout.splitlines()}
