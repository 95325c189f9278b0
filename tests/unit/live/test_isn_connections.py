"""Real connections, on loopback, without tracing; a session that a test can look at."""

import socket
import threading
from contextlib import contextmanager
from queue import Queue

import pytest

import rows
from synscope.errors import SynscopeError
from synscope.live import isn_connections
from synscope.live.isn_connections import SLOWEST, Pace, resolve, take


class Session:
    def __init__(self, options, command):
        self.options = options

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        pass

    def finish(self, status):
        return rows.trace([])


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(isn_connections, "Session", Session)
    monkeypatch.setattr(isn_connections, "PAUSE_S", 0.0)


@contextmanager
def server(address="127.0.0.1"):
    """Its address, and the ports of who connected."""
    ports = Queue()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as listener:

        def serve():
            while True:
                try:
                    accepted, peer = listener.accept()
                except OSError:
                    return
                ports.put(peer[1])
                accepted.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[:2], ports
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_every_other_connection_comes_from_the_same_port(address):
    with server(address) as (target, queue):
        taken = take(resolve(*target), 20, 1000, ["test"])
        ports = [queue.get(timeout=10) for _ in range(20)]
    assert (taken.made, taken.failed) == (20, 0)
    assert len(set(ports[::2])) == 1
    assert len(set(ports[1::2]) - set(ports[::2])) == 10


def test_nobody_listens():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(SynscopeError, match=f"cannot connect to 127.0.0.1:{port}: Connection refused"):
            take(resolve("127.0.0.1", port), 20, 1000, ["test"])


def test_the_remedy_names_the_host_as_it_was_asked_for():
    """An address alone would lack its zone."""
    with pytest.raises(SynscopeError) as failed:
        take(resolve("fe80::1%lo", 9), 20, 1000, ["test"])
    assert "nc -z fe80::1%lo 9" in failed.value.remedy


def test_the_pace_slows_down_and_ends():
    pace = Pace(50)
    pace.succeeded(0.01)
    assert pace.rate == 50
    pace.succeeded(1.02)
    assert pace.rate == 25
    for _ in range(2):
        pace.fell_short(OSError(110, "Connection timed out"))
        assert not pace.ended
    pace.fell_short(OSError(110, "Connection timed out"))
    assert pace.ended
    assert (pace.rate, pace.made, pace.failed, pace.why) == (25 / 8, 2, 3, "Connection timed out")
    for _ in range(20):
        pace.succeeded(2.0)
    assert pace.rate == SLOWEST


def test_a_first_failure_ends_it():
    pace = Pace(50)
    pace.fell_short(OSError(111, "Connection refused"))
    assert pace.ended


def test_ten_failures_between_successes_end_it_too():
    pace = Pace(50)
    for failed in range(10):
        assert not pace.ended, failed
        pace.succeeded(0)
        pace.succeeded(0)
        pace.fell_short(OSError(111, "Connection refused"))
    assert pace.ended


def test_names_that_are_none():
    for name in ("a..b", "x" * 300, "no such host"):
        with pytest.raises(SynscopeError, match="cannot find"):
            resolve(name, 80)


def test_an_address_has_its_usual_name():
    assert resolve("::1", 80).name == "[::1]:80"
    assert resolve("127.0.0.1", 80).name == "127.0.0.1:80"
