"""One QEMU process: a machine of one virtual CPU whose clock is its count of instructions.

Emulated (TCG), so that it works without /dev/kvm and without root, and so that what it does depends on
nothing but its memory: two runs of one snapshot execute the same instructions. Its memory, its mailbox, its
console and its log are files in memory that both processes hold; nothing is left when they are gone.
"""

import shlex
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

import msgspec

from synscope.errors import Exit, SynscopeError
from synscope.lab import cache, mailbox, qemu
from synscope.lab.memory import MemoryFile
from synscope.lab.messages import Failed, Order
from synscope.lab.qmp import EndedError, Event, HungError, Qmp

ANSWER_S = 30.0
"""Seconds for QEMU itself to answer."""
LAST_LINES = 12
LOOK_S = 1.0
LARGEST_LOG = 1 << 30
"""Bytes: in memory, and parsed there. A connection and its processes take some 20 MiB."""
ROOM = "XDG_CACHE_HOME=DIR, with DIR where there are 400 MB of room"
_PANIC = "Kernel panic - not syncing"
_Message = TypeVar("_Message")


class GuestError(SynscopeError):
    """The guest did not do what it was started for; `console`: the last lines that it wrote."""

    def __init__(self, error: SynscopeError, console: list[str]) -> None:
        super().__init__(error.what, error.why, error.remedy, error.code)
        self.console = console


class Saved(NamedTuple):
    """Where a machine's state is: its devices', and its memory, page by page."""

    devices: Path
    ram: Path


