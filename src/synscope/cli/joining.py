"""Connections as their fate is decided, for `watch`: halves held briefly so that their peers can join."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from synscope.connections.join import Pairs, join
from synscope.events.decode import latest
from synscope.events.trace import Header, Rows, Trace
from synscope.events.wire import HALF, MILESTONE, HalfFlag, Known, Side

if TYPE_CHECKING:
    from synscope.connections.model import Connection

Build = Callable[[Trace], "Sequence[Connection]"]

HOLD_NS = 1_000_000_000
"""How long a half waits for its peer's record, which may leave the kernel only at accept()."""
REMEMBERED = 1 << 16
"""Halves told last, so that a later record of one is not another line."""
LISTENERS = 4096
CHILDREN = 4096
"""Server halves told last, from which the queues are counted that a later SYN found."""


def _none() -> Rows:
    return np.empty(0, HALF)


class Joiner:
    """Rows in, connections out, each once; what is held is bounded by HOLD_NS of traffic.

    `build` makes connections of a trace; ids are given anew here, `c1` onwards. What it is given are halves
    alone, whatever the session's detail. `undecided`: the halves that the kernel half still has.
    """

    def __init__(self, header: Header, build: Build, undecided: Callable[[], Rows] = _none) -> None:
        self._header = msgspec.structs.replace(header, detail="record")
        self._build = build
        self._undecided = undecided
        self._children = _none()
        self._held = np.empty(0, HALF)
        self._since: dict[int, int] = {}
        self._listeners: dict[int, Rows] = {}
        self._told: dict[int, None] = {}
        self._count = 0

    def add(self, halves: Rows, now_ns: int) -> None:
        """Take rows that left the kernel by `now_ns` (CLOCK_MONOTONIC)."""
        listening = halves["side"] == Side.LISTENER
        for row in halves[listening]:
            self._listeners[int(row["cookie"])] = np.array([row], HALF)
        _forget_oldest(self._listeners, LISTENERS)
        wanted = halves[~listening]
        keys = _keys(wanted)
        fresh = np.array([key not in self._told for key in keys], bool)
        self._since.update({key: self._since.get(key, now_ns) for key in keys if key not in self._told})
        self._held = np.concatenate([self._held, wanted[fresh]])

    def ready(self, now_ns: int, flush: bool = False) -> Iterator["Connection"]:
        """Those with both halves, and those that waited long enough (all, with `flush`)."""
        rows = latest(self._held)
        keys = _keys(rows)
        due = np.array([flush or now_ns - self._since[key] >= HOLD_NS for key in keys], bool)
        chosen, leaving = _decide(join(rows), due)
        for key in (keys[index] for index in np.flatnonzero(leaving)):
            self._told[key] = None
            del self._since[key]
        _forget_oldest(self._told, REMEMBERED)
        self._held = rows[~leaving]
        if chosen.size:
            yield from self._connections(rows[chosen])

    def _connections(self, rows: Rows) -> Iterator["Connection"]:
        halves = np.concatenate([*self._listeners.values(), *self._around(rows), rows])
        self._children = np.concatenate([self._children, rows[rows["side"] == Side.SERVER]])[-CHILDREN:]
        for connection in self._build(Trace(header=self._header, halves=halves)):
            self._count += 1
            yield msgspec.structs.replace(connection, id=f"c{self._count}")

    def _around(self, rows: Rows) -> list[Rows]:
        """Where an attempt failed: who else was in the listeners' queues, as halves that pair with none."""
        failed = (rows["side"] == Side.CLIENT) & (rows["t"][:, MILESTONE["established"]] == 0)
        if not failed.any():
            return []
        undecided = self._undecided()
        others = np.concatenate([self._children, undecided[undecided["side"] == Side.SERVER]])
        others["flags"] |= int(HalfFlag.PEER)
        others["known"] &= int(Known.BACKLOG)
        return [others]


def _decide(pairs: Pairs, due: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Row numbers that are told now, and which rows are held no longer.

    A row in no pair (someone else's half that nothing of ours answers) is dropped when it is due.
    """
    leaving = due.copy()
    chosen: list[int] = []
    for client, server in zip(pairs.client_index.tolist(), pairs.server_index.tolist(), strict=True):
        members = [index for index in (client, server) if index >= 0]
        told = len(members) == 2 or due[members].any()
        leaving[members] = told
        chosen.extend(members if told else ())
    return np.array(chosen, np.intp), leaving


def _keys(rows: Rows) -> list[int]:
    """What tells halves apart: the cookie, and which connect() on that socket."""
    attempts: list[int] = rows["attempt"].tolist()
    return [cookie << 8 | attempt for cookie, attempt in zip(rows["cookie"].tolist(), attempts, strict=True)]


def _forget_oldest(entries: dict[int, "Rows"] | dict[int, None], limit: int) -> None:
    while len(entries) > limit:
        del entries[next(iter(entries))]
