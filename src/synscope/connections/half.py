"""One row as an object: the `Half` that is shown, its milestones and its changes of state."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from synscope.connections.model import Half, Listener, Milestone, SideName, Transition
from synscope.connections.operations import Ops
from synscope.connections.rows import HalfRow, Step
from synscope.connections.stacks import Stacks
from synscope.events.decode import address_text
from synscope.events.trace import Trace
from synscope.events.wire import MILESTONE, MILESTONES, HalfFlag, Known
from synscope.tcp.errnos import errno_name
from synscope.tcp.states import State, state_name

# As plain numbers: each use of a flag's operators costs as much as all the rest of a field.
_ISN, _PEER_ISN, _BACKLOG, _UID = (int(bit) for bit in (Known.ISN, Known.PEER_ISN, Known.BACKLOG, Known.UID))
_PEER, _SYN_COOKIE = int(HalfFlag.PEER), int(HalfFlag.SYN_COOKIE)
_LISTEN = int(State.LISTEN)


def half_of(
    row: HalfRow,
    trace: Trace,
    listener: Listener | None = None,
    total_ns: int | None = None,
    ops: Ops | None = None,
) -> Half:
    """The half that a row tells of; 0 becomes None wherever 0 means unknown."""
    address, port = _end(row.local, row.lport, row.family)
    peer_address, peer_port = _end(row.remote, row.rport, row.family)
    return Half(
        address=address,
        port=port,
        peer_address=peer_address,
        peer_port=peer_port,
        netns=row.netns or None,
        cgroup=row.cgroup or None,
        pid=row.pid or None,
        tid=row.tid or None,
        comm=_text(row.comm) if row.pid else None,
        uid=row.uid if row.known & _UID else None,
        cookie=row.cookie or None,
        isn=isn_of(row),
        ops=ops,
        listener=listener,
        traced=not row.flags & _PEER,
        retransmits=max(row.syn_retransmits, row.synack_retransmits),
        sk_err=errno_name(row.sk_err),
        sk_err_soft=errno_name(row.sk_err_soft),
        drop_reason=drop_reason(trace, row.drop_reason),
        drop_location=location(trace, row.drop_location),
        total_ns=total_ns,
    )


def listener_of(row: HalfRow) -> Listener | None:
    """What a server half knows of the listening socket behind it; None for other halves.

    A listener that is not traced has no cookie unless someone has asked the kernel for it.
    """
    counted = row.known & _BACKLOG
    if not row.listener and not counted and not row.flags & _SYN_COOKIE:
        return None
    return Listener(
        cookie=row.listener or None,
        backlog_at_syn=row.backlog if counted else None,
        backlog_max=row.backlog_max if counted or row.backlog_max else None,
        syn_cookie=bool(row.flags & _SYN_COOKIE),
    )


def isn_of(row: HalfRow) -> int | None:
    """The half's own initial sequence number, where known."""
    return row.isn if row.known & _ISN else None


def peer_isn_of(row: HalfRow) -> int | None:
    """The peer's initial sequence number as this half knows it."""
    return row.peer_isn if row.known & _PEER_ISN else None


def moment(row: HalfRow, name: str) -> int | None:
    """When the row's half passed the milestone `name`, ns."""
    return row.t[MILESTONE[name]] or None


def milestones_of(row: HalfRow, side: SideName) -> Iterator[Milestone]:
    """The milestones that were seen, in the order of their names' list."""
    for name, at in zip(MILESTONES, row.t, strict=False):
        if at:
            yield Milestone(name, side, at)


def transitions_of(steps: Iterable[Step], side: SideName, stacks: Stacks) -> Iterator[Transition]:
    """Changes of state, in the order in which they were made."""
    for step in steps:
        source, target = states_of(step)
        yield Transition(side=side, source=source, target=target, t_ns=step.t, by=stacks.maker(step.stack))


def states_of(step: Step) -> tuple[str, str]:
    """The names of the states left and entered."""
    return _state(step.source), _state(step.target)


def listener_steps(row: HalfRow) -> list[Step]:
    """The changes of state by which a socket came to listen: what it did later is not its children's."""
    entered = [at for at, step in enumerate(row.transitions) if step.target == _LISTEN]
    return row.transitions[: entered[0] + 1] if entered else []


def drop_reason(trace: Trace, number: int) -> str | None:
    """The traced kernel's name for a reason (its numbers differ from kernel to kernel); None for 0."""
    return trace.header.drop_reasons.get(number, f"reason {number}") if number else None


def location(trace: Trace, address: int) -> str | None:
    """The function at a kernel address, without the offset; the address itself where it has no name."""
    if not address:
        return None
    symbol = trace.footer.symbols.get(address)
    return symbol.split("+", 1)[0] if symbol else f"{address:#x}"


def _end(address: bytes, port: int, family: int) -> tuple[str | None, int | None]:
    """An end as text and port. Zeros are no address: a socket that is bound to none yet."""
    if not port and not any(address):
        return None, None
    return address_text(address, family), port or None


@lru_cache(256)
def _text(comm: bytes) -> str:
    """`task->comm`: bytes, NUL-terminated, which need not be UTF-8."""
    return comm.split(b"\0", 1)[0].decode("utf-8", "replace")


@lru_cache(256)
def _state(number: int) -> str:
    return state_name(number)
