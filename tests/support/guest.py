"""Another kernel in QEMU, by virtme-ng: this machine's file system, under software emulation.

Two faults of a guest are accounted for: it can hang, and it can leave a process behind.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
FETCH = ROOT / "tools" / "fetch-kernel"
NEEDED = ("vng", "qemu-system-x86_64", "busybox", "kmod", "timeout")
SHAPE = ("--disable-kvm", "--force-9p", "--verbose", "--cpus", "2", "--memory", "2G")
# With a thread per virtual CPU, one of them can execute an int3 that text_poke() on the other has already
# replaced (inferred: the Oops shows the text whole again). One boot of 6.12 in some ten, under QEMU 7.2,
# ended in "Oops: int3" as a tracepoint was switched on. One thread is also the faster here.
ONE_THREAD = "-accel tcg,thread=single"
LAST_LINES = 60
GRACE = 15


class GuestError(RuntimeError):
    """A guest that did not do what it was booted for; the text ends with what its console said last."""


class Guest:
    """A guest that was started.

    Attributes:
        directory: the one that it shares with the host for writing, under the same path in both.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", directory: Path, limit: int) -> None:
        self._process = process
        self._limit = limit
        self.directory = directory

    def wait(self) -> None:
        """Until it has powered off. Raises GuestError if it has not within its limit."""
        try:
            status = self._process.wait(self._limit + 2 * GRACE)
        except subprocess.TimeoutExpired:
            status = 124
        if status in (124, 128 + signal.SIGKILL):  # timeout(1): it was ended, or had to be killed
            raise GuestError(f"{self.directory.name} did not end within {self._limit} s\n{self.console()}")

    def console(self) -> str:
        """The last lines of its console."""
        text = console_of(self.directory).read_text(errors="replace")
        return "\n".join(text.splitlines()[-LAST_LINES:])

    def end(self) -> None:
        """Kill what is left of it: vng, its helpers and QEMU are one process group."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def missing() -> list[str]:
    """The commands that are wanting here; `make test` installs them."""
    return [name for name in NEEDED if shutil.which(name, path=search_path()) is None]


def kernel(series: str) -> Path:
    """The vmlinuz of Debian's newest kernel of a series (`"6.1"`), fetched if need be.

    Raises GuestError with the reason where it cannot be had.
    """
    done = subprocess.run([str(FETCH), series], capture_output=True, text=True, check=False)
    if done.returncode:
        raise GuestError(done.stderr.strip())
    return Path(done.stdout.strip())


@contextmanager
def started(vmlinuz: Path, script: Path, directory: Path, disk: Path, limit: int = 360) -> Iterator[Guest]:
    """Boot `vmlinuz` to run `script` as root, with `disk` as /dev/vda, read-only; gone after the block.

    All that virtme-ng writes is below `directory`. timeout(1) ends the guest after `limit` seconds even if
    this process has been killed by then.
    """
    own = directory / "host"
    own.mkdir()
    qemu = f"{ONE_THREAD} -drive file={disk},if=virtio,format=raw,readonly=on"
    command = ["timeout", f"--kill-after={GRACE}", str(limit), "vng", *SHAPE, "--run", str(vmlinuz)]
    command += ["--rwdir", str(directory), f"--qemu-opts={qemu}", "--exec", str(script)]
    environ = os.environ | {"PATH": search_path(), "HOME": str(own), "TMPDIR": str(own)}
    with console_of(directory).open("wb") as console:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env=environ,
            start_new_session=True,
        )
    guest = Guest(process, directory, limit)
    try:
        yield guest
    finally:
        guest.end()


def console_of(directory: Path) -> Path:
    """Where the console's output of the guest in `directory` goes."""
    return directory / "console.log"


def search_path() -> str:
    """PATH with this interpreter's own directory first, where pip has put vng."""
    return os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath), "/usr/sbin"]
    )
