"""What a trace holds: a header, one row per half, and, in `path` detail, one row per event.

Connections, phases and findings are computed from a trace, never stored in it.
"""

from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from synscope.events.wire import FUNCTION_CALL, HALF, PATH_EVENT
from synscope.kernel.prototypes import Function

Rows = npt.NDArray[Any]


class Hook(msgspec.Struct, frozen=True):
    """One hook: its name (`"tp_btf/inet_sock_set_state"`), whether it was attached, and why not."""

    name: str
    attached: bool
    why: str = ""


class Header(msgspec.Struct, kw_only=True):
    """Where and how a trace was taken.

    Attributes:
        kernel: `uname -r`; `machine`: `uname -m`.
        build_id: the kernel's own, hex, or "".
        started_mono_ns, started_wall_ns: one instant in CLOCK_MONOTONIC and CLOCK_REALTIME, nanoseconds.
        detail: `record`, `path` or `functions`.
        calls_clock: what `FUNCTION_CALL.enter` counts: `"ns"` of CLOCK_MONOTONIC, or `"order"` (the lab's
            log has no clock: only which came first); "" where no calls were collected.
        lab: how the lab ran this kernel (`"QEMU 7.2.22, tcg, icount"`); "" for a live trace.
        netns: the tracer's own network namespace, whose `sysctls` these are; 0: not known.
        sysctls: the settings that shape connection setup, by name (`net.ipv4.tcp_syn_retries`).
        drop_reasons: this kernel's `enum skb_drop_reason`, number to name without `SKB_DROP_REASON_`.
        syscalls: number to name, for the calls that are traced (`{42: "connect"}`).
    """

    synscope: str
    kernel: str
    machine: str
    build_id: str = ""
    hostname: str = ""
    started_mono_ns: int
    started_wall_ns: int
    detail: str = "record"
    command: list[str] = []
    hooks: list[Hook] = []
    sysctls: dict[str, str] = {}
    drop_reasons: dict[int, str] = {}
    syscalls: dict[int, str] = {}
    netns: int = 0
    calls_clock: Literal["", "ns", "order"] = ""
    lab: str = ""


class Operations(msgspec.Struct, frozen=True):
    """A table of operation pointers: `table` says whose (`"socket->ops"`), `members` are function names."""

    table: str
    members: dict[str, str]


class Edge(msgspec.Struct, frozen=True):
    """Two neighbours in a stack between which functions were passed that had left their frames by a jump.

    Attributes:
        caller: where the outer one is returned to, as in `Footer.stacks` (`"tcp_v4_connect+0x269"`).
        callee: the function of the inner one.
        passed: the functions in between, outermost first.
        operations: 0: `caller`'s text calls the first of `passed`; else it calls a pointer, and this table
            (a key of `Footer.operations`) has the one function that jumps to `callee`.
    """

    caller: str
    callee: str
    passed: list[str]
    operations: int = 0


class FunctionText(msgspec.Struct, frozen=True):
    """What the text of a function says: whom it calls and jumps to, `"*"` being a pointer.

    Attributes:
        calls: only functions that a rule or a table of operations names.
    """

    calls: list[str]
    jumps: list[str]


class Firewall(msgspec.Struct, kw_only=True):
    """The rules of nftables of a network namespace in which netfilter freed a segment.

    Attributes:
        ruleset: what `nft -j list ruleset` printed, soon after the first such segment.
        text: the same of `nft -a list ruleset`, or "".
        later: as `ruleset`, when the trace ended; "" where the namespace was gone by then.
    """

    ruleset: str
    text: str = ""
    later: str = ""


class Footer(msgspec.Struct, kw_only=True):
    """What is known only at the end.

    Attributes:
        ended_mono_ns: when tracing stopped, ns of CLOCK_MONOTONIC; 0 when the trace was cut off.
        lost: what is missing, by hook and reason (`"tp_btf/inet_sock_set_state: ring full"`), never 0.
        stacks: stack id to the symbols of its frames, innermost first (`"tcp_connect+0x2c1"`).
        symbols: other kernel addresses that rows name (drop locations) to their symbol.
        left_out: sockets recognised and left out, by kind (`"mptcp"`), never 0.
        functions: those that `FUNCTION_CALL.function` counts.
        operations: address to the table there, of the addresses that `PathKind.OPS` events name.
        edges: what the kernel's text tells of neighbours in `stacks`.
        text: the same of single functions, by name: those that `connections.unseen` asks for.
        firewalls: by network namespace, of the first of those in which netfilter freed a segment; `path`
            detail, where nft(8) is installed.
        exit_status: of the traced command, as a shell gives it; None for `watch`.
        complete: False when the file ends before its footer.
    """

    ended_mono_ns: int = 0
    lost: dict[str, int] = {}
    stacks: dict[int, list[str]] = {}
    symbols: dict[int, str] = {}
    left_out: dict[str, int] = {}
    functions: list[Function] = []
    operations: dict[int, Operations] = {}
    edges: list[Edge] = []
    text: dict[str, FunctionText] = {}
    firewalls: dict[int, Firewall] = {}
    exit_status: int | None = None
    complete: bool = True


class Trace(msgspec.Struct, kw_only=True):
    """Everything that was collected: see `Header` and `Footer`.

    Attributes:
        halves: rows of `wire.HALF`, in the order in which they left the kernel. A half can be there
            more than once (same cookie and attempt): the last row knows the most.
        events: rows of `wire.PATH_EVENT`; empty in `record` detail.
        calls: rows of `wire.FUNCTION_CALL`; empty but in `functions` detail and in the lab's traces.
    """

    header: Header
    halves: Rows = msgspec.field(default_factory=lambda: np.empty(0, HALF))
    events: Rows = msgspec.field(default_factory=lambda: np.empty(0, PATH_EVENT))
    calls: Rows = msgspec.field(default_factory=lambda: np.empty(0, FUNCTION_CALL))
    footer: Footer = msgspec.field(default_factory=Footer)
