"""The tracks of a Perfetto timeline: processes, their threads and connections, and the CPUs' softirqs.

Slices of one track must nest, and connections overlap. So what a track has no room for goes to another of the
same name and parent: Perfetto draws such tracks as one.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from synscope.export import perfetto_packets as packets
from synscope.text import clean

if TYPE_CHECKING:
    from synscope.connections.model import SideName
    from synscope.events.trace import Rows, Trace

_UNKNOWN = "owner not known"


class Place(NamedTuple):
    """Where the kernel was at a moment; `cpu` None where that is not known."""

    pid: int
    tid: int
    cpu: int | None


class Places:
    """Where each event and each traced call of a trace began, by its time."""

    def __init__(self, trace: Trace) -> None:
        self._found = _places(trace.events, "t")
        if trace.header.calls_clock == "ns":
            self._found |= _places(trace.calls, "enter")

    def at(self, t_ns: int | None) -> Place | None:
        """Where the event of that moment was."""
        return None if t_ns is None else self._found.get(t_ns)


def _places(rows: Rows, time: str) -> dict[int, Place]:
    columns = (rows[name].tolist() for name in (time, "pid", "tid", "cpu"))
    return {t: Place(pid, tid, cpu) for t, pid, tid, cpu in zip(*columns, strict=True)}


class Tracks:
    """Every track, made when it is first asked for.

    Attributes:
        made: descriptions of those made since it was last emptied: they go before what is on them.
    """

    def __init__(self, trace: Trace) -> None:
        self.made: list[bytes] = []
        self._numbers: dict[tuple[object, ...], int] = {}
        self._lanes: dict[tuple[object, ...], list[tuple[int, float]]] = {}
        self._last = 0
        pids, first = np.unique(trace.halves["pid"], return_index=True)
        self._names: dict[int, bytes] = {
            pid: trace.halves["comm"][at].item()
            for pid, at in zip(pids.tolist(), first.tolist(), strict=True)
        }

    def calls(self, pid: int, tid: int, begin: int, end: int | None) -> int:
        """A track of a thread's calls with room from `begin` to `end` ns, None: for good."""
        own = self.thread(pid, tid)
        return self._lane(("calls", pid, tid), begin, end, own, lambda: self._child("calls", own))

    def softirq(self, cpu: int | None, side: SideName, begin: int, end: int | None) -> int:
        """The same of a CPU's softirqs, or of a side's where the CPU is not known."""
        name = f"softirq CPU {cpu}" if cpu is not None else f"softirq, {side} side, CPU not known"
        return self._lane(("softirq", name), begin, end, None, lambda: self._child(name, 0))

    def connection(self, pid: int | None, side: SideName, begin: int, end: int) -> int:
        """The same of the connections of which a process is one side."""
        parent = self.process(pid)
        name = f"connections as {side}"
        return self._lane((name, pid), begin, end, None, lambda: self._child(name, parent))

    def listening(self, pid: int | None) -> int:
        """Of what a process's listening sockets went through."""
        return self._one(("listening", pid), lambda: self._child("listening sockets", self.process(pid)))

    def thread(self, pid: int, tid: int) -> int:
        """The thread's own track; of an unknown thread, that of what has no owner."""
        process = self.process(pid)
        if not tid:
            return process
        return self._one(
            ("thread", pid, tid),
            lambda: self._add(lambda track: packets.thread(track, pid, tid, self._name(pid))),
        )

    def process(self, pid: int | None) -> int:
        """The process's own."""
        if not pid:
            return self._one(("process", None), lambda: self._child(_UNKNOWN, 0))
        return self._one(
            ("process", pid), lambda: self._add(lambda track: packets.process(track, pid, self._name(pid)))
        )

    def _name(self, pid: int) -> str:
        comm = self._names.get(pid, b"").split(b"\0", 1)[0]
        return clean(comm.decode("utf-8", "replace"))

    def _child(self, name: str, parent: int) -> int:
        return self._add(lambda track: packets.named(track, name, parent))

    def _add(self, describe: Callable[[int], bytes]) -> int:
        self._last += 1
        track = self._last
        self.made.append(describe(track))
        return track

    def _one(self, key: tuple[object, ...], make: Callable[[], int]) -> int:
        if key not in self._numbers:
            self._numbers[key] = make()
        return self._numbers[key]

    def _lane(
        self, key: tuple[object, ...], begin: int, end: int | None, own: int | None, make: Callable[[], int]
    ) -> int:
        """The first track whose slices are over before `begin`: `own`, if any, then what `make` adds."""
        lanes = self._lanes.setdefault(key, [] if own is None else [(own, -inf)])
        at = next((at for at, (_, until) in enumerate(lanes) if until < begin), len(lanes))
        track = lanes[at][0] if at < len(lanes) else make()
        lanes[at : at + 1] = [(track, inf if end is None else end)]
        return track
