"""One trace being taken: load, attach, drain, finish."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import msgspec
import numpy as np

from synscope import __version__
from synscope.events.trace import Footer, Header, Rows, Trace
from synscope.events.wire import FUNCTION_CALL, HALF, MILESTONE, PATH_EVENT
from synscope.kernel import cgroups, netns, sysctls
from synscope.kernel.btf import Btf
from synscope.kernel.build_id import build_id
from synscope.kernel.drop_reasons import drop_reasons
from synscope.kernel.release import release
from synscope.kernel.symbols import Symbols, addresses_of
from synscope.kernel.syscalls import syscalls
from synscope.probes import aftermath, registry
from synscope.probes.aftermath import Addresses
from synscope.probes.config import CONFIG, address_bytes
from synscope.probes.firewalls import Firewalls
from synscope.probes.functions import FunctionCalls
from synscope.probes.loader import Loader
from synscope.probes.recovery import AddressSpace
from synscope.probes.ring import Ring
from synscope.probes.table import Table
from synscope.probes.text import KernelMemory
from synscope.probes.wanted import Held, certain
from synscope.tcp import catalogue

Sink = Callable[[Rows, Rows, Rows], None]
"""Gets new rows of `wire.HALF`, `wire.PATH_EVENT` and `wire.FUNCTION_CALL`."""
_NEVER = (1 << 64) - 1
_RECLAIM_EVERY_NS = 1_000_000_000
_BEGINNINGS = [MILESTONE[name] for name in ("connect", "syn_out", "request", "ack_in")]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What to trace and how much of it.

    Attributes:
        cgroup: trace what runs in or below this cgroup v2 directory; None: everything.
        netns: ns.inum; pid: a tgid; port, address: local or remote.
        peers: also the other end on this host of a traced half, whoever owns it.
        until_close: send each half a second time when it closes.
        slots: halves that can be under way at once, at most 65,536.
        patience_ns: how old a request may get, once the slots are scarce, before it is given up (longer
            than six retransmissions of a SYN-ACK take: tcp_synack_retries).
    """

    detail: Literal["record", "path", "functions"] = "record"
    cgroup: Path | None = None
    netns: int | None = None
    pid: int | None = None
    port: int | None = None
    address: str | None = None
    peers: bool = True
    until_close: bool = False
    ring_bytes: int = 16 << 20
    slots: int = 1 << 14
    patience_ns: int = 180_000_000_000

    @property
    def path(self) -> bool:
        """Whether stacks and events are collected."""
        return self.detail != "record"


def config_row(options: Options, btf: Btf) -> np.void:
    """The options as the kernel half reads them: one `CONFIG` row."""
    row = np.zeros(1, CONFIG)[0]
    if options.cgroup is not None:
        row["cgroup"] = cgroups.cgroup_id(options.cgroup)
        row["cgroup_level"] = cgroups.level(options.cgroup, cgroups.mount())
    if options.address is not None:
        family, packed = address_bytes(options.address)
        row["address_family"], row["address"] = family, np.void(packed)
    row["netns"] = options.netns or 0
    row["pid"] = options.pid or 0
    row["port"] = options.port or 0
    row["slots"] = options.slots
    row["peers"] = options.peers
    row["path"] = options.path
    row["until_close"] = options.until_close
    row["keep"] = options.until_close or options.path
    row["filters"] = bool(options.netns or options.port or options.address)
    row["ends"] = bool(options.port or options.address)
    row["cast"] = btf.has_function("bpf_rdonly_cast")
    row["queue_purge"] = btf.enum_values("skb_drop_reason").get("SKB_DROP_REASON_QUEUE_PURGE", 0)
    for field, address in _addresses(options.detail).items():
        row[field] = address
    return row  # type: ignore[no-any-return]


def _judges_late(options: Options) -> bool:
    """Whether some halves are provisional (`bpf/halves.h`)."""
    by_owner = options.pid or (options.cgroup and options.peers)
    return bool(by_owner or options.port or options.address)


def _addresses(detail: str) -> dict[str, int]:
    """Addresses of the functions that probes ask for, by field of `CONFIG`, but of those not found."""
    wanted = registry.functions_of(detail)
    found = addresses_of(wanted.values()) if wanted else {}
    return {field: found[name] for field, name in wanted.items() if name in found}


