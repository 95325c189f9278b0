import numpy as np
import pytest

import rows
from synscope.capture.file import write
from synscope.capture.writer import TraceWriter
from synscope.errors import Exit

PAIR = np.concatenate([rows.listener_row(), rows.client_row(), rows.server_row()])


@pytest.fixture
def legal(tmp_path):
    path = tmp_path / "legal.syn"
    write(path, rows.trace([PAIR]))
    return path


@pytest.fixture
def illegal(tmp_path):
    path = tmp_path / "illegal.syn"
    changed = PAIR.copy()
    changed["transitions"]["to"][changed["cookie"] == 1, 0] = 1
    write(path, rows.trace([changed]))
    return path


def test_legal(cli, legal):
    result = cli("check", legal)
    assert result.exit_code == Exit.OK
    assert result.stdout == f"{legal}: all legal: 1 connections, 5 changes of state, 2 segments\n"


def test_illegal(cli, legal, illegal):
    result = cli("check", legal, illegal)
    assert result.exit_code == Exit.FAILED
    said = result.stdout.splitlines()
    assert said[1].startswith(f"{illegal} #1: illegal-transition: client: CLOSE > ESTABLISHED")
    assert said[-1].startswith(f"{illegal}: 1 illegal: 1 connections")
    assert result.stderr == ""


def test_cut_off(cli, tmp_path):
    path = tmp_path / "cut.syn"
    with TraceWriter(path, rows.trace([]).header) as writer:
        writer.halves(PAIR)
    result = cli("check", path)
    assert result.exit_code == Exit.OK
    assert "cut off" in result.stderr


@pytest.mark.parametrize("name", ["nosuch.syn", "/etc/passwd", "/"])
def test_what_is_no_trace_is_refused(cli, name):
    assert cli("check", name).exit_code == Exit.BAD_FILE


def test_show_tells_it_too(cli, illegal):
    assert "illegal-transition" in cli("show", illegal).stdout
