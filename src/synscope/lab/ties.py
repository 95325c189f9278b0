"""Which half each call worked for, and which thread made it: sockets are pointers in the log, halves cookies.

A pointer names a socket from its allocation to the next at the same place. A struct socket, the struct sock
behind it and the request that a child comes from are one half. The kernel asks for a socket's cookie in
__sock_gen_cookie, which the probes in the guest make it do for every socket that they see.
"""

from bisect import bisect_right, insort
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from synscope.events.trace import Rows
from synscope.events.wire import CallFlag, Side
from synscope.kernel.prototypes import Function
from synscope.lab.frames import OUTSIDE, Calls

Numbers = npt.NDArray[np.int64]

_ALLOCATES = frozenset(
    ("sock_alloc", "sk_alloc", "sk_clone_lock", "sk_clone", "inet_reqsk_alloc", "inet_twsk_alloc")
)
"""These return a new one: net/socket.c, net/core/sock.c, net/ipv4/tcp_input.c and inet_timewait_sock.c."""
_SAME_ARGUMENTS = frozenset(("sock_init_data", "sock_init_data_uid"))  # (sock, sk)
_SAME_AS_RETURNED = {"inet_csk_clone_lock": 1, "inet_twsk_alloc": 0}
"""The argument that is of the same half as what is returned: (sk, req, ...), (sk, ...)."""
_ACCEPTING, _ACCEPTED, _NEW_SOCKET = "inet_accept", "inet_csk_accept", 1
_COOKIE = "__sock_gen_cookie"


class Sockets:
    """The sockets of a log: which one a pointer was at a place."""

    def __init__(self, calls: Calls) -> None:
        self._starts: dict[int, list[tuple[int, int]]] = {}
        self._same: list[int] = []
        self._cookies: dict[int, int] = {}
        rows, names = calls.rows, calls.names
        returned = (rows["flags"] & CallFlag.RETURNED) != 0
        self._calls = [
            (names[row["function"]], row, int(parent))
            for row, parent in zip(rows[returned], calls.parent[returned], strict=True)
            if names[row["function"]] in _TELLING
        ]
        for name, row, _ in self._calls:
            if name in _ALLOCATES and row["ret"]:
                self._begin(_pointer(row["ret"]), int(row["enter"]))
        for name, row, parent in self._calls:
            self._tell(name, row, calls, parent)

    def cookie(self, pointer: int, place: int) -> int:
        """The cookie of the half that `pointer` was of at `place` in the log; 0: of none that is known."""
        found = self._at(pointer, place)
        return 0 if found is None else self._cookies.get(self._first(found), 0)

    def pointers(self) -> Iterator[int]:
        """Every pointer that names a socket at some place."""
        yield from self._starts

    def _tell(self, name: str, row: Any, calls: Calls, parent: int) -> None:
        first, returned = int(row["args"][0]), _pointer(row["ret"])
        enter, leave = int(row["enter"]), int(row["exit"])
        if name in _SAME_ARGUMENTS:
            self._join((first, enter), (int(row["args"][1]), enter))
        elif name in _SAME_AS_RETURNED:
            self._join((int(row["args"][_SAME_AS_RETURNED[name]]), enter), (returned, leave))
        elif name == _ACCEPTED and parent != OUTSIDE:
            around = calls.rows[parent]
            if calls.names[around["function"]] == _ACCEPTING:
                self._join((int(around["args"][_NEW_SOCKET]), enter), (returned, leave))
        elif name == _COOKIE and returned:
            self._cookies[self._known(first, enter)] = returned

    def _begin(self, pointer: int, place: int) -> int:
        insort(self._starts.setdefault(pointer, []), (place, len(self._same)))
        self._same.append(len(self._same))
        return self._same[-1]

    def _at(self, pointer: int, place: int) -> int | None:
        starts = self._starts.get(pointer)
        if not starts:
            return None
        index = bisect_right(starts, place, key=lambda start: start[0]) - 1
        return starts[index][1] if index >= 0 else None

    def _known(self, pointer: int, place: int) -> int:
        """The same; one that was there before the log began is known from its beginning on."""
        found = self._at(pointer, place)
        return self._first(self._begin(pointer, 0) if found is None else found)

    def _first(self, number: int) -> int:
        while self._same[number] != number:
            number = self._same[number]
        return number

    def _join(self, one: tuple[int, int], other: tuple[int, int]) -> None:
        if not one[0] or not other[0]:
            return
        kept, gone = self._known(*one), self._known(*other)
        if kept != gone:
            self._same[gone] = kept
            cookie = self._cookies.pop(gone, 0)
            if cookie:
                self._cookies[kept] = cookie


