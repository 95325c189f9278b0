"""The call tree against the kernel's own function_graph tracer, which saw the same connection."""

import pytest

from synscope.connections.model import Call, Connection
from vm.conftest import Part, Results
from vm.graph import SOFTIRQ, Entry, Path, entries, ordered, shown, tree

pytestmark = pytest.mark.needs_kernel

# On no stack, for they had left their frame when what is beneath them was seen: the compiler made their last
# call a jump.
TAIL_CALLERS = {
    "tcp_set_state": "jumps to inet_sk_state_store",
    "ip_queue_xmit": "jumps to __ip_queue_xmit",
    "ip_local_out": "jumps to dst_output, that is ip_output",
    "ip_build_and_send_pkt": "jumps to ip_output likewise, ip_local_out being inlined",
    "ip_rcv": "jumps to ip_rcv_finish's dst_input, that is ip_local_deliver",
    "ip_local_deliver": "jumps to ip_local_deliver_finish",
    "tcp_v4_conn_request": "jumps to tcp_conn_request",
    "sock_init_data": "jumps to sock_init_data_uid",
}
# On no stack, for no hook is beneath them.
UNSEEN = {
    "__sys_bind": "bind() is seen by its system call",
    "inet_bind": "as __sys_bind",
    "inet_bind_sk": "as __sys_bind",
    "__inet_bind": "as __sys_bind",
    "inet_csk_get_port": "the port is read afterwards, from the socket",
    "__sys_accept4": "accept() is seen by its system call",
    "inet_accept": "as __sys_accept4",
    "inet_csk_accept": "as __sys_accept4",
    "tcp_v4_init_sock": "the socket's creation is seen before it, in sock_init_data",
    "inet_hash_connect": "the port is read afterwards, from the socket",
    "__inet_hash_connect": "as inet_hash_connect",
    "tcp_v4_send_check": "a checksum",
    "tcp_ack": "what it does is seen in its caller, as a change of state",
    "tcp_make_synack": "the SYN-ACK is seen when it leaves",
    "inet_csk_complete_hashdance": "the accept queue is read in the change to ESTABLISHED",
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


def without_tail_callers(path: Path) -> Path:
    """The path as a stack has it."""
    return tuple(name for name in path if name not in TAIL_CALLERS)


def test_each_edge_is_one_that_function_graph_saw(seen: Seen):
    """Ancestor and descendant there too, and in between nothing but functions that had left their frame."""
    assert seen.paths
    assert not set(seen.paths) - {without_tail_callers(path) for path in seen.truth}


def test_first_calls_come_in_function_graphs_order(seen: Seen):
    paths = set(seen.paths)
    truth = [path for path in map(without_tail_callers, seen.truth) if path in paths]
    assert ordered(tree(seen.paths)) == ordered(tree(truth))


def test_what_the_tree_lacks_is_explained(part: Part, connection: Connection):
    (report,) = part.reports
    ours = {report[side]["tid"] for side in ("client", "server")}
    truth = [entry for entry in entries(part.graph) if entry.path[0] == SOFTIRQ or entry.task in ours]
    known = {path[-1] for path in shown(connection.calls)}
    there = {
        entry.path[-1] for entry in truth if entry.path[0] == SOFTIRQ or entry.path[0].startswith("__x64_")
    }
    assert not there - known - TAIL_CALLERS.keys() - UNSEEN.keys()


def test_nothing_that_is_called_unseen_is_in_the_tree(connection: Connection):
    """The explanations above hold: else they would hide differences."""
    known = {path[-1] for path in shown(connection.calls)}
    assert not known & (TAIL_CALLERS.keys() | UNSEEN.keys())
