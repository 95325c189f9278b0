"""function_graph's output (Documentation/trace/ftrace.rst) as the paths by which functions were entered."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from synscope.connections.model import Call

# Functions of connection setup, whose nesting is compared. Those that a kernel does not have are left out.
FUNCTIONS = tuple(
    """
    __x64_sys_socket __sys_socket __sock_create inet_create sock_init_data sock_init_data_uid tcp_v4_init_sock
    __x64_sys_bind __sys_bind inet_bind inet_bind_sk __inet_bind inet_csk_get_port
    __x64_sys_listen __sys_listen inet_listen __inet_listen_sk inet_csk_listen_start
    __x64_sys_connect __sys_connect inet_stream_connect __inet_stream_connect tcp_v4_connect
    tcp_set_state inet_sk_set_state inet_sk_state_store inet_hash_connect __inet_hash_connect
    tcp_connect __tcp_transmit_skb tcp_v4_send_check ip_queue_xmit __ip_queue_xmit ip_local_out ip_output
    ip_finish_output2 __dev_queue_xmit release_sock __release_sock
    ip_route_output_flow ip_route_output_key_hash ip_route_output_key_hash_rcu fib_table_lookup
    sk_reset_timer inet_csk_reqsk_queue_hash_add
    net_rx_action process_backlog __netif_receive_skb_one_core ip_rcv ip_local_deliver ip_local_deliver_finish
    ip_protocol_deliver_rcu tcp_v4_rcv tcp_v4_do_rcv tcp_rcv_state_process tcp_ack
    tcp_v4_conn_request tcp_conn_request tcp_v4_send_synack tcp_make_synack ip_build_and_send_pkt
    tcp_finish_connect
    tcp_check_req tcp_v4_syn_recv_sock tcp_create_openreq_child inet_csk_clone_lock
    inet_csk_complete_hashdance tcp_child_process
    __x64_sys_accept4 __sys_accept4 inet_accept inet_csk_accept
    """.split()  # noqa: SIM905
)
SOFTIRQ = "net_rx_action"  # what received segments are worked on in, in whatever task it interrupted

_LINE = re.compile(
    r"^\s*\d+\)\s.*?-(?P<task>\d+)\s*\|.*\|\s+(?:(?P<enter>[\w.]+)\(\)(?: \{|;)|(?P<leave>\}))"
)
Path = tuple[str, ...]
Tree = dict[str, Any]
"""Functions in the order of their first calls, each with the tree of what it called."""


class Entry(NamedTuple):
    """A function entered: the task, and the functions that it was in, outermost first, itself included.

    In a softirq the path begins with `SOFTIRQ` and the task means nothing.
    """

    task: int
    path: Path


def entries(text: str) -> Iterator[Entry]:
    """Every entry in the order of time. A line ends in `name() {`, `name();` or `} /* name */`."""
    stacks: dict[int, list[str]] = {}
    for found in filter(None, map(_LINE.match, text.splitlines())):
        stack = stacks.setdefault(int(found["task"]), [])
        if found["leave"]:
            if stack:  # else it was entered before tracing began
                stack.pop()
            continue
        yield Entry(int(found["task"]), _in_context((*stack, found["enter"])))
        if found.string.endswith("{"):
            stack.append(found["enter"])


def _in_context(path: Path) -> Path:
    return path[path.index(SOFTIRQ) :] if SOFTIRQ in path else path


def shown(calls: Iterable[Call]) -> Iterator[Path]:
    """The paths of a call forest in its order, of the functions in `FUNCTIONS` alone."""
    for call in calls:
        yield from _below(call, ())


def _below(call: Call, path: Path) -> Iterator[Path]:
    if call.function in FUNCTIONS:
        path = (*path, call.function)
        yield path
    for child in call.children:
        yield from _below(child, path)


def tree(paths: Iterable[Path], keep: Callable[[str], bool] = lambda name: True) -> Tree:
    """Paths merged, of the functions that `keep` keeps."""
    top: Tree = {}
    for path in paths:
        node = top
        for name in filter(keep, path):
            node = node.setdefault(name, {})
    return top


def ordered(node: Tree) -> list[Any]:
    """A tree as nested lists, so that comparing minds the order (dict's does not)."""
    return [[name, ordered(below)] for name, below in node.items()]
