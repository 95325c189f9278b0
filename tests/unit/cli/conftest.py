from collections import deque
from pathlib import Path

import pytest
from click.testing import CliRunner

import synscope as synscope_package
from synscope.cli import ending
from synscope.cli.app import synscope
from unit.cli.fakes import FakeCgroup, FakeSession


@pytest.fixture
def session(monkeypatch, tmp_path):
    """The fake session's class: set its `batches`, look at what was `opened`."""
    monkeypatch.setattr(FakeSession, "batches", deque())
    monkeypatch.setattr(FakeSession, "opened", [])
    monkeypatch.setattr(FakeCgroup, "directory", tmp_path, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(Path(synscope_package.__file__).parents[1]))
    monkeypatch.setattr("synscope.cli.privileges.require", lambda: None)
    monkeypatch.setattr("synscope.probes.session.Session", FakeSession)
    monkeypatch.setattr("synscope.cli.tracing.CommandCgroup", FakeCgroup)
    return FakeSession


@pytest.fixture
def died(monkeypatch):
    """The signals that synscope would have ended by."""
    numbers = []

    def die_by(number):
        numbers.append(int(number))
        raise SystemExit(128 + number)

    monkeypatch.setattr(ending, "die_by", die_by)
    return numbers


@pytest.fixture
def cli(monkeypatch):
    """`cli("run", "--", "true")`: click's result, stdout and stderr apart."""
    monkeypatch.delenv("COLUMNS", raising=False)

    def invoke(*words):
        return CliRunner().invoke(synscope, list(map(str, words)), prog_name="synscope")

    return invoke
