"""The connection as people speak of it: two halves joined, with all that is known of each.

These types are `connection-json.md`'s, field by field: `synscope.export.json` encodes them as they
stand, and every view is a function of them. Times are ns of CLOCK_MONOTONIC. None means unknown.

What a connection has many of is not tracked by Python's cyclic garbage collector (`gc=False`: frozen
trees hold no cycles), which would go through all of them again and again as thousands are made.
"""

from typing import Literal

import msgspec

SideName = Literal["client", "server"]

Outcome = Literal[
    "established",
    "refused",
    "timed_out",
    "reset",
    "unreachable",
    "denied",
    "no_local_port",
    "address_in_use",
    "invalid",
    "aborted",
    "in_progress",
]

Evidence = Literal["stack", "tail_call", "ops_pointer", "call_site", "probe", "inlined", "effect"]
Context = Literal["process", "softirq"]


class Listener(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The listening socket behind a server half; `backlog_at_syn` counts its accept queue at the SYN."""

    cookie: int | None = None
    backlog_at_syn: int | None = None
    backlog_max: int | None = None
    syn_cookie: bool | None = None


class Half(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One side of one connection attempt.

    Attributes:
        address, port: this side's own, as text and host order; None while none is bound.
        peer_address, peer_port: the other end as this side's socket names it: where the other half was not
            seen, this is all that is known of it.
        pid, tid, comm, uid: of the socket's owner, never of whoever softirq interrupted.
        comm: as the kernel gave it: clean it before it reaches a terminal.
        isn: initial sequence number (RFC 9293 section 3.4.1).
        ops: operation pointers read from the socket, by table, as symbol names; None: not read.
        traced: False for the other end of a traced half, owned by someone who is not traced.
        retransmits: of the SYN (client) or the SYN-ACK (server).
        total_ns: what the side's phases sum to; None where it has none.
    """

    address: str | None = None
    port: int | None = None
    netns: int | None = None
    cgroup: int | None = None
    pid: int | None = None
    tid: int | None = None
    comm: str | None = None
    uid: int | None = None
    cookie: int | None = None
    isn: int | None = None
    ops: dict[str, dict[str, str]] | None = None
    listener: Listener | None = None
    traced: bool = True
    retransmits: int = 0
    sk_err: str | None = None
    sk_err_soft: str | None = None
    drop_reason: str | None = None
    drop_location: str | None = None
    peer_address: str | None = None
    peer_port: int | None = None
    total_ns: int | None = None


class Milestone(msgspec.Struct, frozen=True, gc=False):
    """A moment in a half's life; `name` is one of `events.wire.MILESTONES`."""

    name: str
    side: SideName
    t_ns: int


class Transition(
    msgspec.Struct, frozen=True, gc=False, kw_only=True, rename={"source": "from", "target": "to"}
):
    """A state change, names as in the kernel without `TCP_`; `by` is the function that made it."""

    side: SideName
    source: str
    target: str
    t_ns: int
    by: str | None = None


class Segment(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename={"source": "from"}):
    """One segment of the handshake (or an RST), with the sender's and the receiver's time.

    Attributes:
        flags: as tcpdump writes them (`S`, `S.`, `.`, `R.`).
        options: decoded, by name (`mss`, `wscale`, `sack_ok`, `timestamp`, …), in wire order.
        dropped: `"REASON function"` where the kernel freed the segment instead of delivering it.
        inferred: True when the segment itself was not captured but its fields are known from the
            sockets (record detail): window and options are then None where not known.
    """

    n: int
    source: SideName
    flags: str
    seq: int
    ack: int | None = None
    window: int | None = None
    options: dict[str, object] | None = None
    sent_ns: int | None = None
    received_ns: int | None = None
    retransmission: bool = False
    dropped: str | None = None
    inferred: bool = False


class Phase(msgspec.Struct, frozen=True, gc=False):
    """The time between two moments of one side; `name` is one of `connections.phases.PHASES`."""

    name: str
    side: SideName
    start_ns: int
    duration_ns: int


class Call(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A function in the kernel's call path, and how it is known.

    Attributes:
        marks: what was seen to happen in it (`"CLOSE → SYN_SENT"`, `"sends SYN"`), in time order.
        enter_ns, exit_ns: None where only a stack shows it; `seen_ns` is when it was first seen there.
    """

    function: str
    evidence: Evidence = "stack"
    side: SideName = "client"
    context: Context = "process"
    seen_ns: int | None = None
    enter_ns: int | None = None
    exit_ns: int | None = None
    args: dict[str, str] | None = None
    ret: str | None = None
    marks: tuple[str, ...] = ()
    children: tuple["Call", ...] = ()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict with a stable code, evidence, counter-evidence and a remedy.

    Attributes:
        counter_evidence: what rules out each cause that would look alike.
        doubts: what is missing from the evidence; each has lowered `confidence`.
        conn_state: Zeek's, of such a connection (`S0`, `REJ`, `S1`); None where Zeek would see nothing.
        error_type: OpenTelemetry's `error.type` (`connection_refused`); None where nothing failed.
    """

    code: str
    severity: Literal["info", "warning", "error"]
    summary: str
    evidence: tuple[str, ...] = ()
    counter_evidence: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    remedy: str = ""
    confidence: float = 1.0
    conn_state: str | None = None
    error_type: str | None = None


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Two halves joined, or one half whose peer is elsewhere: `synscope.connection/1`.

    Attributes:
        outcome: None where the evidence does not decide it (record detail, a connect() that failed
            before any SYN).
    """

    schema: str = "synscope.connection/1"
    id: str
    outcome: Outcome | None
    errno: str | None = None
    family: Literal["inet", "inet6"] | None = None
    mapped: bool = False
    client: Half | None = None
    server: Half | None = None
    milestones: tuple[Milestone, ...] = ()
    transitions: tuple[Transition, ...] = ()
    segments: tuple[Segment, ...] = ()
    phases: tuple[Phase, ...] = ()
    calls: tuple[Call, ...] = ()
    findings: tuple[Finding, ...] = ()
    lost: dict[str, int] = {}
