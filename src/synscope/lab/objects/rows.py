"""The sockets in a guest's memory, as the rows that `bpf/inspect.bpf.c` writes of a running kernel's."""

from collections.abc import Collection, Iterator

import numpy as np

from synscope.events.socket_wire import SOCKET_ROW, RowKind
from synscope.lab.objects.data import Data
from synscope.lab.objects.heap import Heap, unreadable
from synscope.probes.inspect import SocketRow
from synscope.tcp.inetsw import AF_INET, AF_INET6, SOCK_STREAM
from synscope.tcp.states import State

_NOBODY = -1
_TCP = 6
_STRUCTS = {
    RowKind.SOCKET: "tcp_sock",
    RowKind.REQUEST: "tcp_request_sock",
    RowKind.TIME_WAIT: "tcp_timewait_sock",
}
_KINDS: dict[int, RowKind] = {State.NEW_SYN_RECV: RowKind.REQUEST, State.TIME_WAIT: RowKind.TIME_WAIT}


Identity = tuple[int, int]
"""A socket's address and cookie."""


class Rows:
    """Of every process and network namespace."""

    def __init__(self, heap: Heap, data: Data, left_out: Collection[Identity] = ()) -> None:
        """`data`: where the kernel's own variables are."""
        self._left_out = left_out
        self._heap = heap
        self._data = data
        self._jiffies = int.from_bytes(heap.octets(data.address("jiffies_64"), 8), "little")

    def opened(self) -> Iterator[SocketRow]:
        """Each descriptor of a socket, by process and number."""
        for task in self._tasks():
            files = self._heap.number("task_struct", task, "files")
            for fd, sk in self._sockets(files) if files else ():
                row = self._full(sk)
                row["kind"] = RowKind.SOCKET if _is_tcp(row) else RowKind.OTHER
                row["pid"] = self._heap.number("task_struct", task, "tgid")
                row["fd"], row["comm"] = fd, self._heap.text("task_struct", task, "comm")
                yield self._copied(row)

    def hashed(self) -> Iterator[SocketRow]:
        """What the two tables of TCP hold, and who waits at the listeners for accept(): `RowKind.QUEUED`."""
        for _, sk in self._in_table("ehash", "inet_ehash_bucket", "chain.first"):
            if self._identity(sk) not in self._left_out:
                yield self._of_tcp(sk)
        for _, sk in self.listening():
            yield self._of_tcp(sk)
            yield from self._queue(sk)

    def identities(self) -> Iterator[Identity]:
        """Of what is in TCP's table of connections."""
        for _, sk in self._in_table("ehash", "inet_ehash_bucket", "chain.first"):
            yield self._identity(sk)

    def listening(self) -> Iterator[tuple[int, int]]:
        """Bucket and address of every listener: `tcp_hashinfo.lhash2`.

        Raises:
            SynscopeError: this kernel (5.18, or before it) links them by another member.
        """
        if self._heap.has("inet_connection_sock", "icsk_listen_portaddr_node"):
            raise unreadable("this kernel has another table of listeners too, as those before 5.19")
        return self._in_table("lhash2", "inet_listen_hashbucket", "nulls_head.first")

    def buckets(self, table: str) -> int:
        """How many such a table has."""
        return self._heap.number("inet_hashinfo", self._data.address("tcp_hashinfo"), f"{table}_mask") + 1

    def _in_table(self, table: str, bucket: str, first: str) -> Iterator[tuple[int, int]]:
        """Bucket and address of what is in a table of `tcp_hashinfo` (include/net/inet_hashtables.h)."""
        at = self._heap.number("inet_hashinfo", self._data.address("tcp_hashinfo"), table)
        return self._heap.hashed(at, self.buckets(table), bucket, first)

    def _identity(self, sk: int) -> Identity:
        return sk, self._heap.number("sock_common", sk, "skc_cookie.counter")

    def _tasks(self) -> Iterator[int]:
        """Processes, by their first threads; the idle task, which they hang on, has no files of its own."""
        head = self._data.address("init_task") + self._heap.offset("task_struct", "tasks")
        return self._heap.listed(head, "task_struct", "tasks")

    def _sockets(self, files: int) -> Iterator[tuple[int, int]]:
        """Descriptor and `struct sock`, where it has one."""
        table = self._heap.number("files_struct", files, "fdt")
        count = self._heap.number("fdtable", table, "max_fds")
        array = self._heap.number("fdtable", table, "fd")
        for fd, file in enumerate(self._heap.pointers(array, count)):
            if file and self._heap.number("file", file, "f_op") == self._data.address("socket_file_ops"):
                socket = self._heap.number("file", file, "private_data")
                if sk := self._heap.number("socket", socket, "sk"):
                    yield fd, sk

    def _of_tcp(self, sk: int) -> SocketRow:
        row = self._common(sk)
        if row["kind"] == RowKind.SOCKET:
            row = self._full(sk)
        elif row["kind"] == RowKind.REQUEST:
            row["listener"] = self._heap.number("sock_common", sk, "skc_listener")
        return self._copied(row)

    def _common(self, sk: int) -> np.void:
        row: np.void = np.zeros(1, SOCKET_ROW)[0]
        row["sk"], row["jiffies"], row["pid"], row["fd"] = sk, self._jiffies, _NOBODY, _NOBODY
        for name, path in (("family", "skc_family"), ("state", "skc_state"), ("port", "skc_num")):
            row[name] = self._heap.number("sock_common", sk, path)
        net = self._heap.number("sock_common", sk, "skc_net.net")
        row["netns"] = self._heap.number("net", net, "ns.inum")
        row["kind"] = _KINDS.get(int(row["state"]), RowKind.SOCKET)
        return row

    def _full(self, sk: int) -> np.void:
        """Of a full socket, and of the `struct socket` that leads to it, where one does."""
        row = self._common(sk)
        row["prot"] = self._heap.number("sock", sk, "skc_prot")
        row["protocol"] = self._heap.number("sock", sk, "sk_protocol")
        socket = self._heap.number("sock", sk, "sk_socket")
        if socket:
            for name in ("state", "type", "flags"):
                row[f"socket_{name}"] = self._heap.number("socket", socket, name)
            row["ops"] = self._heap.number("socket", socket, "ops")
            row["inode"] = self._heap.number("socket_alloc", socket, "vfs_inode.i_ino")
        return row

    def _queue(self, listener: int) -> Iterator[SocketRow]:
        head = "icsk_accept_queue.rskq_accept_head"
        first = self._heap.number("inet_connection_sock", listener, head)
        for request in self._heap.chained(first, "request_sock", "dl_next"):
            row: np.void = np.zeros(1, SOCKET_ROW)[0]
            row["kind"], row["listener"] = RowKind.QUEUED, listener
            row["sk"] = self._heap.number("request_sock", request, "sk")
            yield SocketRow(row, b"")

    def _copied(self, row: np.void) -> SocketRow:
        struct = _STRUCTS.get(RowKind(int(row["kind"])))
        return SocketRow(row, self._heap.whole(struct, int(row["sk"])) if struct else b"")


def _is_tcp(row: np.void) -> bool:
    """A raw socket may have TCP's protocol number."""
    return (
        row["family"] in (AF_INET, AF_INET6) and row["protocol"] == _TCP and row["socket_type"] == SOCK_STREAM
    )
