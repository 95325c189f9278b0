"""What was decoded of a kernel's text, kept for its next trace: one file per build id, by offset.

Offsets count from the first byte of the kernel's text, for the kernel lies elsewhere after each boot
(KASLR). Modules and trampolines lie anywhere: what is about them is not kept.
"""

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from synscope.kernel.callsites import POINTER, Exits
from synscope.kernel.symbols import Symbols
from synscope.kernel.text import NO_CALL, Facts

_FORMAT = 1


class _Kept(msgspec.Struct):
    """The file, MessagePack. Offsets begin with 1, so that `POINTER` stays what it is."""

    format: int
    facts: Facts


class TextCache:
    """The file of one kernel."""

    def __init__(self, build_id: str, symbols: Symbols, directory: Path | None = None) -> None:
        self._symbols = symbols
        self._base = (symbols.address("_stext") or 0) - 1
        self._path = (directory or _directory()) / f"{build_id}.msgpack"
        self._usable = bool(build_id) and self._base > 0

    def load(self) -> Facts:
        """What is known; nothing where there is no such file or it is damaged."""
        try:
            kept = msgspec.msgpack.decode(self._path.read_bytes(), type=_Kept) if self._usable else None
        except (OSError, msgspec.DecodeError):
            kept = None
        return Facts() if kept is None or kept.format != _FORMAT else _moved(kept.facts, self._base)

    def save(self, facts: Facts) -> None:
        """Replace the file. Where that cannot be done (a read-only home) the next trace decodes again."""
        if not self._usable:
            return
        content = msgspec.msgpack.encode(_Kept(_FORMAT, _moved(self._own(facts), -self._base)))
        scratch = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            scratch.write_bytes(content)
            scratch.replace(self._path)
        except OSError:
            with suppress(OSError):
                scratch.unlink()

    def _own(self, facts: Facts) -> Facts:
        """What is about the kernel's own text alone."""
        end = self._symbols.address("_etext") or 0

        def own(at: int) -> bool:
            return at in (POINTER, NO_CALL) or self._base < at < end

        return Facts(
            sites={at: to for at, to in facts.sites.items() if own(at) and own(to)},
            functions={
                at: Exits(tuple(filter(own, found.calls)), found.jumps)
                for at, found in facts.functions.items()
                if own(at) and all(map(own, found.jumps))
            },
            names={at: name for at, name in facts.names.items() if own(at)},
            entries={name: at for name, at in facts.entries.items() if own(at)},
        )


def _moved(facts: Facts, by: int) -> Facts:
    def moved(at: int) -> int:
        return at if at in (POINTER, NO_CALL) else at + by

    return Facts(
        sites={at + by: moved(to) for at, to in facts.sites.items()},
        functions={
            at + by: Exits(tuple(map(moved, found.calls)), tuple(map(moved, found.jumps)))
            for at, found in facts.functions.items()
        },
        names={at + by: name for at, name in facts.names.items()},
        entries={name: moved(at) for name, at in facts.entries.items()},
    )


def _directory() -> Path:
    """XDG Base Directory Specification: $XDG_CACHE_HOME, else ~/.cache."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "synscope" / "text"
