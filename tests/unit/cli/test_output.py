import io
from pathlib import Path

import pytest

from synscope.cli import output
from synscope.errors import Exit, SynscopeError

STDOUT = Path("-")


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


def stdout(monkeypatch, kind):
    """Stdout as a stream of this kind; its bytes."""
    stream = kind(io.BytesIO())
    monkeypatch.setattr("sys.stdout", stream)
    return stream.buffer


def test_text_cannot_steer_a_terminal(monkeypatch):
    written = stdout(monkeypatch, Terminal)
    text = "a\x1b[2J,µ\n".encode()
    output.put(STDOUT, [text[:7], text[7:]])
    assert written.getvalue().decode() == "a\\x1b[2J,µ\n"
    assert output.is_terminal(STDOUT) and not output.is_terminal(Path("file"))


def test_what_is_no_text_is_not_written_to_a_terminal(monkeypatch):
    written = stdout(monkeypatch, Terminal)
    with pytest.raises(SynscopeError) as raised:
        output.put(STDOUT, [b"PAR1\0"])
    assert raised.value.code == Exit.USAGE
    assert written.getvalue() == b""


def test_elsewhere_all_is_written_as_it_is(monkeypatch):
    written = stdout(monkeypatch, io.TextIOWrapper)
    output.put(STDOUT, [b"PAR1\0", b"\x1b"])
    assert written.getvalue() == b"PAR1\0\x1b"
    assert not output.is_terminal(STDOUT)
