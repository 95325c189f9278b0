"""What the model of `socket()` is told, and what it answers (`synscope.tcp.socket_call`)."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from synscope.tcp.inetsw import Protosw

Mark = Literal["passed", "refused", "walked", "requested", "done", "unknown"]


class Call(msgspec.Struct, frozen=True):
    """The three arguments, as C `int`s."""

    family: int
    type: int
    protocol: int


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """What of the calling process counts: CAP_NET_RAW over its network namespace; its groups, egid first."""

    net_raw: bool
    groups: tuple[int, ...]


class Kernel(msgspec.Struct, frozen=True, kw_only=True):
    """What of the kernel counts, read from it (`synscope.kernel.protocols`).

    Attributes:
        protocols: names of /proc/net/protocols, oldest first.
        ipproto_max: IPPROTO_MAX.
        ping_groups: net.ipv4.ping_group_range.
        mptcp: net.mptcp.enabled.
        can_load: whether it asks for modules at all.
        modules: the modules that an alias (`net-pf-2-proto-132`) would load.
    """

    protocols: tuple[str, ...]
    ipproto_max: int
    ping_groups: tuple[int, int] = (1, 0)
    mptcp: bool = True
    can_load: bool = False
    modules: Mapping[str, tuple[str, ...]] = {}


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that a function of the kernel does.

    Attributes:
        mark: `passed` and `refused` for a check, `walked` for an entry that does not match, `requested` for a
            module, `done` for what is set, `unknown` for who may refuse and is not asked.
        module: the name that `request_module` gets.
    """

    function: str
    source: str
    mark: Mark
    does: str
    module: str | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the model says.

    Attributes:
        errno: 0 if there will be a socket; None where the model does not know.
        unknown: why it does not know.
        entry: the entry that the walk ended at, also where the call is refused after it.
        socket: SO_DOMAIN, SO_TYPE and SO_PROTOCOL of the new socket.
    """

    call: Call
    steps: tuple[Step, ...]
    errno: int | None
    unknown: str | None = None
    entry: Protosw | None = None
    socket: Call | None = None

    @property
    def requests(self) -> tuple[str, ...]:
        """The modules asked for, in order."""
        return tuple(step.module for step in self.steps if step.module is not None)
