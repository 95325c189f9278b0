"""The kernel's function names by address, from /proc/kallsyms."""

import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

KALLSYMS = Path("/proc/kallsyms")
LONGEST_FUNCTION = 1 << 20
"""Bytes: an address further behind a symbol belongs to none (gaps between the kernel, modules, BPF)."""

_DIGITS = 16  # of an address, zero-padded (kernel/kallsyms.c, s_show: "%px %c %s")
_NAME = _DIGITS + 3
_TEXT = np.frombuffer(b"tTwW", np.uint8)
_KINDS = (b" t", b" T", b" w", b" W")
_PIECE = 1 << 19

Columns = tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64], npt.NDArray[np.int64]]


class Symbols:
    """Text symbols (t T w W) of the kernel, its modules (`name+0x1f [mod]`) and loaded BPF programs.

    A snapshot: BPF programs that are loaded after it was read are not in it.
    """

    def __init__(self, text: bytes, why: str = "") -> None:
        """`text`: what /proc/kallsyms holds. `why`: the reason, where it could not be read."""
        self._text = text if text.endswith(b"\n") else text + b"\n"
        self._addresses, self._starts, self._ends = _parse(self._text)
        self._why = why

    @classmethod
    def read(cls, path: Path = KALLSYMS) -> "Symbols":
        """Reads `path`; one that cannot be read gives a table that is not `available()`, never an error."""
        try:
            return cls(path.read_bytes())
        except OSError as error:
            return cls(b"", f"cannot read {path}: {error.strerror}")

    def available(self) -> bool:
        """False when there are no addresses: the kernel shows 0 for each to those it does not trust."""
        return bool(len(self._addresses)) and int(self._addresses[-1]) != 0

    def why(self) -> str:
        """Why the table is not available, or ""."""
        if self.available():
            return ""
        if self._why:
            return self._why
        if len(self._addresses):
            return "the kernel hides its addresses (kernel.kptr_restrict, or CAP_SYSLOG is missing)"
        return "the table of symbols is empty"

    def lookup(self, address: int) -> str:
        """`"tcp_connect+0x2c1"`, `"nft_do_chain+0x7 [nf_tables]"`, or the address in hex where none fits."""
        return self.many([address])[0]

    def many(self, addresses: Iterable[int] | npt.NDArray[Any]) -> list[str]:
        """`lookup` of each address, in order; each distinct address is looked up once."""
        wanted = np.fromiter(addresses, np.uint64)
        distinct, inverse = np.unique(wanted, return_inverse=True)
        before = np.searchsorted(self._addresses, distinct, side="right") - 1
        names = [self._describe(int(a), int(i)) for a, i in zip(distinct, before, strict=True)]
        return [names[i] for i in inverse]

    def address(self, name: str) -> int | None:
        """Where the text symbol `name` is (the first, where static functions share the name), or None."""
        if not self.available():
            return None
        for end in (b"\n", b"\t"):
            found = self._text.find(b" " + name.encode() + end)
            rows = np.flatnonzero(self._starts == found + 1)
            if len(rows):
                return int(self._addresses[rows[0]])
        return None

    def addresses(self, names: Iterable[str]) -> dict[str, int]:
        """`address` of many, those that are there: quicker than one by one."""
        wanted = {name.encode(): name for name in names} if self.available() else {}
        found: dict[str, int] = {}
        places = zip(self._addresses.tolist(), self._starts.tolist(), self._ends.tolist(), strict=True)
        for address, start, end in places:
            name = wanted.get(self._text[start:end].partition(b"\t")[0])
            if name is not None:
                found.setdefault(name, address)
        return found

    def programs(self) -> list[int]:
        """Where the BPF programs begin that were loaded, ascending."""
        found = re.findall(rb"^([0-9a-f]{16}) t bpf_prog_\S+\t\[bpf\]$", self._text, re.MULTILINE)
        return sorted(int(address, 16) for address in found)

    def span(self, address: int) -> tuple[int, int]:
        """Where the function begins that `address` is in, and where the next symbol does; (0, 0): in none."""
        if not self.available():
            return 0, 0
        begin = int(np.searchsorted(self._addresses, np.uint64(address), side="right"))
        if begin == 0 or begin == len(self._addresses):
            return 0, 0
        start, end = int(self._addresses[begin - 1]), int(self._addresses[begin])
        return (start, end) if address - start <= LONGEST_FUNCTION else (0, 0)

    def _describe(self, address: int, index: int) -> str:
        if index < 0 or not self.available():
            return hex(address)
        base = int(self._addresses[index])
        if address - base > LONGEST_FUNCTION:
            return hex(address)
        name, _, module = self._name(index).partition("\t")
        return f"{name}+{address - base:#x}" + (f" {module}" if module else "")

    def _name(self, index: int) -> str:
        """The best of the names at one address; all aliases of `index` are before it."""
        first = int(np.searchsorted(self._addresses, self._addresses[index], side="left"))
        return min((self._raw(i) for i in range(first, index + 1)), key=_rank)

    def _raw(self, index: int) -> str:
        return self._text[self._starts[index] : self._ends[index]].decode("ascii", "backslashreplace")


def addresses_of(names: Collection[str], path: Path = KALLSYMS) -> dict[str, int]:
    """Where functions of the kernel itself are, those that `path` shows.

    It is read no further than to the last of them, for the kernel takes its time to write it.
    """
    found: dict[str, int] = {}
    text = b""
    with suppress(OSError), path.open("rb") as file:
        while len(found) < len(names) and (piece := file.read(_PIECE)):
            text += piece
            found = {name: at for name in names if (at := _address_in(text, name))}
    return found


def _address_in(text: bytes, name: str) -> int:
    """0: it is not there, or its address is not shown."""
    end = text.find(b" " + name.encode() + b"\n")
    line = text[end + 1 - _NAME : end] if end > 0 else b""
    return int(line[:_DIGITS], 16) if line.endswith(_KINDS) else 0


def _rank(name: str) -> tuple[bool, bool, int, bool, str]:
    """Sorts aliases: the plain name before `__pfx_name`, `__name` and the compiler's `name.part.0`.

    The linker's marks (`__softirqentry_text_end`: include/asm-generic/vmlinux.lds.h) are no functions.
    """
    underscores = len(name) - len(name.lstrip("_"))
    is_mark = underscores > 0 and name.endswith(("_start", "_end"))
    return name.startswith(("__pfx_", "__cfi_")), is_mark, underscores, "." in name, name


def _parse(text: bytes) -> Columns:
    """Addresses (ascending), and where in `text` each name starts and ends; other lines are skipped."""
    data = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(data == ord("\n"))
    starts = np.concatenate(([0], ends[:-1] + 1))
    long_enough = ends - starts > _NAME
    starts, ends = starts[long_enough], ends[long_enough]
    text_symbol = np.isin(data[starts + _DIGITS + 1], _TEXT) & (data[starts + _DIGITS] == ord(" "))
    starts, ends = starts[text_symbol], ends[text_symbol]
    addresses = _hexadecimal(data[starts[:, None] + np.arange(_DIGITS)])
    order = np.argsort(addresses, kind="stable")
    return addresses[order], starts[order] + _NAME, ends[order]


def _hexadecimal(digits: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """(n, 16) ASCII digits to (n,) numbers: '0' is 0x30 and 'a' 0x61, so bit 6 tells letters from digits."""
    nibbles = (digits & 15) + 9 * (digits >> 6)
    octets = np.ascontiguousarray(nibbles[:, 0::2] << 4 | nibbles[:, 1::2])
    return octets.view(">u8").reshape(-1).astype(np.uint64)
