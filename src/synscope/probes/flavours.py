"""The ways in which programs are attached to kernel functions, and which of them this kernel has.

Unlike all other hooks they change the kernel's text, which not every kernel allows.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from synscope.errors import Exit, SynscopeError
from synscope.kernel.btf import Btf
from synscope.kernel.prototypes import prototypes
from synscope.probes.libbpf import Link, Object, Program
from synscope.probes.loader import object_path

LAB = "synscope lab --detail functions -- CMD"
"""What does the same where a kernel does not allow it."""

_SURE = "tcp_connect"  # a function of every kernel with TCP: called from another file, so never inlined
_KPROBES = Path("/sys/bus/event_source/devices/kprobe")


class Flavour(msgspec.Struct, frozen=True):
    """A way to attach.

    Attributes:
        name: as people know it.
        entry: the program that runs at entries, and at returns too where `leave` is None.
        attach_type: of `enum bpf_attach_type`; "" where each function is attached to by itself.
    """

    name: str
    entry: str = "enter"
    leave: str | None = "leave"
    attach_type: str = ""

    @property
    def programs(self) -> tuple[str, ...]:
        """Those of the object that it needs."""
        return (self.entry, self.leave) if self.leave else (self.entry,)

    def number(self, btf: Btf) -> int:
        """Of `attach_type` on this kernel; 0 for "" (kprobes have none)."""
        return btf.enum_values("bpf_attach_type")[self.attach_type] if self.attach_type else 0

    def choose(self, obj: Object, btf: Btf) -> None:
        """Have the programs loaded that this way needs, and no others."""
        for program in obj.programs.values():
            program.autoload(program.name in self.programs)
            program.will_attach_as(self.number(btf))

    def attach(self, obj: Object, btf: Btf, cookies: Mapping[str, int]) -> list[Link]:
        """Attach to all these functions, each with its cookie, or to none: then SynscopeError."""
        links: list[Link] = []
        try:
            if self.leave:
                links += self._attach(obj.programs[self.leave], btf, cookies, at_return=True)
            links += self._attach(obj.programs[self.entry], btf, cookies, at_return=False)
        except SynscopeError:
            for link in links:
                link.detach()
            raise
        return links

    def _attach(
        self, program: Program, btf: Btf, cookies: Mapping[str, int], *, at_return: bool
    ) -> list[Link]:
        if self.attach_type:
            return [program.attach_to_functions(cookies, self.number(btf), at_return)]
        return [program.attach_to_function(name, cookie, at_return) for name, cookie in cookies.items()]


FLAVOURS = (
    Flavour("kprobe.session", "session", None, "BPF_TRACE_KPROBE_SESSION"),
    Flavour("kprobe.multi", attach_type="BPF_TRACE_KPROBE_MULTI"),
    Flavour("kprobe"),
)
"""The cheapest first, and last what the oldest kernels have."""


def available(btf: Btf) -> Flavour:
    """The first of `FLAVOURS` that this kernel has: a program that does nothing is attached and detached.

    Raises:
        SynscopeError: it has none; with its answer to each.
    """
    answers = []
    for flavour in FLAVOURS:
        try:
            _try(flavour, btf)
        except SynscopeError as error:
            answers.append(f"{flavour.name}: {error.why}")
        else:
            return flavour
    why = f"this kernel lets no program into its functions ({'; '.join(answers)})"
    raise SynscopeError("cannot trace function calls", why, LAB, Exit.NOT_PERMITTED)


def _try(flavour: Flavour, btf: Btf) -> None:
    _require(flavour, btf)
    harmless = msgspec.structs.replace(flavour, entry="nothing", leave=flavour.leave and "nothing")
    obj = Object(object_path("nothing"))
    try:
        harmless.choose(obj, btf)
        obj.load()
        for link in harmless.attach(obj, btf, {_SURE: 0}):
            link.detach()
    finally:
        obj.close()


def _require(flavour: Flavour, btf: Btf) -> None:
    """What is known without trying."""
    if flavour.attach_type and flavour.attach_type not in btf.enum_values("bpf_attach_type"):
        raise SynscopeError(flavour.name, "unknown to it")
    if flavour.leave is None and prototypes(btf, ["bpf_session_is_return"])[0].parameters != []:
        raise SynscopeError(flavour.name, "it has another bpf_session_is_return()")
    if not flavour.attach_type and not _KPROBES.exists():
        # libbpf would write into tracefs instead, where a probe outlives its process
        raise SynscopeError(flavour.name, f"no {_KPROBES}")
