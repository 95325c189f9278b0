"""`bpf/inspect.bpf.c`: the kernel's sockets, copied by iterators."""

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

from synscope.events.socket_wire import EVERY_FD, FILTER, SOCKET_ROW
from synscope.probes.libbpf import Object
from synscope.probes.loader import object_path


class SocketRow(NamedTuple):
    """A row: its fields (`SOCKET_ROW`), and the copy of the struct that followed it."""

    fields: np.void
    memory: bytes


class SocketIterators:
    """A context manager; entering loads the iterators. Nothing is attached to what the kernel does.

    A port that was once asked for is asked for again in each later call: the reader keeps what is his.
    """

    def __enter__(self) -> Self:
        self._object = Object(object_path("inspect"))
        try:
            self._object.load()
        except BaseException:
            self._object.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._object.close()

    def open_in(self, pid: int, fd: int = EVERY_FD) -> list[SocketRow]:
        """Every socket that the process has open, of any family; of one descriptor, where one is given."""
        self._set(fd=fd)
        return list(_rows(self._object.programs["open_sockets"].iterate(pid)))

    def opened(self, netns: int, ports: Iterable[int]) -> list[SocketRow]:
        """The TCP sockets with one of these ports in that namespace that any process has open."""
        self._set(ports, netns=netns)
        return list(_rows(self._object.programs["open_sockets"].iterate()))

    def hashed(self, ports: Iterable[int]) -> list[SocketRow]:
        """All of TCP with one of these ports, in the network namespace of the calling thread.

        Requests, children that wait for accept() and TIME_WAIT are among them; what is in no hash table
        (neither bound nor connected) is not.
        """
        self._set(ports)
        return list(_rows(self._object.programs["tcp_sockets"].iterate()))

    def _set(self, ports: Iterable[int] | None = None, **fields: int) -> None:
        row = np.zeros(1, FILTER)[0]
        row["fd"], row["ports"] = EVERY_FD, ports is not None
        for name, value in fields.items():
            row[name] = value
        self._object.maps["filter"].update(0, row.tobytes())
        for port in ports or ():
            self._object.maps["ports"].update(port, b"\1")


def _rows(written: bytes) -> Iterator[SocketRow]:
    at = 0
    while at < len(written):
        fields: Any = np.frombuffer(written, SOCKET_ROW, 1, at)[0]
        begin = at + SOCKET_ROW.itemsize
        at = begin + int(fields["size"])
        yield SocketRow(fields, written[begin:at])
