"""Halves that no hook ever ends give their slots back: a watch does not fill up with them."""

import pytest

from support.prelude import *  # noqa: F403
from support.scripts import ran
from support.tracing import of_cgroup, tracing
from synscope.events.wire import Side

pytestmark = pytest.mark.needs_kernel

SLOTS = 64
WAITING = 50


def never_accepted(count: int) -> None:
    """`count` connections at a time that their listener takes along when it closes."""
    listener = listen(backlog=count)  # noqa: F405
    kept = [client() for _ in range(count)]  # noqa: F405
    for active in kept:
        active.connect(listener.getsockname())
    say()  # noqa: F405


def accepted(count: int) -> None:
    """`count` connections, one after the other."""
    listener = listen(backlog=8)  # noqa: F405
    for _ in range(count):
        with client() as active:  # noqa: F405
            active.connect(listener.getsockname())
            listener.accept()[0].close()
    say()  # noqa: F405


def test_slots_of_the_forgotten_are_used_again(netns, cgroup):
    with tracing(of_cgroup(cgroup, "record", slots=SLOTS, patience_ns=0)) as taken:
        ran(never_accepted, WAITING, namespace=netns, cgroup=cgroup)
        taken.session.poll()  # the first poll looks for what is stale
        ran(accepted, 2 * SLOTS, namespace=netns, cgroup=cgroup)
    rows = taken.trace.halves
    assert not taken.trace.footer.lost
    assert len(set(rows["cookie"][rows["side"] == Side.SERVER].tolist())) == WAITING + 2 * SLOTS


def test_while_there_is_room_they_may_wait(netns, cgroup):
    with tracing(of_cgroup(cgroup, "record", slots=4 * SLOTS, patience_ns=0)) as taken:
        ran(never_accepted, WAITING, namespace=netns, cgroup=cgroup)
        taken.session.poll()
        assert len(taken.session._table.stale(2**63)) == 0
    assert not taken.trace.footer.lost


def test_a_closed_listeners_port_is_anybodys_again(netns, cgroup):
    """Without its listener, connections of others to that port are none of ours, not even provisionally."""
    with tracing(of_cgroup(cgroup, "record")) as taken:
        (first,) = ran(listened, 0, namespace=netns, cgroup=cgroup)
        ran(served, first["port"], namespace=netns)
    rows = taken.trace.halves
    assert set(rows["side"].tolist()) == {Side.LISTENER}


def listened(port: int) -> None:
    """A listener that nobody connects to."""
    with listen(backlog=8, port=port) as listener:  # noqa: F405
        say(port=listener.getsockname()[1])  # noqa: F405


def served(port: int) -> None:
    """A listener on that port, and one connection to it."""
    with listen(backlog=8, port=port) as listener, client() as active:  # noqa: F405
        active.connect(listener.getsockname())
        listener.accept()[0].close()
    say()  # noqa: F405
