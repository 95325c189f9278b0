"""The stage that scenarios are played on: its processes, and that nothing of it outlives them."""

import os
import signal
from pathlib import Path

import pytest

from support.require import require
from synscope.lab.stage.actors import Actor, GoingOn, StageError
from synscope.lab.stage.hosts import Host

pytestmark = pytest.mark.needs_kernel


@pytest.fixture
def host():
    require(os.geteuid() == 0, "needs root to make network namespaces")
    made = Host("client")
    yield made
    for actor in made.actors:
        actor.end()
    os.close(made.namespace)


def own():
    return Path("/proc/thread-self/ns/net").stat().st_ino


def test_the_caller_comes_back_to_its_own_namespace(host):
    before = own()
    with host.inside():
        assert own() == os.fstat(host.namespace).st_ino != before
    assert own() == before


def test_an_actor_is_in_the_hosts_namespace_under_its_name(host):
    assert host.run(own) == os.fstat(host.namespace).st_ino
    assert host.run(Path("/proc/self/comm").read_text) == "client\n"


def test_an_actor_waits_for_orders_and_reports(host):
    def script():
        order = yield "ready"
        yield GoingOn(order)
        yield order * 2

    actor = host.act(script)
    assert actor.report() == "ready"
    assert actor.ask(21) == 21
    assert actor.report() == 42


def test_a_failing_actor_says_why(host):
    def fail():
        raise ValueError("no such thing")

    with pytest.raises(StageError) as error:
        host.run(fail)
    assert "ValueError: no such thing" in error.value.why


def test_a_failing_command_says_why(host):
    with pytest.raises(StageError) as error:
        host.ip("link set nothing up")
    assert 'Cannot find device "nothing"' in error.value.why


def test_a_refused_client_has_the_errnos_name(host):
    assert host.connect(("127.0.0.1", 1)).error == "ECONNREFUSED"


def test_actors_die_with_the_stage(host):
    """Killed, not ended: what a stage that is killed leaves behind is nothing."""
    inside, outside = os.pipe()
    stage = os.fork()
    if stage == 0:
        os.close(inside)
        Actor("server", lambda: iter_forever(outside), host.namespace)
        signal.pause()
    os.close(outside)
    assert os.read(inside, 1) == b"!"
    os.kill(stage, signal.SIGKILL)
    os.waitpid(stage, 0)
    assert os.read(inside, 1) == b""  # every process that held the other end has ended
    os.close(inside)


def iter_forever(outside):
    os.write(outside, b"!")
    signal.pause()
    yield
