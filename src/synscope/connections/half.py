"""One row as an object: the `Half` that is shown, its milestones and its changes of state."""

from collections.abc import Iterator
from typing import Any

from synscope.connections.model import Half, Listener, Milestone, SideName, Transition
from synscope.connections.stacks import Stacks
from synscope.events.decode import address_text
from synscope.events.trace import Trace
from synscope.events.wire import HALF_TRANSITIONS, MILESTONE, MILESTONES, HalfFlag, Known
from synscope.tcp.errnos import errno_name
from synscope.tcp.states import State, state_name

Row = Any
"""One row of `wire.HALF` (a numpy.void)."""

_OF_THE_LISTENER = ("socket", "bind", "listen")


def half_of(row: Row, trace: Trace, listener: Listener | None = None) -> Half:
    """The half that a row tells of; 0 becomes None wherever 0 means unknown."""
    known = Known(int(row["known"]))
    address, port = _end(row, "local", "lport")
    peer_address, peer_port = _end(row, "remote", "rport")
    pid = int(row["pid"])
    return Half(
        address=address,
        port=port,
        peer_address=peer_address,
        peer_port=peer_port,
        netns=int(row["netns"]) or None,
        cgroup=int(row["cgroup"]) or None,
        pid=pid or None,
        tid=int(row["tid"]) or None,
        comm=_comm(row) if pid else None,
        uid=int(row["uid"]) if Known.UID in known else None,
        cookie=int(row["cookie"]) or None,
        isn=isn_of(row),
        listener=listener,
        traced=not int(row["flags"]) & HalfFlag.PEER,
        retransmits=max(int(row["syn_retransmits"]), int(row["synack_retransmits"])),
        sk_err=errno_name(int(row["sk_err"])),
        sk_err_soft=errno_name(int(row["sk_err_soft"])),
        drop_reason=drop_reason(trace, int(row["drop_reason"])),
        drop_location=location(trace, int(row["drop_location"])),
    )


def listener_of(row: Row) -> Listener | None:
    """What a server half knows of the listening socket behind it; None for other halves."""
    cookie = int(row["listener"])
    if not cookie:
        return None
    counted = bool(int(row["known"]) & Known.BACKLOG)
    return Listener(
        cookie=cookie,
        backlog_at_syn=int(row["backlog"]) if counted else None,
        backlog_max=int(row["backlog_max"]) if counted or int(row["backlog_max"]) else None,
        syn_cookie=bool(int(row["flags"]) & HalfFlag.SYN_COOKIE),
    )


def isn_of(row: Row) -> int | None:
    """The half's own initial sequence number, where known."""
    return int(row["isn"]) if int(row["known"]) & Known.ISN else None


def peer_isn_of(row: Row) -> int | None:
    """The peer's initial sequence number as this half knows it."""
    return int(row["peer_isn"]) if int(row["known"]) & Known.PEER_ISN else None


def moment(row: Row, name: str) -> int | None:
    """When the row's half passed the milestone `name`, ns."""
    return int(row["t"][MILESTONE[name]]) or None


def milestones_of(row: Row, side: SideName) -> Iterator[Milestone]:
    """The milestones that were seen, in the order of their names' list."""
    times: list[int] = row["t"].tolist()
    for name, at in zip(MILESTONES, times, strict=False):
        if at:
            yield Milestone(name, side, at)


def listener_milestones(row: Row) -> Iterator[Milestone]:
    """A listener's part in its connections' story: socket, bind and listen, on the server's side."""
    return (mark for mark in milestones_of(row, "server") if mark.name in _OF_THE_LISTENER)


def steps_of(row: Row) -> list[Row]:
    """The transitions that the row holds (at most HALF_TRANSITIONS)."""
    return list(row["transitions"][: min(int(row["transition_count"]), HALF_TRANSITIONS)])


def transitions_of(row: Row, side: SideName, stacks: Stacks) -> Iterator[Transition]:
    """The row's changes of state, in the order in which they were made."""
    for step in steps_of(row):
        yield Transition(
            side=side,
            source=state_name(int(step["from"])),
            target=state_name(int(step["to"])),
            t_ns=int(step["t"]),
            by=stacks.maker(int(step["stack"])),
        )


def listener_steps(row: Row) -> list[Row]:
    """The changes of state by which a socket came to listen: what it did later is not its children's."""
    steps = steps_of(row)
    entered = [at for at, step in enumerate(steps) if int(step["to"]) == State.LISTEN]
    return steps[: entered[0] + 1] if entered else []


def drop_reason(trace: Trace, number: int) -> str | None:
    """The traced kernel's name for a reason (its numbers differ from kernel to kernel); None for 0."""
    return trace.header.drop_reasons.get(number, f"reason {number}") if number else None


def location(trace: Trace, address: int) -> str | None:
    """The function at a kernel address, without the offset; the address itself where it has no name."""
    if not address:
        return None
    symbol = trace.footer.symbols.get(address)
    return symbol.split("+", 1)[0] if symbol else f"{address:#x}"


def _end(row: Row, address: str, port: str) -> tuple[str | None, int | None]:
    """An end as text and port. Zeros are no address: a socket that is bound to none yet."""
    number = int(row[port])
    raw = row[address].tobytes()
    if not number and not any(raw):
        return None, None
    return address_text(raw, int(row["family"])), number or None


def _comm(row: Row) -> str:
    """`task->comm`: bytes, NUL-terminated, which need not be UTF-8."""
    name: bytes = row["comm"].tobytes()
    return name.split(b"\0", 1)[0].decode("utf-8", "replace")
