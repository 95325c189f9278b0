"""`--redact`: a trace whose addresses and names are replaced, the same by the same, before any format has it.

Replaced: IP addresses; the names of processes, of the host, of BPF programs and in rules of nftables; the
command line. Kept, for
the story needs them: ports, sequence numbers, times, and the numbers of processes, users, cgroups and
network namespaces; the kernel's release, its settings, and its functions. Addresses that mean the same
everywhere are kept (127.0.0.1, ::1, 0.0.0.0), others stay of their family and kind.
"""

import re

import msgspec
import numpy as np

from synscope.events.trace import Footer, Header, Rows, Trace
from synscope.events.wire import PathKind
from synscope.export.redaction import registers, segments
from synscope.export.redaction.addresses import Addresses
from synscope.export.redaction.rulesets import Rulesets

_COMM = 16
_SEGMENTS = [PathKind.SENT, PathKind.RECEIVED, PathKind.DROPPED]
_PROGRAM = re.compile(r"\bbpf_prog_[\w.]+")


class Redaction:
    """Replaces the same by the same in all the traces that it is given."""

    def __init__(self) -> None:
        self._addresses = Addresses()
        self._names: dict[str, dict[str, str]] = {}
        self._rulesets = Rulesets(self._addresses, lambda name: self.name("name", name))

    def trace(self, trace: Trace) -> Trace:
        """A new trace; `trace` itself is left as it is."""
        # in this order: what comes later is compared with the addresses that came before
        return Trace(
            header=self._header(trace.header),
            halves=self._halves(trace.halves),
            events=self._events(trace.events),
            calls=registers.redacted(trace.calls, trace.footer.functions, self._addresses),
            footer=self._footer(trace.footer),
        )

    def name(self, kind: str, name: str) -> str:
        """`kind-1` for the first name of its kind, and so on; "" stays."""
        known = self._names.setdefault(kind, {})
        return known.setdefault(name, f"{kind}-{len(known) + 1}") if name else ""

    def _halves(self, rows: Rows) -> Rows:
        rows = rows.copy()
        for field in ("local", "remote"):
            rows[field] = self._addresses.column(rows[field], rows["family"])
        _headers(rows, np.arange(len(rows)))
        rows["comm"] = self._comms(rows["comm"])
        return rows

    def _events(self, rows: Rows) -> Rows:
        rows = rows.copy()
        holds = np.flatnonzero(rows["kind"] != PathKind.OPS)  # there they are addresses in the kernel
        for field in ("saddr", "daddr"):
            rows[field][holds] = self._addresses.column(rows[field][holds], rows["family"][holds])
        _headers(rows, np.flatnonzero(np.isin(rows["kind"], _SEGMENTS)))
        return rows

    def _comms(self, column: Rows) -> Rows:
        """`task->comm`, 16 bytes each."""
        names = [self._process(value.split(b"\0", 1)[0]) for value in column.tolist()]
        return np.array([name.encode().ljust(_COMM, b"\0")[:_COMM] for name in names], column.dtype)

    def _process(self, comm: bytes) -> str:
        return self.name("process", comm[: _COMM - 1].decode("utf-8", "backslashreplace"))

    def _header(self, header: Header) -> Header:
        program, *arguments = header.command or [""]
        comm = program.rpartition("/")[2].encode("utf-8", "surrogateescape")
        command = [self._process(comm), *(self.name("argument", one) for one in arguments)]
        return msgspec.structs.replace(
            header,
            hostname=self.name("host", header.hostname),
            command=command if header.command else [],
        )

    def _footer(self, footer: Footer) -> Footer:
        return msgspec.structs.replace(
            footer,
            stacks={number: list(map(self._symbol, frames)) for number, frames in footer.stacks.items()},
            symbols={address: self._symbol(symbol) for address, symbol in footer.symbols.items()},
            firewalls={netns: self._rulesets.redacted(one) for netns, one in footer.firewalls.items()},
        )

    def _symbol(self, symbol: str) -> str:
        """BPF programs have names that a host's administrator gave, and tags that tell them apart."""
        return _PROGRAM.sub(lambda match: "bpf_prog_" + self.name("program", match[0]), symbol)


def _headers(rows: Rows, chosen: np.ndarray) -> None:
    """Redact the TCP headers of the chosen rows, in place; each distinct one once."""
    known: dict[tuple[bytes, int], bytes] = {}
    column, lengths = rows["header"], rows["header_len"].tolist()
    for at in chosen.tolist():
        key = column[at].tobytes(), lengths[at]
        if key not in known:
            known[key] = segments.redacted(*key)
        column[at] = known[key]
