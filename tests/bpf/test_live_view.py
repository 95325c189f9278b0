"""The live view on a terminal, with the real kernel: it sees connections while it watches."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

import pytest

from support.namespaces import network_namespace
from support.require import require
from synscope.capture.file import read

pytestmark = pytest.mark.needs_kernel

TIMEOUT = 30
BUSY = (
    "import socket, time\n"
    "server = socket.create_server(('127.0.0.1', 8080))\n"
    "while True:\n"
    "    with socket.create_connection(('127.0.0.1', 8080)), server.accept()[0]: time.sleep(0.01)\n"
)


class Screen:
    """What synscope writes to a terminal of 80 columns and 24 lines."""

    def __init__(self, master):
        self.master = master
        self.written = ""

    def await_text(self, pattern):
        """Read until `pattern` was written since the last call."""
        until = time.monotonic() + TIMEOUT
        while not re.search(pattern, self.written):
            assert select.select([self.master], [], [], until - time.monotonic())[0], self.written[-600:]
            self.written += os.read(self.master, 65536).decode(errors="replace")
        self.written = ""

    def press(self, keys):
        os.write(self.master, keys.encode())


def test_a_busy_loopback_is_seen_saved_and_left(tmp_path):
    require(os.geteuid() == 0, "needs root")
    pytest.importorskip("textual")
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environ = {**os.environ, "TERM": "xterm", "PYTHONPATH": os.pathsep.join(sys.path)}
    with network_namespace() as space:
        busy = subprocess.Popen(space.enter(sys.executable, "-c", BUSY))
        watch = [sys.executable, "-m", "synscope.cli", "watch", "--netns", str(space.inum)]
        process = subprocess.Popen(
            watch, stdin=slave, stdout=slave, stderr=slave, env=environ, cwd=tmp_path, start_new_session=True
        )
        os.close(slave)
        try:
            screen = Screen(master)
            screen.await_text(r"127\.0\.0\.1:\d+ 127\.0\.0\.1:8080")
            screen.press("\r")
            screen.await_text(r"SYN_SENT → ESTABLISHED")
            screen.press("\x1b")
            screen.await_text("4 listeners")
            screen.press("s")
            screen.await_text(r"synscope-\d+-\d+\.syn")
            screen.press("\r")
            screen.await_text(r"saved [\d,]+ halves")
            screen.press("q")
            screen.await_text(r"synscope: \d+ connections: \d+ established")
            assert process.wait(TIMEOUT) == 0
        finally:
            for one in (busy, process):
                one.kill()
                one.wait()
            os.close(master)
    (saved,) = tmp_path.glob("synscope-*.syn")
    trace = read(saved)
    assert trace.footer.complete
    assert space.inum in trace.halves["netns"]
