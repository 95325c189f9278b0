import io
import os
import pty

import pytest
from rich.text import Text

from synscope.cli import terminal


class Stream(io.TextIOWrapper):
    def __init__(self, tty=False, encoding="utf-8"):
        super().__init__(io.BytesIO(), encoding=encoding)
        self.tty = tty

    def isatty(self):
        return self.tty

    def text(self):
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM", "LC_ALL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("named", "width"), [("100", 100), ("200", 120), ("0", 80), ("wide", 80), ("", 80), ("-5", 80)]
)
def test_columns_is_honoured(monkeypatch, named, width):
    monkeypatch.setenv("COLUMNS", named)
    assert terminal.columns(Stream()) == width


@pytest.mark.parametrize(("columns", "width"), [(91, 91), (300, 120), (0, 80)])
def test_a_terminal_is_asked_for_its_width(columns, width):
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as stream:
        import fcntl
        import struct
        import termios

        fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        assert terminal.columns(stream) == width
    os.close(leader)


@pytest.mark.parametrize(
    ("encoding", "lc_all", "ascii_only"),
    [("utf-8", "", False), ("UTF-8", "de_DE.UTF-8", False), ("iso8859-1", "", True), ("utf-8", "C", True)],
)
def test_ascii_where_nothing_else_is_sure_to_arrive(monkeypatch, encoding, lc_all, ascii_only):
    monkeypatch.setenv("LC_ALL", lc_all)
    assert terminal.style(Stream(encoding=encoding)).ascii is ascii_only


@pytest.mark.parametrize(
    ("tty", "color", "environ", "escapes"),
    [
        (True, "auto", {"TERM": "xterm"}, True),
        (True, "auto", {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (True, "auto", {"TERM": "dumb"}, False),
        (True, "never", {"TERM": "xterm"}, False),
        (False, "auto", {"TERM": "xterm"}, False),
        (False, "always", {}, True),
        (True, "always", {"NO_COLOR": "1", "TERM": "xterm"}, True),
        (False, "auto", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour(monkeypatch, tty, color, environ, escapes):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    stream = Stream(tty)
    terminal.console(stream, color, 80).print(Text("refused", "bold red"))
    assert ("\x1b[" in stream.text()) is escapes
    assert "refused" in stream.text()


def test_foreign_text_is_never_markup(monkeypatch):
    stream = Stream()
    terminal.console(stream, "never", 80).print(Text("[red]:smile: [/]"))
    assert stream.text() == "[red]:smile: [/]\n"


@pytest.mark.parametrize(
    ("err", "out", "shown"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_the_status_line_only_where_nobody_else_writes(monkeypatch, err, out, shown):
    stream = Stream(err)
    monkeypatch.setattr("sys.stdout", Stream(out))
    status = terminal.StatusLine(0, stream)
    status.update(terminal.StatusLine.AFTER_NS, "7 halves")
    assert ("7 halves" in stream.text()) is shown


def test_the_status_line_waits_is_rare_and_is_erased(monkeypatch):
    stream = Stream(True)
    monkeypatch.setattr("sys.stdout", Stream(False))
    status = terminal.StatusLine(0, stream)
    for ms in range(0, 4000, 20):
        status.update(ms * 1_000_000, f"<{ms}>")
    status.erase()
    text = stream.text()
    assert [part.partition(">")[0] for part in text.split("<")[1:]] == ["2000", "2500", "3000", "3500"]
    assert text.endswith("\r\x1b[K")


def test_a_short_run_shows_no_status_line(monkeypatch):
    stream = Stream(True)
    monkeypatch.setattr("sys.stdout", Stream(False))
    status = terminal.StatusLine(0, stream)
    status.update(10, "x")
    status.erase()
    assert stream.text() == ""
