"""The call tree against the kernel's own function_graph tracer, which saw the same connection."""

import pytest

from synscope.connections.model import Call, Connection
from vm.conftest import Part, Results
from vm.graph import SOFTIRQ, Entry, entries, ordered, shown, tree

pytestmark = pytest.mark.needs_kernel

# On no stack, for no hook is beneath them, and nothing else proves that they were called.
UNSEEN = {
    "inet_csk_get_port": "bind() need not choose a port (IP_BIND_ADDRESS_NO_PORT)",
}


class Seen:
    """One side in one context: its calls as the tree has them, and as function_graph saw them."""

    def __init__(self, calls: list[Call], truth: list[Entry]) -> None:
        self.paths = list(shown(calls))
        self.truth = [entry.path for entry in truth]


@pytest.fixture(scope="module")
def part(results: Results) -> Part:
    """The connection that function_graph saw too."""
    return results.part("graph")


@pytest.fixture(scope="module")
def connection(part: Part) -> Connection:
    (connection,) = part.connections
    return connection


@pytest.fixture(
    scope="module", params=["client process", "server process", "client softirq", "server softirq"]
)
def seen(request: pytest.FixtureRequest, part: Part, connection: Connection) -> Seen:
    side, context = request.param.split()
    (report,) = part.reports
    calls = [call for call in connection.calls if (call.side, call.context) == (side, context)]
    truth = [entry for entry in entries(part.graph) if (entry.path[0] == SOFTIRQ) == (context == "softirq")]
    if context == "process":
        truth = [entry for entry in truth if entry.task == report[side]["tid"]]
    return Seen(calls, truth)


def test_each_edge_is_one_that_function_graph_saw(seen: Seen):
    """Nested there as here, whatever proves it: a stack, the kernel's text, an operation pointer."""
    assert seen.paths
    assert not set(seen.paths) - set(seen.truth)


def test_first_calls_come_in_function_graphs_order(seen: Seen):
    paths = set(seen.paths)
    truth = [path for path in seen.truth if path in paths]
    assert ordered(tree(seen.paths)) == ordered(tree(truth))


def test_what_the_tree_lacks_is_explained(part: Part, connection: Connection):
    (report,) = part.reports
    ours = {report[side]["tid"] for side in ("client", "server")}
    truth = [entry for entry in entries(part.graph) if entry.path[0] == SOFTIRQ or entry.task in ours]
    known = {path[-1] for path in shown(connection.calls)}
    there = {
        entry.path[-1] for entry in truth if entry.path[0] == SOFTIRQ or entry.path[0].startswith("__x64_")
    }
    assert not there - known - UNSEEN.keys()


def test_nothing_that_is_called_unseen_is_in_the_tree(connection: Connection):
    """The explanations above hold: else they would hide differences."""
    known = {path[-1] for path in shown(connection.calls)}
    assert not known & UNSEEN.keys()
