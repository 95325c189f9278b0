"""The flow of each connection of a trace, and the order of them all: columns, not objects."""

import numpy as np

from synscope.connections.flow import FOREVER, Flow
from synscope.connections.half import moment
from synscope.connections.inferred import isns_of
from synscope.connections.join import Pairs
from synscope.connections.rows import HalfRow
from synscope.connections.tuples import ends_of, mix
from synscope.events.decode import U64
from synscope.events.trace import Rows
from synscope.events.wire import MILESTONE, HalfFlag

_TFO = int(HalfFlag.TFO)


def in_order(pairs: Pairs, first: U64) -> Pairs:
    """By the first milestone of the halves themselves: a listener is older than all its connections."""
    order = np.lexsort((np.maximum(pairs.client_index, pairs.server_index), _begin(pairs, first)))
    return Pairs(pairs.client_index[order], pairs.server_index[order])


class Flows:
    """Ends and times of all connections, by their place in `pairs`."""

    def __init__(self, pairs: Pairs, halves: Rows, first: U64) -> None:
        ends = ends_of(halves)
        client = pairs.client_index >= 0
        row = np.where(client, pairs.client_index, pairs.server_index)
        self._forward = np.where(client, ends.forward[row], ends.backward[row])
        self._backward = np.where(client, ends.backward[row], ends.forward[row])
        self._until = self._ends_of_times(_connecting(pairs, halves, first), halves["netns"][row])

    def of(self, at: int, client: HalfRow | None, server: HalfRow | None) -> Flow:
        """The flow of the connection at `at`, whose halves these are."""
        client_isn, server_isn = isns_of(client, server)
        return Flow(
            forward=int(self._forward[at]),
            backward=int(self._backward[at]),
            client_isn=client_isn,
            server_isn=server_isn,
            client_netns=_netns(client),
            server_netns=_netns(server),
            start_ns=_start(client),
            end_ns=int(self._until[at]),
            tfo=any(row is not None and row.flags & _TFO for row in (client, server)),
        )

    def _ends_of_times(self, begin: U64, netns: Rows) -> U64:
        """When the next connection began on the same ends in the same place; FOREVER for never."""
        key = mix(self._forward, netns.astype(np.uint64))
        order = np.lexsort((begin, key))
        same = key[order][1:] == key[order][:-1]
        until = np.full(len(key), np.uint64(FOREVER))
        until[order[:-1][same]] = begin[order[1:][same]]
        return until


def _connecting(pairs: Pairs, halves: Rows, first: U64) -> U64:
    """A connection begins with connect(): its socket may be older than the one before it on its ports."""
    connect, syn_out = (halves["t"][:, MILESTONE[name]] for name in ("connect", "syn_out"))
    return _begin(pairs, np.where(connect != 0, connect, np.where(syn_out != 0, syn_out, first)))


def _begin(pairs: Pairs, first: U64) -> U64:
    """The earlier of the two halves' times."""
    client, server = (np.where(index >= 0, first[index], np.uint64(FOREVER)) for index in pairs)
    begin: U64 = np.minimum(client, server)
    return begin


def _start(client: HalfRow | None) -> int:
    """When a connection's segments can begin: not before connect(); without a client, at any time."""
    if client is None:
        return 0
    return moment(client, "connect") or moment(client, "syn_out") or 0


def _netns(row: HalfRow | None) -> int | None:
    return None if row is None else row.netns or None
