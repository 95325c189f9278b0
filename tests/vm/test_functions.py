"""functions detail against the kernel's own function_graph tracer, which saw the same calls."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from support.require import NOT_ON_THIS_KERNEL, require
from synscope.events.trace import Hook, Rows
from synscope.events.wire import CallFlag
from synscope.kernel.prototypes import Function
from synscope.probes.flavours import FLAVOURS
from vm.conftest import Part, Results
from vm.graph import SOFTIRQ, Entry, Path, entries

pytestmark = pytest.mark.needs_kernel

SETUP = "__x64_sys_"
# What function_graph saw of the two processes too, and functions detail leaves out.
OUTERMOST_LEFT_OUT = {"release_sock": "getsockname() and getsockopt() of a connection that is established"}
SOFTIRQS_LEFT_OUT = {"run_timer_softirq": "others' timers, in a softirq that interrupted the process"}
SOFTIRQ_LANE = -1


class Called(NamedTuple):
    """A call: the tid of its task, or `SOFTIRQ_LANE`, and the functions that it was in, itself last."""

    lane: int
    path: Path


@pytest.fixture(scope="module", params=[0, 1], ids=["first way", "second way"])
def part(request: pytest.FixtureRequest, results: Results) -> Part:
    """By each way of hooking functions that this kernel has."""
    require(
        request.param < len(results.flavours), f"{NOT_ON_THIS_KERNEL} it has one way of hooking functions"
    )
    return results.part(results.flavours[request.param])


@pytest.fixture
def rows(part: Part) -> Rows:
    """The calls that were entered while function_graph was on, in that order."""
    begin, end = part.reports[0]["window"]
    calls = part.trace.calls
    within = calls[(calls["enter"] >= begin) & (calls["enter"] <= end)]
    return within[np.argsort(within["enter"], kind="stable")]


def names(part: Part) -> list[str]:
    return [function.name for function in part.trace.footer.functions]


def nested(rows: Rows, functions: list[str]) -> Iterator[Called]:
    """Each call in its callers, by its time alone."""
    inside: dict[Any, list[tuple[int, str]]] = {}
    for row in rows:
        softirq = bool(row["flags"] & CallFlag.SOFTIRQ)
        stack = inside.setdefault(("cpu", row["cpu"]) if softirq else int(row["tid"]), [])
        while stack and stack[-1][0] <= row["enter"]:
            stack.pop()
        stack.append((int(row["exit"]), functions[row["function"]]))
        yield Called(SOFTIRQ_LANE if softirq else int(row["tid"]), tuple(name for _, name in stack))


def seen_by_function_graph(part: Part) -> list[Called]:
    """The two processes' calls and all softirq work."""
    report = part.reports[0]
    ours = {report[side]["tid"] for side in ("client", "server")}
    return [in_lane(entry) for entry in entries(part.graph) if entry.path[0] == SOFTIRQ or entry.task in ours]


def in_lane(entry: Entry) -> Called:
    return Called(SOFTIRQ_LANE if entry.path[0] == SOFTIRQ else entry.task, entry.path)


def is_explained(call: Called) -> bool:
    return call.path[0] in OUTERMOST_LEFT_OUT or not SOFTIRQS_LEFT_OUT.keys().isdisjoint(call.path)


def is_setup(call: Called) -> bool:
    return call.path[0].startswith(SETUP) and not is_explained(call)


def test_the_same_calls_as_function_graph(part, rows):
    """The same functions as often from the same callers, and what is not there is explained."""
    ours, truth = Counter(nested(rows, names(part))), Counter(seen_by_function_graph(part))
    assert not ours - truth
    assert [call for call in truth - ours if not is_explained(call)] == []


def test_a_process_calls_in_the_same_order(part, rows):
    for side in ("client", "server"):
        tid = part.reports[0][side]["tid"]
        ours = [call.path for call in nested(rows, names(part)) if call.lane == tid and is_setup(call)]
        truth = [call.path for call in seen_by_function_graph(part) if call.lane == tid and is_setup(call)]
        assert ours == truth
        assert ours