_TELLING = _ALLOCATES | _SAME_ARGUMENTS | _SAME_AS_RETURNED.keys() | {_ACCEPTED, _COOKIE}


def cookies(calls: Calls, functions: Sequence[Function], halves: Rows) -> npt.NDArray[np.uint64]:
    """Of the half that each call worked for, 0 where its pointers do not tell.

    Where it has a listener's pointer and that of one of its children, it worked for the child. Only what
    the function's prototype calls a pointer counts: other registers hold what was left in them.
    """
    sockets = Sockets(calls)
    known = set(sockets.pointers())
    wanted = set(halves["cookie"].tolist())
    listeners = set(halves["cookie"][halves["side"] == Side.LISTENER].tolist())
    found = np.zeros(len(calls.rows), np.uint64)
    places = [_pointers(function) for function in functions]
    for number, row in enumerate(calls.rows):
        arguments, returns = places[row["function"]]
        values = [(int(row["args"][at]), int(row["enter"])) for at in arguments]
        if returns and row["flags"] & CallFlag.RETURNED:
            values.append((_pointer(row["ret"]), int(row["exit"])))
        these = [sockets.cookie(*value) for value in values if value[0] in known]
        these = sorted((cookie for cookie in these if cookie in wanted), key=listeners.__contains__)
        if these:
            found[number] = these[0]
    return found


def threads(calls: Calls, cookie: npt.NDArray[np.uint64], halves: Rows) -> tuple[Numbers, Numbers]:
    """Process and thread of each call in process context; 0 where the halves do not tell.

    A half names its thread. The first call in process context that worked for it was that thread's, and
    so were the calls on the same stack with the same page table until another half names another thread.
    """
    outermost = roots(calls.parent)
    process = (calls.rows["flags"] & CallFlag.SOFTIRQ) == 0
    owner: dict[int, tuple[int, int]] = {}
    for half in halves[halves["pid"] != 0]:
        first = np.flatnonzero(process & (cookie == half["cookie"]))
        if len(first):
            owner.setdefault(int(outermost[first[0]]), (int(half["pid"]), int(half["tid"])))
    found = np.zeros((2, len(calls.rows)), np.int64)
    tasks: dict[tuple[int, int], list[int]] = {}
    for root in np.unique(outermost[process]).tolist():
        tasks.setdefault((int(calls.stack[root]), int(calls.cr3[root])), []).append(root)
    of_root = {root: who for task in tasks.values() for root, who in _filled(task, owner)}
    for number in np.flatnonzero(process).tolist():
        found[:, number] = of_root[int(outermost[number])]
    return found[0], found[1]


def roots(parent: Numbers) -> Numbers:
    """The outermost call that each call was made in."""
    found = np.where(parent == OUTSIDE, np.arange(len(parent)), parent)
    while not np.array_equal(found, found[found]):
        found = found[found]
    return found


def _filled(task: list[int], owner: dict[int, tuple[int, int]]) -> Iterator[tuple[int, tuple[int, int]]]:
    """Each call of a task with its thread: the last that was named, or, before that, the first."""
    who = next((owner[root] for root in task if root in owner), (0, 0))
    for root in task:
        who = owner.get(root, who)
        yield root, who


def _pointers(function: Function) -> tuple[list[int], bool]:
    """The arguments that are pointers, and whether it returns one."""
    arguments = [at for at, one in enumerate(function.parameters or ()) if one.type.endswith("*")]
    return arguments, bool(function.returns and function.returns.type.endswith("*"))


def _pointer(value: Any) -> int:
    return int(value) & (1 << 64) - 1
