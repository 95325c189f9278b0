"""What a trace knows around a connection: found by socket, by thread, by port. Made once for all of them."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from functools import cached_property
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from synscope.connections.rows import HalfRow, half_row
from synscope.diagnosis.failed_calls import FailedCall, failed_calls
from synscope.diagnosis.happened import Happened
from synscope.diagnosis.listeners import Listening, Queue, listening_of, queues_of
from synscope.diagnosis.nft_match import Packet
from synscope.diagnosis.nftables import Dropping, Ruleset
from synscope.events.decode import address_text, latest
from synscope.events.trace import Rows, Trace
from synscope.events.wire import MILESTONE, Known, Side

Mask = npt.NDArray[np.bool_]

_ROUTE_HOOKS = frozenset({"tp_btf/fib_table_lookup", "tp_btf/fib6_table_lookup"})
_BOTH_ISNS = int(Known.ISN | Known.PEER_ISN)


class Around(Happened):
    """A trace, indexed. Everything is computed when it is first asked for: a healthy trace needs little."""

    def __init__(self, trace: Trace) -> None:
        super().__init__(trace)
        self.halves: Rows = latest(trace.halves)
        self._ports: dict[tuple[int | None, str | None, int | None], int] = {}
        self._rulesets: dict[int, Ruleset] = {}
        self._droppers: dict[tuple[int, str, Packet], list[Dropping]] = {}

    @property
    def record(self) -> bool:
        """Whether nothing but the halves' records was collected."""
        return self.header.detail == "record"

    @property
    def traces_routes(self) -> bool:
        """Whether route lookups of both families were traced."""
        attached = {hook.name for hook in self.header.hooks if hook.attached}
        return attached.issuperset(_ROUTE_HOOKS)

    @property
    def lossy(self) -> bool:
        """Whether the tracer lost anything, or the trace was cut off."""
        return bool(self.footer.lost) or not self.footer.complete

    def sysctl(self, name: str, netns: int | None) -> str | None:
        """A setting as the namespace has it: the header has those of the tracer's own namespace only."""
        if not netns or self.header.netns != netns:
            return None
        return self.header.sysctls.get(name)

    def droppers(self, netns: int | None, hook: str | None, packet: Packet | None) -> list[Dropping]:
        """The rules of nftables, of those listed, that can have dropped it; worked out once for all alike."""
        if netns not in self.footer.firewalls or hook is None or packet is None:
            return []
        if netns not in self._rulesets:
            self._rulesets[netns] = Ruleset(self.footer.firewalls[netns])
        asked = netns, hook, packet
        if asked not in self._droppers:
            self._droppers[asked] = self._rulesets[netns].droppers(hook, packet)
        return self._droppers[asked]

    # Halves

    @cached_property
    def _by_cookie(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for at, cookie in enumerate(self.halves["cookie"].tolist()):
            found[cookie].append(at)
        return found

    def row(self, cookie: int | None, connect_ns: int | None) -> HalfRow | None:
        """The half of that socket, of its attempts the one that began at `connect_ns`."""
        rows = self._by_cookie.get(cookie, []) if cookie else []
        if len(rows) > 1:
            wanted = connect_ns or 0
            rows = [at for at in rows if int(self.halves["t"][at, MILESTONE["connect"]]) == wanted] or rows
        return half_row(self.halves[rows[-1]]) if rows else None

    @cached_property
    def _by_isns(self) -> dict[tuple[int, int, int], list[int]]:
        """Row numbers by (side, own ISN, peer's ISN), of the halves that know both."""
        found: dict[tuple[int, int, int], list[int]] = defaultdict(list)
        rows = np.flatnonzero(self.halves["known"] & _BOTH_ISNS == _BOTH_ISNS)
        keys = (self.halves[name][rows].tolist() for name in ("side", "isn", "peer_isn"))
        for at, key in zip(rows.tolist(), zip(*keys, strict=True), strict=True):
            found[key].append(at)
        return found

    def translated(self, row: HalfRow, *, to_server: bool) -> HalfRow | None:
        """The one half of the other side that has the row's two ISNs, mirrored."""
        side = int(Side.SERVER if to_server else Side.CLIENT)
        rows = self._by_isns.get((side, row.peer_isn, row.isn), [])
        return half_row(self.halves[rows[0]]) if len(rows) == 1 else None

    def ports_to(self, netns: int | None, address: str | None, port: int | None) -> int:
        """How many local ports of a namespace have a half to this end; counted once, for all who ask."""
        place = netns, address, port
        if place not in self._ports:
            rows = (half_row(self.halves[at]) for at in np.flatnonzero(self._goes_to(netns, port)))
            same = (row for row in rows if address_text(row.remote, row.family) == address)
            self._ports[place] = len({row.lport for row in same if row.lport})
        return self._ports[place]

    def holders(
        self, netns: int | None, local: int | None, port: int | None, cookie: int | None
    ) -> list[str]:
        """The owners of other halves from this local port to that remote port, `name[pid]`."""
        there = self._goes_to(netns, port) & (self.halves["lport"] == (local or 0))
        rows = (half_row(self.halves[at]) for at in np.flatnonzero(there))
        rows = (row for row in rows if row.cookie != cookie)
        return [f"{self.comms.get(row.pid, '?')}[{row.pid or '?'}]" for row in rows]

    def _goes_to(self, netns: int | None, port: int | None) -> Mask:
        """Which are client halves of a namespace to a port that got as far as a SYN."""
        halves = self.halves
        wanted: Mask = (halves["side"] == Side.CLIENT) & (halves["rport"] == (port or 0))
        wanted &= halves["t"][:, MILESTONE["syn_out"]] != 0
        if netns is not None:
            wanted &= halves["netns"] == netns
        return wanted

    @cached_property
    def comms(self) -> dict[int, str]:
        """Process id to name, of whoever owns a half."""
        rows = self.halves[["pid", "comm"]]
        return {
            int(pid): bytes(comm).split(b"\0", 1)[0].decode("utf-8", "replace")
            for pid, comm in zip(rows["pid"].tolist(), rows["comm"].tolist(), strict=True)
            if pid
        }

    # Listeners

    @cached_property
    def _served(self) -> dict[tuple[str | None, int], set[int]]:
        """The namespaces of the traced listeners' children, by their own address and port."""
        halves = self.halves
        found: dict[tuple[str | None, int], set[int]] = defaultdict(set)
        ours = np.isin(halves["listener"], halves["cookie"][halves["side"] == Side.LISTENER])
        for at in np.flatnonzero(ours & (halves["side"] == Side.SERVER) & (halves["netns"] != 0)):
            row = half_row(halves[at])
            found[address_text(row.local, row.family), row.lport].add(row.netns)
        return found

    def server_netns(self, address: str | None, port: int | None) -> int | None:
        """The namespace that connections to this end came to, if they all came to the same one."""
        found = self._served.get((address, port or 0), set())
        return next(iter(found)) if len(found) == 1 else None

    @cached_property
    def listeners(self) -> list[Listening]:
        """Every listening socket of the trace."""
        return listening_of(self.halves)

    @cached_property
    def queues(self) -> dict[int, Queue]:
        """Each listener's two queues, by its cookie."""
        return queues_of(self.halves)

    # Calls that failed

    @cached_property
    def failed(self) -> list[FailedCall]:
        """Calls on sockets that failed, in order of time."""
        return failed_calls(self)

    @cached_property
    def _failed_accepts(self) -> dict[int, list[FailedCall]]:
        """Those of accept(), by the listener's cookie, in the order of their returns."""
        found: dict[int, list[FailedCall]] = defaultdict(list)
        for call in sorted(self.failed, key=attrgetter("end_ns")):
            if call.name.startswith("accept"):
                found[call.cookie].append(call)
        return found

    def accept_errors(self, cookie: int | None, start: int, end: int) -> list[FailedCall]:
        """accept() calls on a listener that failed in this time."""
        calls = self._failed_accepts.get(cookie or 0, [])
        first = bisect_left(calls, start, key=attrgetter("end_ns"))
        return calls[first : bisect_right(calls, end, key=attrgetter("end_ns"))]

    def connected(self, cookie: int, end: int) -> bool:
        """Whether a half of that socket had begun by then."""
        rows = self._by_cookie.get(cookie, [])
        begun = (int(self.halves["t"][at, MILESTONE["connect"]]) for at in rows)
        return any(0 < t <= end for t in begun)