def test_others_connections_are_not_told(part):
    """One was made before, by processes that are not traced, in the same network namespace."""
    calls = part.trace.calls
    assert not np.any(calls["enter"] < part.reports[0]["window"][0])
    told = {report[side]["tid"] for report in part.reports[:1] for side in ("client", "server")}
    in_process = calls[(calls["flags"] & CallFlag.SOFTIRQ) == 0]
    assert set(in_process["tid"].tolist()) == {*told, part.reports[1]["tid"]}
    assert set(calls["cookie"].tolist()) - {0} <= set(part.trace.halves["cookie"].tolist())


def test_a_call_that_did_not_return_has_no_value(part):
    """Those of the server that waited in accept() when the trace ended."""
    calls = part.trace.calls
    waiting = calls[(calls["flags"] & CallFlag.RETURNED) == 0]
    assert set(waiting["tid"].tolist()) == {part.reports[1]["tid"]}
    chain = [names(part)[index] for index in waiting[np.argsort(waiting["enter"])]["function"]]
    assert (chain[0], chain[-1]) == ("__x64_sys_accept4", "inet_csk_accept")
    assert not waiting["exit"].any()


def test_nothing_is_lost_and_every_function_is_hooked(part):
    trace = part.trace
    assert trace.footer.lost == {}
    assert trace.header.calls_clock == "ns"
    flavours = {flavour.name for flavour in FLAVOURS}
    hooks = [hook for hook in trace.header.hooks if hook.name.split("/")[0] in flavours]
    assert hooks == [Hook(hooks[0].name, attached=True)]


def test_doctor_names_the_way_that_is_taken(results):
    (check,) = (check for check in results.checks if check.name == "--detail functions")
    assert (check.status, check.detail) == ("ok", results.flavours[0])


class Values:
    """Arguments and results of the calls of one function, of a socket or of all, in their order."""

    def __init__(self, part: Part, rows: Rows) -> None:
        self._functions = {function.name: function for function in part.trace.footer.functions}
        self._names, self._rows = names(part), rows

    def _of(self, name: str, cookie: int | None) -> tuple[Function, list[Any]]:
        rows = [row for row in self._rows if self._names[row["function"]] == name]
        return self._functions[name], [row for row in rows if cookie in (None, row["cookie"])]

    def arguments(self, name: str, parameter: str, cookie: int | None = None) -> list[int]:
        function, rows = self._of(name, cookie)
        (place,) = (at for at, p in enumerate(function.parameters or []) if p.name == parameter)
        return [int(row["args"][place]) & (1 << 8 * function.parameters[place].size) - 1 for row in rows]

    def results(self, name: str, cookie: int | None = None) -> list[int]:
        function, rows = self._of(name, cookie)
        assert all(row["flags"] & CallFlag.RETURNED for row in rows)
        return [int(row["ret"]) & (1 << 8 * function.returns.size) - 1 for row in rows]


def test_arguments_and_results_are_what_the_workload_did(part, rows):
    values = Values(part, rows)
    client, server = (part.reports[0][side]["cookie"] for side in ("client", "server"))
    assert values.results("tcp_v4_connect", client) == [0]
    assert values.arguments("tcp_v4_connect", "addr_len") == [16]  # struct sockaddr_in
    assert values.results("inet_bind") == [0]
    assert values.arguments("inet_bind", "addr_len") == [16]
    assert values.arguments("inet_listen", "backlog") == [128]
    assert values.results("inet_csk_accept") == values.arguments("tcp_child_process", "child", server)
    assert values.arguments("tcp_v4_connect", "sk") == values.arguments("tcp_finish_connect", "sk")


def test_the_states_that_functions_set_are_those_that_the_tracepoint_saw(part, rows):
    values = Values(part, rows)
    client = part.reports[0]["client"]["cookie"]
    half = part.trace.halves[part.trace.halves["cookie"] == client][-1]
    seen = half["transitions"]["to"][: half["transition_count"]].tolist()
    assert values.arguments("tcp_set_state", "state", client) == seen[:2] == [2, 1]
    assert part.trace.footer.functions[names(part).index("tcp_set_state")].returns.type == "void"
