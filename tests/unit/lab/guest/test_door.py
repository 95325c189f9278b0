from pathlib import Path

import pytest

from synscope.lab import mailbox
from synscope.lab.guest import door
from synscope.lab.messages import PAIR, Failed


class Halting(bytearray):
    """Writing to it halts the machine: the host takes the message, and puts its own there."""

    def __init__(self, memory: bytearray, taken: list) -> None:
        super().__init__(16)
        self._memory, self._taken = memory, taken

    def __setitem__(self, index, value):
        self._taken.append(mailbox.from_guest(bytes(self._memory[: mailbox.length(self._memory[:8])])))
        answer = mailbox.packed(PAIR)
        self._memory[: len(answer)] = answer


def test_a_call_gives_a_message_and_gets_one(monkeypatch):
    memory, taken = bytearray(4096), []
    monkeypatch.setattr(door.Door, "__init__", lambda self: None)
    opened = door.Door()
    opened._memory, opened._halt = memory, Halting(memory, taken)
    assert opened.call(Failed("what", "why")) == PAIR
    assert taken == [Failed("what", "why")]


def test_the_device_is_found_among_others(tmp_path: Path):
    for name, vendor, device in (("0000:00:01.0", "0x8086", "0x7010"), ("0000:00:02.0", "0x1b36", "0x0011")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "vendor").write_text(f"{vendor}\n")
        (tmp_path / name / "device").write_text(f"{device}\n")
    assert door._resource(tmp_path) == tmp_path / "0000:00:02.0" / "resource0"
    assert (tmp_path / "0000:00:02.0" / "enable").read_text() == "1"


def test_without_the_device_there_is_no_door(tmp_path: Path):
    with pytest.raises(LookupError, match="0x1b36"):
        door._resource(tmp_path)
