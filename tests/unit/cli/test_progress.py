import sys

from synscope.cli import progress
from synscope.cli.progress import Counted


class Terminal:
    def __init__(self, stream):
        self.stream = stream

    def isatty(self):
        return True

    def __getattr__(self, name):
        return getattr(self.stream, name)


def test_it_is_the_sequence_that_it_counts():
    counted = Counted([1, 2, 3], "things")
    assert (list(counted), len(counted), counted[1], counted[:2]) == ([1, 2, 3], 3, 2, [1, 2])


def test_a_bar_is_drawn_on_a_terminal_and_nothing_elsewhere(monkeypatch, capsys):
    monkeypatch.setattr(progress, "AFTER_S", -1.0)
    assert list(Counted(range(200), "things")) == list(range(200))
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys, "stderr", Terminal(sys.stderr))
    assert list(Counted(range(200), "things")) == list(range(200))
    said = capsys.readouterr()
    assert "things" in said.err and said.out == ""
