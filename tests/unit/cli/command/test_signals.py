"""Who gets which signal. The target is a real process that reports the first signal it takes."""

import os
import pty
import signal
import subprocess
import sys

import pytest

from synscope.cli.command import signals
from synscope.cli.command.signals import ONE_PRESS_S, Relay, in_foreground

REPORTER = """
import signal, sys
wanted = {signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGINT, signal.SIGRTMIN}
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
print("ready", flush=True)
print(signal.sigwait(wanted), flush=True)
"""


@pytest.fixture
def target():
    with subprocess.Popen([sys.executable, "-c", REPORTER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.pidfd = os.pidfd_open(process.pid)
        yield process
        process.kill()
        os.close(process.pidfd)


@pytest.fixture
def no_terminal(monkeypatch):
    monkeypatch.setattr(signals, "in_foreground", lambda: False)


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr(signals, "in_foreground", lambda: True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGRTMIN])
def test_a_signal_sent_to_synscope_reaches_the_command(target, number):
    with Relay() as relay:
        relay.aim(target.pidfd)
        os.kill(os.getpid(), number)
    assert int(target.stdout.readline()) == number


def test_one_that_came_too_early_waits_for_the_command(target):
    with Relay() as relay:
        os.kill(os.getpid(), signal.SIGUSR1)
        relay.aim(target.pidfd)
    assert int(target.stdout.readline()) == signal.SIGUSR1


def test_without_a_terminal_sigint_was_meant_for_the_command(target, no_terminal):
    with Relay() as relay:
        relay.aim(target.pidfd)
        os.kill(os.getpid(), signal.SIGINT)
        assert not relay.ended
    assert int(target.stdout.readline()) == signal.SIGINT


def test_the_terminals_sigint_is_not_sent_a_second_time(target, terminal):
    with Relay() as relay:
        relay.aim(target.pidfd)
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGUSR1)
    assert int(target.stdout.readline()) == signal.SIGUSR1


@pytest.mark.parametrize(("apart", "ended"), [(ONE_PRESS_S / 2, False), (ONE_PRESS_S * 2, True)])
def test_a_second_press_ends_the_trace(target, terminal, apart, ended):
    times = iter([0.0, apart])
    with Relay(clock=lambda: next(times)) as relay:
        relay.aim(target.pidfd)
        os.kill(os.getpid(), signal.SIGINT)
        assert not relay.ended
        os.kill(os.getpid(), signal.SIGINT)
        assert relay.ended is ended


def test_a_signal_for_a_command_that_is_gone_is_no_error(target):
    target.kill()
    target.wait()
    with Relay() as relay:
        relay.aim(target.pidfd)
        os.kill(os.getpid(), signal.SIGTERM)


def test_afterwards_every_handler_is_as_before():
    numbers = sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})
    before = {number: signal.getsignal(number) for number in numbers}
    with Relay():
        assert signal.getsignal(signal.SIGTERM) is not before[signal.SIGTERM]
    assert {number: signal.getsignal(number) for number in numbers} == before


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Relay():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(("own_group", "expected"), [(False, 1), (True, 0)])
def test_the_foreground_of_a_terminal_is_recognised(own_group, expected):
    pid, terminal = pty.fork()
    if pid == 0:
        grandchild = os.fork()
        if grandchild == 0:
            if own_group:
                os.setpgid(0, 0)
            os._exit(in_foreground())
        os._exit(os.waitstatus_to_exitcode(os.waitpid(grandchild, 0)[1]))
    status = os.waitpid(pid, 0)[1]
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == expected


def test_without_a_terminal_there_is_no_foreground():
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os._exit(in_foreground())
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
