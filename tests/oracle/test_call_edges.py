"""Every edge of the call trees against objdump's reading of the kernel's text, another decoder than ours.

Names are looked up in /proc/kallsyms by the test itself, and what an operation pointer may point to is what
the kernel's source says of IPv4 and IPv6 (net/ipv4/af_inet.c, net/ipv6/af_inet6.c, net/ipv*/tcp_ipv*.c).
"""

import os
import re
import subprocess
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest

from support.namespaces import child_cgroup, network_namespace
from support.prelude import client, ends, listen, say
from support.require import NOT_ON_THIS_KERNEL, require
from support.scripts import ran
from support.tracing import of_cgroup, tracing
from synscope.connections.model import Call, Connection
from synscope.connections.stacks import function_of
from synscope.events.trace import Trace
from synscope.kernel.release import release
from synscope.probes.text import KernelMemory

pytestmark = pytest.mark.needs_kernel

ROUNDS = 18
ENDS = [["127.0.0.1", "127.0.0.1"], ["::1", "::1"], ["::", "::ffff:127.0.0.1"]]
POINTED_TO = {
    # socket->ops: inet_stream_ops, inet6_stream_ops
    *("inet_bind", "inet6_bind", "inet_accept", "inet_listen", "inet_stream_connect"),
    *("inet_release", "inet6_release"),
    # sk->sk_prot: tcp_prot, tcpv6_prot
    *("tcp_v4_connect", "tcp_v6_connect", "inet_csk_accept", "tcp_v4_init_sock", "tcp_v6_init_sock"),
    *("tcp_v4_do_rcv", "tcp_v6_do_rcv", "tcp_close"),
    # icsk_af_ops: ipv4_specific, ipv6_specific, ipv6_mapped
    *("ip_queue_xmit", "inet6_csk_xmit", "tcp_v4_send_check", "tcp_v6_send_check"),
    *("tcp_v4_conn_request", "tcp_v6_conn_request", "tcp_v4_syn_recv_sock", "tcp_v6_syn_recv_sock"),
}
CLIENT = {
    *("inet_create", "inet_stream_connect", "tcp_v4_connect", "tcp_set_state", "inet_hash_connect"),
    *("tcp_connect", "__tcp_transmit_skb", "tcp_v4_send_check", "ip_queue_xmit"),
}
SERVER = {
    *("inet_create", "inet_bind", "inet_listen", "inet_accept", "inet_csk_accept", "tcp_v4_rcv"),
    *("tcp_v4_conn_request", "tcp_conn_request", "tcp_v4_send_synack", "tcp_check_req"),
}
_TARGET = re.compile(r"\s(?:call|j[a-z]+)\s+(?:(?P<to>0x[0-9a-f]+)|(?P<pointer>\*))")

Edge = tuple[str, str]


def connect(rounds: int, pairs: list[list[str]]) -> None:
    """`rounds` connections of each kind, all accepted."""
    for _ in range(rounds):
        for at, to in pairs:
            listener, active = listen(at), client(to)
            active.connect((to, listener.getsockname()[1]))
            passive, _ = listener.accept()
            say(client=ends(active), server=ends(passive))


class Kernel:
    """The running kernel's text, as objdump reads it."""

    def __init__(self, memory: KernelMemory) -> None:
        self._memory = memory
        lines = (line.split() for line in Path("/proc/kallsyms").read_text().splitlines())
        table = sorted((int(line[0], 16), line[2]) for line in lines if line[1] in "tTwW")
        self._names: dict[int, set[str]] = {}
        for address, name in table:
            self._names.setdefault(address, set()).add(name)
        self._starts = sorted(self._names)
        self._text = cache(self._read)

    def leads(self, caller: str, callee: str) -> bool:
        """Whether `caller` calls `callee`, jumps to it, or calls a pointer that may point to it."""
        return any(
            callee in targets or (callee in POINTED_TO and "*" in targets)
            for start in self._starts_of(caller)
            for targets in [self._text(start)]
        )

    def _starts_of(self, name: str) -> list[int]:
        return [address for address, names in self._names.items() if name in names]

    def _read(self, start: int) -> set[str]:
        end = self._starts[bisect_right(self._starts, start)]
        code = self._memory.read(start, end - start)
        found = set()
        for match in filter(None, map(_TARGET.search, disassembled(code, start))):
            found |= {"*"} if match["pointer"] else self._names.get(int(match["to"], 16), set())
        return found | ({"*"} if any(re.search("indirect_.*thunk", name) for name in found) else set())


