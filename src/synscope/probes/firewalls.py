"""The rules of nftables where netfilter freed a segment, as nft(8) lists them while they are still there.

Asked once a network namespace, when its first drop comes, and once more at the end, for the counters. The
listings run beside the trace: a large ruleset takes seconds.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from synscope.events.trace import Firewall, Rows
from synscope.events.wire import PathKind
from synscope.kernel import netns
from synscope.kernel.symbols import KALLSYMS

MOST = 16
"""Namespaces that are asked."""
LARGEST = 1 << 20
"""Bytes of a listing; a larger one is left out."""
PATIENCE_S = 5.0
"""For the listings that are under way at the end."""

_SBIN = "/usr/sbin:/sbin"
_MOUNTED = re.compile(r" net:\[([0-9]+)\] (\S+) ")  # of proc(5), mountinfo: a namespace's root, where it is
_ENGINE = re.compile(rb" nft_do_chain[\t\n]")  # of the kernel itself, or of its module
_JSON = ("-j", "list", "ruleset")
_TEXT = ("-a", "list", "ruleset")


class Firewalls:
    """`note` what was traced, `listed` what came of it so far, `finish` at the end."""

    def __init__(self, reason: int) -> None:
        """`reason`: this kernel's number of SKB_DROP_REASON_NETFILTER_DROP; 0: it has none."""
        self._reason = reason
        self._first: dict[int, tuple[Listing, Listing]] = {}
        self._asked: set[int] = set()

    def note(self, events: Rows) -> None:
        """Begin to list the rules of the namespaces in which netfilter freed one of these segments."""
        freed = events[(events["kind"] == PathKind.DROPPED) & (events["code"] == self._reason)]
        fresh = set(freed["netns"].tolist()) - self._asked - {0} if self._reason else set()
        if fresh and not self._asked and not _has_nftables():
            self._reason = 0
            return
        for number in sorted(fresh)[: MOST - len(self._asked)]:
            self._asked.add(number)
            self._begin(number)

    def _begin(self, number: int) -> None:
        with suppress(OSError):  # it is gone, or there is no nft or nsenter
            self._first[number] = Listing(number, _JSON), Listing(number, _TEXT)

    def listed(self) -> dict[int, Firewall]:
        """By namespace, where the listings have come."""
        told = {number: [one.text() for one in both] for number, both in self._first.items()}
        return {number: Firewall(ruleset=json, text=text) for number, (json, text) in told.items() if json}

    def finish(self) -> dict[int, Firewall]:
        """The same with those that were still under way, and with the counters as they are at the end."""
        again: dict[int, Listing] = {}
        for number in self._first:
            with suppress(OSError):
                again[number] = Listing(number, _JSON)
        end = time.monotonic() + PATIENCE_S
        for one in (*again.values(), *(one for both in self._first.values() for one in both)):
            one.wait(end - time.monotonic())
        found = self.listed()
        for number in found.keys() & again.keys():
            found[number].later = again[number].text()
        self._first.clear()
        return found


class Listing:
    """One nft(8) under way in a network namespace; it reads, and changes nothing."""

    def __init__(self, number: int, words: tuple[str, ...]) -> None:
        """Raises OSError where there is no such namespace any more, no nft, or no nsenter."""
        search = os.pathsep.join([os.environ.get("PATH", os.defpath), _SBIN])
        nsenter, nft = (shutil.which(name, path=search) for name in ("nsenter", "nft"))
        if nsenter is None or nft is None:
            raise FileNotFoundError("no nsenter, or no nft")
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (as long as this lives)
        namespace = _open(number)
        try:
            self._process = subprocess.Popen(
                [nsenter, f"--net=/proc/self/fd/{namespace}", nft, *words],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.DEVNULL,
                pass_fds=(namespace,),
            )
        finally:
            os.close(namespace)

    def text(self) -> str:
        """What it said; empty where it failed, is too large, or has not come yet."""
        if self._process.poll() != 0 or self._output.seek(0, os.SEEK_END) > LARGEST:
            return ""
        self._output.seek(0)
        return self._output.read().decode(errors="replace")

    def wait(self, seconds: float) -> None:
        """Until it has ended, which it then does."""
        try:
            self._process.wait(max(seconds, 0))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _has_nftables() -> bool:
    """Whether nftables is there: else nft would have the kernel load it."""
    try:
        return _ENGINE.search(KALLSYMS.read_bytes()) is not None
    except OSError:
        return False


def _open(number: int) -> int:
    for path in _places(number):
        with suppress(OSError):  # it has gone meanwhile
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    raise FileNotFoundError(f"nobody is in network namespace {number}")


def _places(number: int) -> Iterator[Path]:
    """Where it is: a process is in it, it is mounted, or a process has it open; most likely first."""
    wanted = f"net:[{number}]"
    yield from _links(netns.PROC.glob("[0-9]*/ns/net"), wanted)
    with suppress(OSError):
        mounts = (netns.PROC / "self/mountinfo").read_text()
        yield from (Path(found[2]) for found in _MOUNTED.finditer(mounts) if int(found[1]) == number)
    yield from _links(netns.PROC.glob("[0-9]*/fd/*"), wanted)


def _links(paths: Iterable[Path], wanted: str) -> Iterator[Path]:
    """Read, not followed: what a process has open may be on a disk that hangs."""
    for path in paths:
        with suppress(OSError):
            if str(path.readlink()) == wanted:
                yield path
