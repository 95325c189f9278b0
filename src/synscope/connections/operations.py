"""The operation pointers of each socket: `socket->ops`, `sk->sk_prot`, `icsk_af_ops`."""

import numpy as np

from synscope.connections.edges import Tables
from synscope.events.trace import Trace
from synscope.events.wire import PathKind

Ops = dict[str, dict[str, str]]
"""As in the JSON: table to member to function."""


class SocketOperations:
    """What OPS events tell, by the socket's cookie: its last, for connect() may change a table."""

    def __init__(self, trace: Trace) -> None:
        rows = trace.events[trace.events["kind"] == PathKind.OPS]
        rows = rows[np.argsort(rows["t"], kind="stable")]
        both = (np.ascontiguousarray(rows[name]).view("<u8").reshape(-1, 2) for name in ("saddr", "daddr"))
        tables: list[list[int]] = np.concatenate(list(both), axis=1)[:, :3].tolist()
        self._tables: dict[int, Tables] = dict(zip(rows["cookie"].tolist(), map(tuple, tables), strict=True))
        self._known = trace.footer.operations
        self._named: dict[Tables, Ops | None] = {}

    def tables(self, cookie: int) -> Tables:
        """Addresses of the socket's three tables; empty where they were not read."""
        return self._tables.get(cookie, ())

    def of(self, cookie: int) -> Ops | None:
        """The socket's operations by name; sockets with the same ones get the same object."""
        tables = self.tables(cookie)
        if tables not in self._named:
            known = [self._known[at] for at in tables if at in self._known]
            self._named[tables] = {one.table: dict(one.members) for one in known} or None
        return self._named[tables]
