"""The lab's calls against the kernel's function_graph tracer: both watch one run, in one guest.

What function_graph cannot show is left out of the comparison: functions that ftrace does not trace (the
kernel's `inline` implies notrace, also where gcc makes a function of its own of it), and those whose name is
not unique, for a name is all that it prints. Everything else must be the same: every entry, its order, and
the functions that it was in.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

import numpy as np
import pytest

from synscope.events.trace import Rows
from synscope.events.wire import CallFlag, Side
from synscope.lab.calls import function_calls
from synscope.lab.frames import Calls
from synscope.lab.messages import PAIR
from synscope.lab.ranges import SOFTIRQ
from vm.watched import Guest, Names, guest, in_context, paths

SERIES = ("6.1", "6.12")
EXPERIMENT = {
    Side.CLIENT: """inet_create inet_stream_connect tcp_v4_connect tcp_set_state inet_hash_connect tcp_connect
    __tcp_transmit_skb tcp_v4_send_check ip_queue_xmit""".split(),  # noqa: SIM905
    Side.LISTENER: "inet_create inet_bind inet_listen inet_csk_listen_start".split(),  # noqa: SIM905
    Side.SERVER: "tcp_v4_send_synack tcp_check_req tcp_v4_syn_recv_sock".split(),  # noqa: SIM905
}
OWN = {
    Side.CLIENT: "inet_stream_connect",
    Side.LISTENER: "inet_listen",
    Side.SERVER: "inet_csk_accept",
}
"""What the half's own thread calls."""
_LINE = re.compile(r"^\s*\d+\)\s.*?-(?P<task>\d+)\s*\|\s+(?:(?P<enter>[\w.]+)\(\)(?: \{|;)|(?P<leave>\}))")


class Told(NamedTuple):
    """What comes of a log: rows and the names that they count; the halves of the same run."""

    rows: Rows
    names: list[str]
    halves: Rows

    def of(self, side: Side) -> Rows:
        """The calls that worked for the half of a side."""
        cookies = self.halves["cookie"][self.halves["side"] == side]
        return self.rows[np.isin(self.rows["cookie"], cookies)]


class Watched(NamedTuple):
    """One run: the calls of QEMU's log, and the entries that function_graph printed."""

    calls: Calls
    traced: set[str]
    graph: list[Names]


@pytest.fixture(scope="module", params=SERIES)
def lab(request: pytest.FixtureRequest) -> Guest:
    return guest(request.param)


@pytest.fixture(scope="module")
def told(lab: Guest) -> Told:
    log, trace = lab.pair
    rows, functions = function_calls(log, lab.symbols, lab.btf, trace.halves)
    return Told(rows, [function.name for function in functions], trace.halves)


@pytest.fixture(scope="module")
def watched(lab: Guest) -> Watched:
    log, text = lab.with_function_graph(lab.calls(lab.pair[0]).names)
    names, _, lines = text.partition("\n\n")[2].partition("\n\n")
    return Watched(lab.calls(log), set(names.split()), list(entries(lines)))


def entries(text: str) -> Iterator[Names]:
    """Each function that was entered, after those that it was in, outermost first."""
    stacks: dict[int, list[str]] = defaultdict(list)
    for found in filter(None, map(_LINE.match, text.splitlines())):
        stack = stacks[int(found["task"])]
        if found["leave"]:
            if stack:  # else it was entered before tracing began
                stack.pop()
            continue
        yield in_context((*stack, found["enter"]))
        if found.string.endswith("{"):
            stack.append(found["enter"])


@pytest.mark.parametrize("softirq", [False, True], ids=["process", "softirq"])
def test_every_entry_in_the_same_order_in_the_same_functions(watched: Watched, softirq: bool):
    """Each context for itself: a softirq may come between a function's first instruction and its hook."""
    calls, among = watched.calls, watched.traced
    assert len(among) > 250
    graph = [path for path in watched.graph if (path[0] in SOFTIRQ) == softirq]
    in_softirq = (calls.rows["flags"] & CallFlag.SOFTIRQ) != 0
    logged = [n for n in np.flatnonzero(in_softirq == softirq).tolist() if name_of(calls, n) in among]
    start = beginning([path[-1] for path in graph], [name_of(calls, n) for n in logged])
    found = paths(calls, among, logged[start])
    assert len(graph) > 300
    assert [found[n] for n in logged[start : start + len(graph)]] == graph


def name_of(calls: Calls, number: int) -> str:
    return calls.names[calls.rows["function"][number]]


def beginning(part: list[str], whole: list[str]) -> int:
    """Where `part` would begin in `whole`."""
    matcher = SequenceMatcher(None, part, whole, autojunk=False)
    same = matcher.find_longest_match()
    return same.b - same.a


def test_calls_nest_as_their_intervals_do(watched: Watched):
    calls = watched.calls
    inner = np.flatnonzero(calls.parent >= 0)
    outer = calls.rows[calls.parent[inner]]
    assert (calls.rows["enter"][inner] > outer["enter"]).all()
    assert ((calls.rows["exit"][inner] <= outer["exit"]) | (outer["exit"] == 0)).all()


def test_what_is_told_is_part_of_what_was_logged(lab: Guest, told: Told):
    calls = lab.calls(lab.pair[0])
    logged = {(int(row["enter"]), calls.names[row["function"]]) for row in calls.rows}
    assert {(int(row["enter"]), told.names[row["function"]]) for row in told.rows} <= logged
    assert not [name for name in told.names if name.startswith(("__traceiter", "bpf_get", "do_syscall"))]


@pytest.mark.parametrize("side", EXPERIMENT)
def test_the_experiments_functions_are_there_each_for_its_half(told: Told, side: Side):
    names = [told.names[row["function"]] for row in told.of(side)]
    wanted = EXPERIMENT[side]
    assert not set(wanted) - set(names)
    assert sorted(wanted, key=names.index) == wanted


@pytest.mark.parametrize("side", OWN)
def test_threads_are_those_of_the_halves(told: Told, side: Side):
    halves = told.halves[told.halves["side"] == side]
    own = told.of(side)
    made = own[(own["function"] == told.names.index(OWN[side])) & ((own["flags"] & CallFlag.SOFTIRQ) == 0)]
    assert len(made)
    assert set(made[["pid", "tid"]].tolist()) == set(halves[["pid", "tid"]].tolist())


def test_a_return_value_is_told_of_nearly_every_call(told: Told):
    assert (told.rows["flags"] & CallFlag.RETURNED != 0).mean() > 0.98


def test_one_snapshot_gives_one_log_of_calls(lab: Guest, told: Told):
    log, outcome = lab.logged(PAIR)
    rows, functions = function_calls(log, lab.symbols, lab.btf, told.halves)
    assert [function.name for function in functions] == told.names
    assert rows.tobytes() == told.rows.tobytes()
    assert lab.trace(outcome).halves.tobytes() == told.halves.tobytes()
