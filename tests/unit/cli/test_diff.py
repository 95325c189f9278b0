import json

import numpy as np
import pytest

import rows
from synscope.capture.file import write
from synscope.cli import diff
from synscope.errors import Exit
from synscope.events.wire import Fate

PAIR = np.concatenate([rows.listener_row(), rows.client_row(), rows.server_row()])
REFUSED = rows.client_row(
    cookie=11,
    t0=rows.T0 + 10**9,
    lport=50200,
    peer_isn=None,
    fate=Fate.FAILED,
    sk_err=111,
    t={"connect": 10_000, "syn_out": 25_000, "closed": 60_000},
    transitions=[(25_000, "CLOSE", "SYN_SENT"), (60_000, "SYN_SENT", "CLOSE")],
)


@pytest.fixture
def traces(tmp_path):
    """`traces(x, y)`: paths of two traces of these rows; a trace's own header with `header`."""
    count = iter("abcdef")

    def saved(*of, header=None):
        paths = []
        for one in of:
            paths.append(tmp_path / f"{next(count)}.syn")
            write(paths[-1], rows.trace([one] if len(one) else [], header=header))
        return paths

    return saved


def later(pair, ns):
    """The same connection, slower by `ns`."""
    moved = pair.copy()
    moved["t"][moved["t"] > rows.T0 + 50_000] += ns
    moved["transitions"]["t"][moved["transitions"]["t"] > rows.T0 + 50_000] += ns
    return moved


def test_the_same_ends_with_0(cli, traces):
    result = cli("diff", *traces(PAIR, later(PAIR, 5_000)))
    assert (result.exit_code, result.stderr) == (Exit.OK, "")
    assert "established" in result.stdout


def test_a_difference_ends_with_1(cli, traces):
    result = cli("diff", *traces(PAIR, REFUSED))
    assert result.exit_code == Exit.FAILED == 1
    assert "established → refused" in result.stdout
    assert result.stderr == ""


def test_json_is_an_object_a_pair(cli, traces):
    result = cli("diff", "--json", *traces(np.concatenate([PAIR, REFUSED]), PAIR))
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one["a"], one["b"], one["same"]) for one in told] == [("c1", "c1", True), ("c2", None, False)]
    assert {one["schema"] for one in told} == {"synscope.difference/1"}
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("options", "pairs"),
    [
        ((), [("c1", "c2"), ("c2", None), (None, "c1")]),
        (("--connection-a", "c1"), [("c1", "c2")]),
        (("--connection-b", "#2"), [("c1", "c2")]),
        (("--connection-a", "c2", "--connection-b", "c2"), [("c2", "c2")]),
        (("--connection-a", "c2", "--connection-b", "c1"), [("c2", "c1")]),
    ],
)
def test_which_connections(cli, traces, options, pairs):
    early = REFUSED.copy()
    early["t"][early["t"] > 0] -= 2 * 10**9
    paths = traces(np.concatenate([PAIR, REFUSED]), np.concatenate([early, PAIR]))
    told = [json.loads(line) for line in cli("diff", "--json", *options, *paths).stdout.splitlines()]
    assert sorted((one["a"] or "", one["b"] or "") for one in told) == sorted(
        (a or "", b or "") for a, b in pairs
    )


@pytest.mark.parametrize("options", [("--connection-a", "c7"), ("--connection-b", "x")])
def test_a_connection_that_is_not_there(cli, traces, options):
    result = cli("diff", *options, *traces(PAIR, PAIR))
    assert result.exit_code == Exit.USAGE
    assert "it has c1 to c1" in result.stderr


def test_a_connection_without_a_counterpart(cli, traces):
    result = cli("diff", "--connection-a", "c2", *traces(np.concatenate([PAIR, REFUSED]), PAIR))
    assert result.exit_code == Exit.USAGE
    assert "Try: --connection-b ID" in result.stderr


def test_nothing_on_either_side(cli, traces):
    result = cli("diff", *traces(PAIR[:0], PAIR[:0]))
    assert result.exit_code == Exit.OK
    assert "Neither trace has a connection" in result.stdout


@pytest.mark.parametrize("name", ["nosuch.syn", "/etc/passwd", "/"])
def test_what_is_no_trace_is_refused(cli, traces, name):
    (path,) = traces(PAIR)
    result = cli("diff", path, name)
    assert result.exit_code == Exit.BAD_FILE
    assert name in result.stderr


def test_durations_only_of_clocks_that_count_time(cli, traces):
    assert "phases  " in cli("diff", *traces(PAIR, PAIR)).stdout
    for header in ({"lab": "QEMU"}, {"calls_clock": "order"}):
        assert "phases  " not in cli("diff", *traces(PAIR, PAIR, header=header)).stdout


def test_more_pairs_than_are_compared(cli, traces, monkeypatch):
    monkeypatch.setattr(diff, "COMPARED", 1)
    result = cli("diff", *traces(*[np.concatenate([PAIR, REFUSED])] * 2))
    assert result.exit_code == Exit.OK
    assert "the first 1 of 2 pairs" in result.stderr


def test_another_detail_is_said(cli, traces):
    paths = [*traces(PAIR), *traces(PAIR, header={"detail": "path"})]
    assert "not of one detail" in " ".join(cli("diff", *paths).stdout.split())
    assert "not of one detail" not in cli("diff", paths[0], paths[0]).stdout
