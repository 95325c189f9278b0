"""The other end is a socket that says what QEMU says (docs/interop/qmp-spec.txt)."""

import json
import socket
from collections.abc import Iterator

import pytest

from synscope.errors import SynscopeError
from synscope.lab.qmp import EndedError, HungError, Qmp

GREETING = {
    "QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": []}
}
OK = {"return": {}}


def event(name):
    return {"event": name, "data": {}, "timestamp": {"seconds": 1, "microseconds": 2}}


class Qemu:
    """Its end: what is said at once, and what it was told."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def say(self, *messages) -> None:
        self.connection.sendall(b"".join(json.dumps(message).encode() + b"\r\n" for message in messages))

    def told(self) -> list:
        return [json.loads(line) for line in self.connection.recv(1 << 16).splitlines()]


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, Qemu]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, Qemu(theirs)


@pytest.fixture
def qemu(ends):
    ends[1].say(GREETING, OK)
    return ends[1]


@pytest.fixture
def qmp(ends, qemu):
    qmp = Qmp(ends[0], 5)
    assert qemu.told() == [{"execute": "qmp_capabilities", "arguments": {}}]
    return qmp


def test_it_greets_with_its_version(qmp):
    assert qmp.version == "7.2.22"


def test_a_command_gets_its_answer(qmp, qemu):
    qemu.say({"return": {"status": "paused"}})
    assert qmp.command("query-status", 5) == {"status": "paused"}
    assert qemu.told() == [{"execute": "query-status", "arguments": {}}]


def test_events_that_come_before_an_answer_are_kept_in_order(qmp, qemu):
    qemu.say(event("RESUME"), event("STOP"), OK, event("SHUTDOWN"))
    qmp.command("cont", 5)
    assert [qmp.event(5)["event"] for _ in range(3)] == ["RESUME", "STOP", "SHUTDOWN"]


def test_a_refusal_is_an_error(qmp, qemu):
    qemu.say({"error": {"class": "GenericError", "desc": "no such thing"}})
    with pytest.raises(SynscopeError, match="QEMU refuses cont: no such thing"):
        qmp.command("cont", 5)


def test_silence_ends_at_the_limit(qmp):
    with pytest.raises(HungError):
        qmp.event(0.01)


def test_the_end_of_qemu_is_told(qmp, ends, qemu):
    qemu.connection.close()
    with pytest.raises(EndedError):
        qmp.event(5)
    with pytest.raises(EndedError):
        qmp.command("cont", 5)


def test_one_that_never_greets_has_ended(ends):
    ends[1].connection.close()
    with pytest.raises(EndedError):
        Qmp(ends[0], 5)