class Machine:
    """A context manager: QEMU is there from entering to leaving, and dies with this process at the latest.

    Attributes:
        log: what QEMU's own log wrote.
        version: QEMU's.
    """

    log: MemoryFile
    version: str

    def __init__(
        self, arguments: list[str], inherited: tuple[int, ...] = (), saved: Saved | None = None
    ) -> None:
        """A machine that boots, or one that goes on from where it was saved.

        `arguments`: what is to be booted, or logged, in QEMU's words, and the descriptors they name.
        """
        self._arguments = arguments
        self._inherited = inherited
        self._saved = saved
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Raises SynscopeError: there is no QEMU, or it does not start."""
        with ExitStack() as stack:
            self._ram = stack.enter_context(MemoryFile("ram", qemu.RAM))
            self.log = stack.enter_context(MemoryFile("log"))
            self._mailbox = stack.enter_context(MemoryFile("mailbox", mailbox.SIZE))
            self._console = stack.enter_context(MemoryFile("console"))
            self._messages = stack.enter_context(MemoryFile("messages"))
            ours, theirs = socket.socketpair()
            stack.enter_context(ours)
            with theirs:
                process = self._start(theirs.fileno())
            stack.callback(_end, process)
            self._qmp = self._connect(ours)
            self._prepare()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self, control: int) -> "subprocess.Popen[bytes]":
        ram = self._saved.ram if self._saved else self._ram.path
        ours = (self._ram, self._mailbox, self._console, self.log)
        files = qemu.Files(ram, bool(self._saved), *(file.path for file in ours[1:]))
        incoming = ["-incoming", "defer"] if self._saved else []
        return subprocess.Popen(
            [*qemu.command(files, control), *incoming, *self._arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._messages.descriptor,
            stderr=self._messages.descriptor,
            pass_fds=(control, *(file.descriptor for file in ours), *self._inherited),
            start_new_session=True,  # Ctrl-C is for synscope, which then ends it
        )

    def _connect(self, connection: socket.socket) -> Qmp:
        try:
            qmp = Qmp(connection, ANSWER_S)
        except EndedError as error:
            raise SynscopeError("QEMU does not start", self._said(), f"{qemu.PROGRAM} --version") from error
        self.version = qmp.version
        return qmp

    def message(self, limit_s: float, kind: type[_Message]) -> _Message:
        """Wait until the guest stops with a message of `kind`, at most so many seconds.

        Raises:
            GuestError: it hangs, or panicked, or says that it cannot go on.
        """
        self.wait(limit_s)
        return self.said(kind)

    def said(self, kind: type[_Message]) -> _Message:
        """The message, of `kind`, with which the guest has stopped. Raises GuestError likewise."""
        size = min(mailbox.length(self._mailbox.read(mailbox.HEAD)), mailbox.SIZE)
        try:
            message = mailbox.from_guest(self._mailbox.read(size))
        except msgspec.MsgspecError as error:
            raise GuestError(_out_of_step(str(error)), self._last_lines()) from error
        if isinstance(message, kind):
            return message
        raise GuestError(_failure(message), self._last_lines())

    def wait(self, limit_s: float) -> None:
        """Until the guest stops. Raises GuestError: it hangs, or panicked."""
        deadline = time.monotonic() + limit_s
        try:
            while not self._stopped(min(deadline - time.monotonic(), LOOK_S)):
                self._check(deadline)
        except (HungError, EndedError) as error:
            raise GuestError(error, self._last_lines()) from error

    def _stopped(self, limit_s: float) -> bool:
        try:
            self._await("STOP", limit_s)
        except HungError:
            return False
        return True

    def _check(self, deadline: float) -> None:
        """Whether it is worth while to wait on."""
        if time.monotonic() > deadline:
            raise HungError("the lab's machine hangs", "it did not come to its next stop in time")
        if self.log.size() > LARGEST_LOG:
            why = f"the log of what it executed is beyond {LARGEST_LOG >> 20} MiB"
            raise SynscopeError(
                "the lab's command does too much for --detail functions", why, "--detail path"
            )

    def _await(self, event: str, limit_s: float) -> Event:
        deadline = time.monotonic() + limit_s
        while True:
            found = self._qmp.event(deadline - time.monotonic())
            if found["event"] == event:
                return found

    def go_on(self, order: Order | None = None) -> None:
        """Let the guest run, with an order where it waits for one."""
        self._mailbox.write(mailbox.packed(order or Order(command=[])))
        self._qmp.command("cont", ANSWER_S)

    def log_calls(self) -> None:
        """Switch QEMU's own log on, while the machine stands still."""
        self._qmp.command("human-monitor-command", ANSWER_S, **{"command-line": f"log {qemu.LOG}"})

    def save(self, saved: Saved) -> None:
        """Write the state of the machine, which stands still, to new files.

        Raises:
            SynscopeError: they cannot be written.
        """
        if not self._migrate("migrate", f"exec:cat > {shlex.quote(str(saved.devices))}"):
            raise SynscopeError("cannot keep a snapshot", self._said(), ROOM)
        try:
            self._ram.copy_to(saved.ram)
        except OSError as error:
            why = f"{saved.ram.parent}: {error.strerror}"
            raise SynscopeError("cannot keep a snapshot", why, ROOM) from error

    def _prepare(self) -> None:
        """Raises SynscopeError: the saved state cannot be read, or is another QEMU's."""
        wanted = [{"capability": name, "state": True} for name in ("events", "x-ignore-shared")]
        self._qmp.command("migrate-set-capabilities", ANSWER_S, capabilities=wanted)
        if self._saved is None:
            return
        if not self._migrate("migrate-incoming", f"exec:cat {shlex.quote(str(self._saved.devices))}"):
            raise SynscopeError(
                "QEMU cannot restore a snapshot", self._said(), f"rm -r {cache.root() / 'snapshots'}"
            )

    def _migrate(self, command: str, uri: str) -> bool:
        """All but the shared memories (QEMU's docs/system/vm-templating.rst); whether it went well."""
        self._qmp.command(command, ANSWER_S, uri=uri)
        status = ""
        while status not in ("completed", "failed"):
            status = self._await("MIGRATION", ANSWER_S)["data"]["status"]
        return status == "completed"

    def _said(self) -> str:
        """The first line that QEMU, or a program that it runs, wrote."""
        return self._messages.text().strip().partition("\n")[0] or "it does not say why"

    def _last_lines(self) -> list[str]:
        """Up to the kernel's panic, where there was one: what follows is its registers and stack."""
        lines = self._console.text().splitlines()
        end = next((number for number, line in enumerate(lines, 1) if _PANIC in line), len(lines))
        return lines[max(end - LAST_LINES, 0) : end]


def _failure(message: object) -> SynscopeError:
    if isinstance(message, Failed):
        return SynscopeError(message.what, message.why, message.remedy, Exit(message.code))
    return _out_of_step(f"it said {type(message).__name__}")


def _out_of_step(why: str) -> SynscopeError:
    return SynscopeError("the lab's guest is out of step", why)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
