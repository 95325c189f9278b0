"""Listening sockets, and how full their queues were at any moment, from the records of their children."""

from bisect import bisect_right
from collections import defaultdict
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from synscope.connections.half import moment
from synscope.connections.rows import HalfRow, half_row
from synscope.events.decode import address_text
from synscope.events.trace import Rows
from synscope.events.wire import MILESTONE, Known, Side

_NEVER = (1 << 64) - 1
_ANY = ("0.0.0.0", "::")  # noqa: S104 - the wildcard as a listener's address, not one to bind to


class Listening(NamedTuple):
    """One listening socket; `until_ns` None while it was not closed; `limit` is sk_max_ack_backlog.

    One that is known from its children alone has `since_ns` 0, the address that they were asked at, and a
    cookie that is none (negative) unless they name it.
    """

    cookie: int
    netns: int | None
    address: str
    port: int
    pid: int | None
    comm: str
    limit: int
    since_ns: int
    until_ns: int | None

    def open_at(self, t_ns: int) -> bool:
        """Whether it listened then."""
        return self.since_ns <= t_ns and (self.until_ns is None or t_ns < self.until_ns)

    def takes(self, address: str | None) -> bool:
        """Whether it is bound to that address or to all of its family (dual-stack: any)."""
        if address is None or self.address == "::":
            return True
        return self.address == address or (self.address in _ANY and ":" not in address)

    @property
    def owner(self) -> str:
        """`nginx[812]`; `the listener` where it is not known whose it is."""
        return f"{self.comm or '?'}[{self.pid or '?'}]" if self.pid or self.comm else "the listener"


class Queue(NamedTuple):
    """A listener's queues as sorted times: into and out of the SYN queue and of the accept queue.

    `counted` has what the kernel itself counted in the accept queue (sk_ack_backlog), at each request.
    """

    requested: list[int]
    completed: list[int]
    queued: list[int]
    left: list[int]
    accepted: list[int]
    counted: list[tuple[int, int]]

    def pending(self, t_ns: int) -> int:
        """Requests that waited for their final ACK."""
        return bisect_right(self.requested, t_ns) - bisect_right(self.completed, t_ns)

    def waiting(self, t_ns: int) -> int:
        """Connections that waited for accept(): sk_ack_backlog as last counted, and what came and went since.

        Not every child need be in the trace, nor every accept() be seen: so the kernel's count goes before.
        """
        at = bisect_right(self.counted, t_ns, key=itemgetter(0))
        since, count = self.counted[at - 1] if at else (0, 0)
        came = bisect_right(self.queued, t_ns) - bisect_right(self.queued, since)
        return max(0, count + came - (bisect_right(self.left, t_ns) - bisect_right(self.left, since)))

    def longest_pause(self, start_ns: int, end_ns: int) -> int:
        """The longest time between start and end in which nothing was accepted, ns."""
        first, last = bisect_right(self.accepted, start_ns), bisect_right(self.accepted, end_ns)
        marks = [start_ns, *self.accepted[first:last], end_ns]
        return max(after - before for before, after in pairwise(marks))


def listening_of(halves: Rows) -> list[Listening]:
    """Every listening socket among the halves (each there once), and those that only children tell of."""
    seen = [_listening(half_row(halves[at])) for at in np.flatnonzero(halves["side"] == Side.LISTENER)]
    cookies = {one.cookie for one in seen}
    children = _children(halves)
    keys, first = np.unique(_keys(children), return_index=True)
    rows = ((key, half_row(children[at])) for key, at in zip(keys.tolist(), first, strict=True))
    return seen + [_unseen(row, key) for key, row in rows if key not in cookies and row.known & Known.BACKLOG]


def _children(halves: Rows) -> Rows:
    """Server halves that know a listener's limit, or its cookie."""
    known = (halves["known"] & Known.BACKLOG != 0) | (halves["listener"] != 0)
    chosen: Rows = halves[(halves["side"] == Side.SERVER) & known]
    return chosen


def _keys(children: Rows) -> npt.NDArray[np.int64]:
    """Their listener's cookie; where they do not know it, a negative number for each place that was asked."""
    keys: npt.NDArray[np.int64] = children["listener"].astype(np.int64)
    places: dict[tuple[int, bytes, int], int] = {}
    for at in np.flatnonzero(keys == 0):
        row = half_row(children[at])
        keys[at] = places.setdefault((row.netns, row.local, row.lport), -len(places) - 1)
    return keys


def _listening(row: HalfRow) -> Listening:
    return Listening(
        cookie=row.cookie,
        netns=row.netns or None,
        address=address_text(row.local, row.family) or "?",
        port=row.lport,
        pid=row.pid or None,
        comm=row.comm.split(b"\0", 1)[0].decode("utf-8", "replace"),
        limit=row.backlog_max,
        since_ns=moment(row, "listen") or 0,
        until_ns=moment(row, "closed"),
    )


def _unseen(row: HalfRow, key: int) -> Listening:
    return Listening(
        cookie=key,
        netns=row.netns or None,
        address=address_text(row.local, row.family) or "?",
        port=row.lport,
        pid=None,
        comm="",
        limit=row.backlog_max,
        since_ns=0,
        until_ns=None,
    )


def queues_of(halves: Rows) -> dict[int, Queue]:
    """The queues of each listener, by its cookie."""
    children = _children(halves)
    times = {name: children["t"][:, MILESTONE[name]] for name in ("request", "queued", "accepted", "closed")}
    found: dict[int, Queue] = defaultdict(lambda: Queue([], [], [], [], [], []))
    columns = (_keys(children), *times.values())
    for listener, *moments in zip(*(column.tolist() for column in columns), strict=True):
        _enter(found[listener], *moments)
    asked = np.flatnonzero(children["known"] & Known.BACKLOG != 0)
    counts = (columns[0][asked], times["request"][asked], children["backlog"][asked])
    for listener, request, count in zip(*(column.tolist() for column in counts), strict=True):
        found[listener].counted.append((request, count))
    for queue in found.values():
        for column in queue:
            column.sort()
    return dict(found)


def _enter(queue: Queue, request: int, queued: int, accepted: int, closed: int) -> None:
    if request:
        queue.requested.append(request)
        queue.completed.append(queued or closed or _NEVER)
    if queued:
        queue.queued.append(queued)
        queue.left.append(accepted or closed or _NEVER)
    if accepted:
        queue.accepted.append(accepted)
