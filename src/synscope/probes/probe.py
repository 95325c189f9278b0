"""What a probe is."""

from typing import Literal

import msgspec


class Probe(msgspec.Struct, frozen=True):
    """One program of the kernel half.

    Attributes:
        program: its name in the object.
        hook: the section, as people know it (`"tp_btf/inet_sock_set_state"`).
        tells: what it is there for, in a few words.
        detail: the least detail that attaches it.
        needed: without it there is no story; else its absence is told and the rest goes on.
        functions: kernel functions whose addresses it needs, by the field of `CONFIG` that gets them.
    """

    program: str
    hook: str
    tells: str
    detail: Literal["record", "path"] = "record"
    needed: bool = False
    functions: dict[str, str] = {}

    @property
    def tracepoint(self) -> str | None:
        """The tracepoint that the kernel must have, or None for cgroup hooks."""
        kind, _, name = self.hook.partition("/")
        return name if kind == "tp_btf" else None
