"""The lab's calls against gdb's breakpoints: two runs of one snapshot, one with the log, one with gdb.

Each stop moves QEMU's clock to its next timer (icount with sleep=off): gdb's run has some seventy more ticks,
so that threads may take turns elsewhere. What each thread and the softirqs do until the connection is there
is the same: the same calls in the same order, for the same sockets, by whatever addresses.
"""

import numpy as np
import pytest

from synscope.events.wire import PathKind, Side
from synscope.kernel.btf import Btf
from synscope.kernel.prototypes import prototypes
from vm.watched import Guest, Stop, guest

SERIES = ("6.1", "6.12")
FUNCTIONS = """
inet_create inet_bind inet_listen inet_accept inet_stream_connect tcp_v4_connect tcp_connect
__tcp_transmit_skb tcp_v4_send_check ip_queue_xmit tcp_set_state inet_hash_connect tcp_v4_rcv
tcp_conn_request tcp_v4_send_synack tcp_check_req inet_csk_accept
""".split()  # noqa: SIM905
SOCKETS = ("struct sock *", "struct socket *")
LANES = {
    "listener": ("inet_listen", "inet_csk_accept", 1),
    "client": ("inet_stream_connect", "ip_queue_xmit", 2),  # the SYN's and the ACK's
    "softirq": ("", "tcp_set_state", 1),
}
"""A function that only this thread calls (softirqs have the stacks that are left, ksoftirqd's may be one of
them); the last call of the setup, and which one of it."""
Entered = tuple[int, str, list[int]]
"""On which stack, what, with which argument registers."""


@pytest.fixture(scope="module", params=SERIES)
def lab(request: pytest.FixtureRequest) -> Guest:
    return guest(request.param)


@pytest.fixture(scope="module")
def stops(lab: Guest, tmp_path_factory: pytest.TempPathFactory) -> list[Stop]:
    """At inet_listen(struct socket *sock, int backlog) also sock->ops, and the table there."""
    [ops] = [field.offset for field in lab.btf.struct_layout("socket") if field.name == "ops"]
    count = lab.btf.struct_size("proto_ops") // 8
    return lab.with_gdb(FUNCTIONS, tmp_path_factory.mktemp("gdb"), "inet_listen", ops, count)


class Meaning:
    """Calls with what their arguments mean: numbers, and which of the sockets, by the kernel's prototypes."""

    def __init__(self, btf: Btf) -> None:
        self._parameters = {one.name: one.parameters or [] for one in prototypes(btf, FUNCTIONS)}
        self._sockets: dict[int, str] = {}

    def of(self, name: str, arguments: list[int]) -> tuple[str, ...]:
        pairs = zip(self._parameters[name], arguments, strict=False)
        return name, *(self._meant(one.type, value) for one, value in pairs if self._has_meaning(one.type))

    def _has_meaning(self, kind: str) -> bool:
        return kind in SOCKETS or not kind.endswith("*")

    def _meant(self, kind: str, value: int) -> str:
        if kind not in SOCKETS:
            return str(value)
        return self._sockets.setdefault(value, f"{kind} {len(self._sockets)}")


def setup(entered: list[Entered], btf: Btf) -> dict[str, list[tuple[str, ...]]]:
    """What each lane called, in order, until the connection was there."""
    threads = {
        own: next(stack for stack, name, _ in entered if name == own) for own, *_ in LANES.values() if own
    }
    meaning, found = Meaning(btf), {}
    for lane, (own, last, count) in LANES.items():
        ours = {threads[own]} if own else {stack for stack, _, _ in entered} - set(threads.values())
        calls = [meaning.of(name, arguments) for stack, name, arguments in entered if stack in ours]
        ends = [at for at, call in enumerate(calls) if call[0] == last]
        found[lane] = calls[: ends[count - 1] + 1]
    return found


def test_the_same_calls_in_the_same_order_with_the_same_arguments(lab: Guest, stops: list[Stop]):
    calls = lab.calls(lab.pair[0])
    names = [calls.names[row["function"]] for row in calls.rows]
    rows = zip(calls.stack.tolist(), names, calls.rows["args"][:, :3].tolist(), strict=True)
    logged = setup([row for row in rows if row[1] in FUNCTIONS], lab.btf)
    stopped = setup([(stop.stack, stop.function, stop.arguments) for stop in stops], lab.btf)
    assert stopped == logged
    assert {call[0] for lane in stopped.values() for call in lane} == set(FUNCTIONS)


def test_operations_are_those_that_gdb_reads(lab: Guest, stops: list[Stop]):
    trace = lab.pair[1]
    listeners = trace.halves["cookie"][trace.halves["side"] == Side.LISTENER]
    told = trace.events[(trace.events["kind"] == PathKind.OPS) & np.isin(trace.events["cookie"], listeners)]
    [table] = {int.from_bytes(bytes(row["saddr"])[:8], "little") for row in told}
    [(address, *words)] = {tuple(stop.words) for stop in stops if stop.words}
    assert table == address
    members = trace.footer.operations[table].members
    places = {field.name: field.offset // 8 for field in lab.btf.struct_layout("proto_ops")}
    assert len(members) > 20
    assert members == {name: lab.symbols.lookup(words[places[name]]).removesuffix("+0x0") for name in members}
    assert members["listen"] == "inet_listen"