def begun_within(halves: Rows, since_ns: int, until_ns: int) -> Rows:
    """Which halves began while every hook was attached, as booleans; what is no half yet is kept.

    Hooks are attached and detached one after the other: of a connection that begins meanwhile one half
    may be seen without the other, which would read as a peer that is elsewhere.
    """
    moments = halves["t"][:, _BEGINNINGS]
    never = np.uint64(_NEVER)
    begun = np.where(moments == 0, never, moments).min(axis=1, initial=never)
    kept: Rows = (begun == never) | ((begun >= np.uint64(since_ns)) & (begun <= np.uint64(until_ns)))
    return kept


class Session:
    """A context manager: entering loads and attaches, leaving detaches everything."""

    header: Header
    attached_ns: int = 0  # CLOCK_MONOTONIC when the last hook was attached
    _detaching_ns: int = _NEVER

    def __init__(
        self, options: Options, header_command: list[str], sink: Sink | None = None, keep: bool = True
    ) -> None:
        """`sink` gets the rows as they come; without `keep` they are forgotten after `new_halves()`."""
        self._options = options
        self._command = header_command
        self._sink = sink
        self._sizes = {
            "halves": options.slots,
            "freed": options.slots,
            "ring": options.ring_bytes,
            "events": options.ring_bytes if options.path else 4096,
            "stacks": 1 << 14 if options.path else 1,
            "calls": options.ring_bytes,
        }
        self._btf = Btf.kernel()
        self._config = config_row(options, self._btf)
        self._loader = Loader(self._config, self._sizes)
        self._held = Held(self._config) if options.path and _judges_late(options) else None
        self._keep_rows = keep
        self._named = aftermath.Named()
        self._firewalls = Firewalls(_netfilter_drop(self._btf))
        self._halves: list[Rows] = []
        self._events: list[Rows] = []
        self._calls: list[Rows] = []
        self._functions = FunctionCalls(
            self._btf, catalogue.functions() if options.detail == "functions" else ()
        )
        self._told = 0
        self._next_reclaim_ns = 0

    def __enter__(self) -> Self:
        _raise_limits()
        try:
            for stem, probes in registry.objects_of(self._options.detail, self._options.until_close).items():
                self._loader.load(stem, probes, self._btf)
            self._reclaim = self._loader.callable("reclaim")
            self._map()
            self._functions.load(self._loader, self._options.ring_bytes)
            self._functions.attach(self._loader)
            self._loader.attach(cgroups.mount())
            self._functions.begin()
        except BaseException:
            self._close()
            raise
        self.attached_ns = time.monotonic_ns()
        self.header = self._describe()
        return self

    def _map(self) -> None:
        maps = self._loader.maps
        self._table = Table(maps["halves"].fd, self._options.slots)
        self._half_ring = Ring(maps["ring"].fd, self._sizes["ring"], HALF)
        self._event_ring = (
            Ring(maps["events"].fd, self._sizes["events"], PATH_EVENT) if "events" in maps else None
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        self._functions.detach()
        self._loader.close()

    def _describe(self) -> Header:
        system = release()
        return Header(
            synscope=__version__,
            kernel=system.kernel,
            machine=system.machine,
            build_id=build_id(),
            hostname=system.hostname,
            started_mono_ns=time.monotonic_ns(),
            started_wall_ns=time.time_ns(),
            detail=self._options.detail,
            calls_clock="ns" if self._options.detail == "functions" else "",
            command=self._command,
            hooks=list(self._loader.hooks),
            netns=netns.own(),
            sysctls=sysctls.read(),
            drop_reasons=drop_reasons(self._btf),
            syscalls=syscalls(system.machine),
        )

    def poll(self) -> int:
        """Drain the rings once without waiting; the number of half records that came."""
        return self._poll(last=False)

    def _poll(self, last: bool) -> int:
        self._reclaim_stale()
        events = self._event_ring.drain() if self._event_ring else np.empty(0, PATH_EVENT)
        table = self._table.undecided() if self._held else np.empty(0, HALF)
        halves = self._half_ring.drain()  # after the table: a half that is in neither has left unwanted
        if self._held:
            events = self._held.take(events, table, halves, last)
        self._take(halves, events, self._functions.drain())
        return len(halves)

    def _reclaim_stale(self) -> None:
        """Give up, now and then, what no hook will ever end (bpf/reclaim.bpf.c)."""
        now = time.monotonic_ns()
        if now < self._next_reclaim_ns:
            return
        self._next_reclaim_ns = now + _RECLAIM_EVERY_NS
        for cookie in self._table.stale(now - self._options.patience_ns):
            self._reclaim.run(cookie.to_bytes(8, "little"))

    def _take(self, halves: Rows, events: Rows, calls: Rows) -> None:
        halves = halves[begun_within(halves, self.attached_ns, self._detaching_ns)]
        if not halves.size and not events.size and not calls.size:
            return
        self._named.note(halves, events)
        self._firewalls.note(events)
        self._halves.append(halves)
        if self._keep_rows:
            self._events.append(events)
            self._calls.append(calls)
        if self._sink:
            self._sink(halves, events, calls)

    def new_halves(self) -> Rows:
        """The half records that came since the last call."""
        fresh = self._halves[self._told :]
        if not self._keep_rows:
            self._halves.clear()
        self._told = len(self._halves)
        return np.concatenate(fresh) if fresh else np.empty(0, HALF)

    def undecided(self) -> Rows:
        """The halves whose fate the kernel half has not decided yet."""
        return certain(self._table.undecided(), self._config)

    def finish(self, exit_status: int | None) -> Trace:
        """Detach, drain what is left, sweep up the undecided halves, name the stacks.

        Without `keep` the trace holds only the rows that `new_halves()` has not given yet.
        """
        trace, addresses = self.finish_unnamed(exit_status)
        self._explain(trace.footer, addresses)
        return trace

    def finish_unnamed(self, exit_status: int | None) -> tuple[Trace, Addresses]:
        """The same without names, and the addresses that `aftermath.explain` finds them for."""
        ended = self._detaching_ns = time.monotonic_ns()
        self._functions.end()
        self._loader.detach()
        self._functions.detach()
        self._poll(last=True)
        self._take(self.undecided(), np.empty(0, PATH_EVENT), self._functions.open())
        halves = np.concatenate(self._halves) if self._halves else np.empty(0, HALF)
        events = np.concatenate(self._events) if self._events else np.empty(0, PATH_EVENT)
        calls = np.concatenate(self._calls) if self._calls else np.empty(0, FUNCTION_CALL)
        footer = self._counted()
        footer.ended_mono_ns, footer.exit_status = ended, exit_status
        footer.firewalls = self._firewalls.finish()
        trace = Trace(header=self.header, halves=halves, events=events, calls=calls, footer=footer)
        return trace, self._addresses()

    def footer_so_far(self) -> Footer:
        """What the trace's end would say if it were now: losses, and names of what the rows named."""
        footer = self._counted()
        footer.firewalls = self._firewalls.listed()
        self._explain(footer, self._addresses())
        return footer

    def _counted(self) -> Footer:
        """Losses and functions."""
        footer = Footer(ended_mono_ns=time.monotonic_ns())
        aftermath.count_losses(footer, self._loader.maps["losses"])
        self._functions.count_losses(footer.lost)
        if self._held:
            self._held.count_losses(footer.lost)
        footer.functions = self._functions.functions
        return footer

    def begin_anew(self) -> None:
        """Forget what came so far: for a session that waits, attached, for something to trace."""
        self.poll()
        self._named = aftermath.Named()
        for rows in (self._halves, self._events, self._calls):
            rows.clear()
        self._told = 0
        self._held = self._held and Held(self._config)
        self.attached_ns = time.monotonic_ns()

    def _addresses(self) -> Addresses:
        return self._named.addresses(self._loader.maps["stacks"])

    def _explain(self, footer: Footer, addresses: Addresses) -> None:
        if addresses:
            with KernelMemory() as memory:
                space = AddressSpace(build_id(), Symbols.read(), self._btf, memory.read)
                aftermath.explain(footer, addresses, space)


def _netfilter_drop(btf: Btf) -> int:
    return btf.enum_values("skb_drop_reason").get("SKB_DROP_REASON_NETFILTER_DROP", 0)


def _raise_limits() -> None:
    """Kernels before 5.11 account BPF memory to RLIMIT_MEMLOCK, and a kprobe takes two descriptors."""
    import resource  # noqa: PLC0415

    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY,) * 2)
    with suppress(ValueError, OSError):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