def disassembled(code: bytes, start: int) -> list[str]:
    """objdump's lines, without what is not the instruction."""
    command = ["objdump", "-D", "-b", "binary", "-m", "i386:x86-64", f"--adjust-vma={start:#x}"]
    with NamedTemporaryFile() as image:
        image.write(code)
        image.flush()
        done = subprocess.run([*command, image.name], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    require(release().machine == "x86_64", f"{NOT_ON_THIS_KERNEL} its text is not decoded")
    with KernelMemory() as memory:
        yield Kernel(memory)


@pytest.fixture(scope="module")
def traced() -> tuple[Trace, list[Connection]]:
    require(os.geteuid() == 0, "needs root to make a network namespace")
    with network_namespace() as space, child_cgroup() as cgroup, tracing(of_cgroup(cgroup)) as taken:
        reports = ran(connect, ROUNDS, ENDS, namespace=space, cgroup=cgroup)
    assert len(taken.connections()) == len(reports) == ROUNDS * len(ENDS)
    return taken.trace, taken.connections()


def edges(call: Call) -> Iterator[tuple[Call, Call]]:
    """Callers and callees; what is inlined is no function in the text, its caller's text does its calls."""
    for child in below(call):
        yield call, child
        yield from edges(child)


def below(call: Call) -> Iterator[Call]:
    for child in call.children:
        if child.evidence == "effect":
            yield from below(child)
        else:
            yield child


def names(call: Call) -> set[str]:
    return {call.function}.union(*map(names, call.children))


def test_each_edge_is_in_the_text_or_in_a_stack(
    traced: tuple[Trace, list[Connection]], kernel: Kernel
) -> None:
    trace, connections = traced
    stacked = {
        (function_of(outer), function_of(inner))
        for symbols in trace.footer.stacks.values()
        for inner, outer in pairwise(symbols)
    }
    found: dict[Edge, set[str]] = {}
    for root in (root for connection in connections for root in connection.calls):
        for caller, callee in edges(root):
            found.setdefault((caller.function, callee.function), set()).add(callee.evidence)
    assert {"tail_call", "ops_pointer", "call_site", "stack"} <= set().union(*found.values())
    unproven = {
        edge: evidence
        for edge, evidence in found.items()
        if not (edge in stacked and evidence == {"stack"}) and not kernel.leads(*edge)
    }
    assert not unproven


def test_no_function_was_passed_where_the_text_calls_the_next_one_itself(
    traced: tuple[Trace, list[Connection]], kernel: Kernel
) -> None:
    """Of a caller that calls both, the return address says which: objdump's call before it."""
    trace, _ = traced
    addresses = {edge.caller: edge for edge in trace.footer.edges}
    assert addresses
    for symbol, edge in addresses.items():
        called = call_before(kernel, symbol)
        assert called != edge.callee
        assert called in (edge.passed[0], "*")


def call_before(kernel: Kernel, symbol: str) -> str:
    """What the instruction before `function+0x1f` calls: a name, or `*`."""
    name, _, offset = symbol.partition("+")
    for start in kernel._starts_of(name):
        code = kernel._memory.read(start, int(offset, 16))
        match = _TARGET.search(disassembled(code, start)[-1])
        if match:
            called = set() if match["pointer"] else kernel._names.get(int(match["to"], 16), set())
            pointer = not called or any(re.search("indirect_.*thunk", one) for one in called)
            return "*" if pointer else min(called, key=len)
    return ""


def test_each_side_has_the_functions_of_the_source(traced: tuple[Trace, list[Connection]]) -> None:
    _, connections = traced
    for connection in connections:
        if connection.family != "inet":
            continue
        seen = {
            side: set().union(*(names(root) for root in connection.calls if root.side == side))
            for side in ("client", "server")
        }
        assert seen["client"] >= CLIENT
        assert seen["server"] >= SERVER
