"""Ways through the state machine to its end. `tracing` holds each change against the tables."""

import socket

import pytest

from support.firewall import filter_rule
from support.prelude import client, disconnect, ends, hear, listen, reset_on_close, say
from support.scripts import ran, running
from support.tracing import of_cgroup, tracing
from synscope.connections.state_path import state_path

pytestmark = pytest.mark.needs_kernel


def closed_by(first: str, how: str) -> None:
    """One connection, closed by one end first, in several ways; each end's last state is reached."""
    listener, active = listen(), client()
    active.connect(listener.getsockname())
    passive, _ = listener.accept()
    say(client=ends(active), server=ends(passive))
    one, other = (active, passive) if first == "client" else (passive, active)
    if how == "unread":
        other.send(b"unread")
        one.recv(1, socket.MSG_PEEK)
    if how == "reset":
        reset_on_close(one)
    if how == "dissolved":
        disconnect(one)
    if how == "halves":
        one.shutdown(socket.SHUT_WR)
        other.recv(1)
        other.shutdown(socket.SHUT_WR)
        one.recv(1)
    one.close()
    if how == "orderly":
        other.recv(1)
    other.close()
    listener.close()


def both_at_once() -> None:
    """Both ends close while the other's FIN cannot come through: it comes when it is sent again."""
    listener, active = listen(), client()
    active.connect(listener.getsockname())
    passive, _ = listener.accept()
    say()
    hear()
    active.shutdown(socket.SHUT_WR)
    passive.shutdown(socket.SHUT_WR)
    say()
    active.recv(1)
    passive.recv(1)
    active.close()
    passive.close()


def sides(steps, side):
    return [step.target for step in steps if step.side == side]


CLIENT = ["SYN_SENT", "ESTABLISHED"]
SERVER = ["LISTEN", "NEW_SYN_RECV", "SYN_RECV", "ESTABLISHED"]
ACTIVE, PASSIVE = ["FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT"], ["CLOSE_WAIT", "LAST_ACK", "CLOSE"]
ENDINGS = {
    ("client", "halves"): (ACTIVE, PASSIVE),
    ("server", "halves"): (PASSIVE, ACTIVE),
    ("client", "orderly"): (ACTIVE, PASSIVE),
    ("client", "reset"): (["CLOSE"], ["CLOSE"]),
    ("server", "reset"): (["CLOSE"], ["CLOSE"]),
    ("client", "unread"): (["CLOSE"], ["CLOSE"]),
    ("client", "dissolved"): (["CLOSE"], ["CLOSE"]),
}


@pytest.mark.parametrize(("first", "how"), ENDINGS)
def test_the_end_of_a_connection(netns, cgroup, first, how):
    with tracing(of_cgroup(cgroup, "path", until_close=True)) as taken:
        ran(closed_by, first, how, namespace=netns, cgroup=cgroup)
    steps = state_path(taken.only())
    of_client, of_server = ENDINGS[first, how]
    assert sides(steps, "client") == CLIENT + of_client
    assert sides(steps, "server") == SERVER + of_server


def test_both_close_at_once(netns, cgroup):
    """FINs are held up, so that each end has sent its own before the other's comes: CLOSING on both."""
    with (
        tracing(of_cgroup(cgroup, "path", until_close=True)) as taken,
        running(both_at_once, namespace=netns, cgroup=cgroup) as script,
    ):
        filter_rule(netns, "output", "tcp flags & fin == fin drop")
        script.ask()
        netns.run("nft", "flush", "ruleset")
        script.rest()
    steps = state_path(taken.only())
    assert sides(steps, "client")[2:] == ["FIN_WAIT1", "CLOSING", "TIME_WAIT"]
    assert sides(steps, "server")[4:] == ["FIN_WAIT1", "CLOSING", "TIME_WAIT"]
