"""Pieces of kernel work: a system call, a packet's way up, a timer; and whose sockets each worked on.

A unit is an outermost call, or what hangs right below a dispatcher: a function that softirq work of
many connections passes through, one piece after the other.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from synscope.connections.nesting import Nesting, Places
from synscope.connections.timeline import Timeline
from synscope.events.trace import Rows
from synscope.events.wire import CallFlag
from synscope.kernel.prototypes import Function

DISPATCHERS = frozenset(
    {
        "handle_softirqs",
        "__do_softirq",
        "run_ksoftirqd",
        "net_rx_action",
        "__napi_poll",
        "napi_threaded_poll",
        "napi_threaded_poll_loop",
        "napi_busy_loop",
        "process_backlog",
        "net_tx_action",
        "run_timer_softirq",
        "run_timer_base",
        "__run_timer_base",
        "__run_timers",
        "expire_timers",
        "call_timer_fn",
        "napi_complete_done",
        "gro_normal_list",
        "napi_gro_flush",
        "netif_receive_skb_list",
        "netif_receive_skb_list_internal",
        "__netif_receive_skb_list",
        "__netif_receive_skb_list_core",
        "ip_list_rcv",
        "ip_list_rcv_finish",
        "ip_sublist_rcv",
        "ip_sublist_rcv_finish",
        "ipv6_list_rcv",
        "ip6_list_rcv_finish",
        "ip6_sublist_rcv",
    }
)
"""kernel/softirq.c, kernel/time/timer.c, net/core/{dev,gro}.c, net/ipv4/ip_input.c, net/ipv6/ip6_input.c."""


class Units:
    """The units of a trace, numbered by the places of their outermost calls.

    Attributes:
        root: the place of each unit's outermost call.
        of_place: the unit of each place; -1 for dispatchers.
    """

    def __init__(self, calls: Rows, nesting: Nesting, functions: Sequence[Function]) -> None:
        self._nesting = nesting
        dispatching = _dispatching(calls, nesting, functions)
        parent = nesting.parent
        outermost = ~dispatching & ((parent < 0) | dispatching[parent])
        self.root: Places = np.flatnonzero(outermost)
        self.of_place: Places = np.where(dispatching, -1, np.cumsum(outermost) - 1)
        cookies = calls["cookie"][nesting.order]
        self._cookies = cookies
        own = np.flatnonzero((cookies != 0) & ~dispatching)
        peer = (calls["flags"][nesting.order[own]] & CallFlag.PEER) != 0
        self._by_cookie = Timeline(cookies[own], self.of_place[own].astype(np.uint64))
        self._by_unit = Timeline(self.of_place[own].astype(np.uint64), cookies[own])
        self._peer = peer[self._by_cookie.order]

    def span(self, unit: int) -> tuple[int, int]:
        """The places of a unit's calls: from, up to and without."""
        root = int(self.root[unit])
        return root, int(self._nesting.end[root])

    def votes(self, cookie: int) -> dict[int, int]:
        """The units with calls that worked on the socket: unit to their number, less those for its peer."""
        begin, end = self._by_cookie.span(cookie)
        found: dict[int, int] = {}
        for place in range(begin, end):
            unit = self._by_cookie.time(place)
            found[unit] = found.get(unit, 0) + (-1 if self._peer[place] else 1)
        return found

    def cookies(self, unit: int) -> set[int]:
        """The cookies in a unit."""
        begin, end = self._by_unit.span(unit)
        return {self._by_unit.time(place) for place in range(begin, end)}

    def cookie_at(self, begin: int, end: int) -> list[int]:
        """The cookies of the calls in these places."""
        found: list[int] = self._cookies[begin:end].tolist()
        return found

    def at(self, lane: int, t: int) -> int | None:
        """The unit that ran on `lane` at `t`."""
        place = self._nesting.at(lane, t)
        unit = int(self.of_place[place]) if place >= 0 else -1
        return unit if unit >= 0 else None


def _dispatching(calls: Rows, nesting: Nesting, functions: Sequence[Function]) -> npt.NDArray[np.bool_]:
    """Whether each place is a dispatcher, called by dispatchers only."""
    names = np.array([function.name in DISPATCHERS for function in functions] or [False])
    known: npt.NDArray[np.bool_] = names[calls["function"][nesting.order]]
    found: npt.NDArray[np.bool_] = known & (nesting.parent < 0)
    for places, callers in nesting.levels():
        inner = known[places] & found[callers]
        if not inner.any():
            break
        found[places] = inner
    return found
