"""Which client half and which server half are one connection.

Addresses and ports, mirrored, say which halves may belong together; the pair of initial sequence
numbers says which do, because ports are used again, thousands of times in one trace. Where even that
leaves a choice (the same ISN twice on the same ports) time decides. A pair that nothing confirms is
not made: a half alone is the truth, a false pair is a lie.

All of it works on columns; only rows that compete for a partner are looked at one by one.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from synscope.connections.tuples import Ends, ends_of, mix
from synscope.events.decode import U64
from synscope.events.trace import Rows
from synscope.events.wire import MILESTONE, HalfFlag, Known, Side

Index = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

_ASKED = ("syn_in", "request", "synack_out")


class Pairs(NamedTuple):
    """Connections as row numbers: `client_index[i]` and `server_index[i]` are one; -1 for not seen."""

    client_index: Index
    server_index: Index


def join(halves: Rows) -> Pairs:
    """Pair the rows of `halves` (each half once, see `decode.latest`); every other half stands alone.

    Left out: listeners, sockets that did nothing, halves of someone else (HalfFlag.PEER) that pair
    with nothing, and pairs of two such. In a simultaneous open (RFC 9293 section 3.5, figure 7) both
    rows are clients: the one that called connect() first is given as the client.
    """
    side = halves["side"]
    connecting = (side == Side.NONE) & (halves["t"][:, MILESTONE["connect"]] != 0)
    clients = np.flatnonzero((side == Side.CLIENT) | connecting)
    servers = np.flatnonzero(side == Side.SERVER)
    table = _Table(halves)
    partner = np.full(len(halves), -1, dtype=np.intp)
    table.match(partner, clients, servers, "isn")
    table.match(partner, clients, servers, "peer_isn")
    table.match_simultaneous(partner, clients)
    return _assemble(halves, partner, clients, servers)


class _Table:
    """The columns that pairing compares, taken out of the rows once."""

    def __init__(self, halves: Rows) -> None:
        self.ends: Ends = ends_of(halves)
        self.isn: dict[str, U64] = {name: halves[name].astype(np.uint64) for name in ("isn", "peer_isn")}
        known = halves["known"]
        self.known: dict[str, Mask] = {
            "isn": (known & Known.ISN) != 0,
            "peer_isn": (known & Known.PEER_ISN) != 0,
        }
        times = halves["t"]
        never = np.uint64(2**64 - 1)
        self.syn_out = _first_known(times, ("syn_out", "connect", "socket"), np.uint64(0))
        self.request = _first_known(times, (*_ASKED, "ack_in", "established"), never)
        # With SYN cookies nothing is kept of the request: the server's first time is the final ACK's.
        self.asked = _first_known(times, _ASKED, np.uint64(0))
        self.answered = _first_known(times, ("synack_in", "established"), never)

    def match(self, partner: Index, clients: Index, servers: Index, by: str) -> None:
        """Pair by the client's ISN (`by` "isn") or, where that is not known to both, by the server's."""
        mirrored = "peer_isn" if by == "isn" else "isn"
        left = clients[(partner[clients] < 0) & self.known[by][clients]]
        right = servers[(partner[servers] < 0) & self.known[mirrored][servers]]
        left_key = mix(self.ends.forward[left], self.isn[by][left])
        right_key = mix(self.ends.backward[right], self.isn[mirrored][right])
        self._pair(partner, left, left_key, right, right_key)

    def match_simultaneous(self, partner: Index, clients: Index) -> None:
        """Two clients, each other's mirror, each knowing the other's ISN; never one socket with itself."""
        both = self.known["isn"] & self.known["peer_isn"] & ~self.ends.same
        left = clients[(partner[clients] < 0) & both[clients]]
        forward = mix(self.ends.forward[left], self.isn["isn"][left])
        backward = mix(self.ends.backward[left], self.isn["peer_isn"][left])
        right = left[np.isin(backward, forward)]
        for at in right[np.argsort(self.syn_out[right], kind="stable")]:
            self._pair_client(partner, int(at), right)

    def _pair_client(self, partner: Index, client: int, others: Index) -> None:
        if partner[client] >= 0:
            return
        fit = others[(others != client) & (partner[others] < 0)]
        fit = fit[self.fits(np.full(len(fit), client), fit, timed=False)]
        if len(fit):
            other = fit[np.argmin(self.syn_out[fit])]
            partner[client], partner[other] = other, client

    def fits(self, clients: Index, servers: Index, *, timed: bool = True) -> Mask:
        """Which of these couples nothing contradicts: same ends, no known ISN that differs, in time."""
        fit = self.ends.mirrored(clients, servers)
        for mine, yours in (("isn", "peer_isn"), ("peer_isn", "isn")):
            both = self.known[mine][clients] & self.known[yours][servers]
            fit &= ~both | (self.isn[mine][clients] == self.isn[yours][servers])
        if timed:
            fit &= self.syn_out[clients] <= self.request[servers]
            fit &= self.asked[servers] <= self.answered[clients]
        return fit

    def _pair(self, partner: Index, left: Index, left_key: U64, right: Index, right_key: U64) -> None:
        """Rows whose key is on one row of each side pair at once; the others compete."""
        order = np.argsort(left_key, kind="stable")
        ordered = left_key[order]
        begin = np.searchsorted(ordered, right_key, side="left")
        count = np.searchsorted(ordered, right_key, side="right") - begin
        found = np.flatnonzero(count)
        begin, count = begin[found], count[found]
        rivals = np.bincount(begin, minlength=len(left))[begin]
        plain = (count == 1) & (rivals == 1)
        client, server = left[order[begin[plain]]], right[found[plain]]
        fit = self.fits(client, server)
        partner[client[fit]], partner[server[fit]] = server[fit], client[fit]
        rest = np.flatnonzero(~plain)
        rest = rest[np.argsort(begin[rest], kind="stable")]
        for group in np.split(rest, np.flatnonzero(np.diff(begin[rest])) + 1) if len(rest) else ():
            first = begin[group[0]]
            self._compete(partner, left[order[first : first + count[group[0]]]], right[found[group]])

    def _compete(self, partner: Index, clients: Index, servers: Index) -> None:
        """In the order of the requests, each takes the latest SYN before it that nothing contradicts."""
        for server in servers[np.argsort(self.request[servers], kind="stable")]:
            free = clients[partner[clients] < 0]
            free = free[self.fits(free, np.full(len(free), server))]
            if len(free):
                client = free[np.argmax(self.syn_out[free])]
                partner[client], partner[server] = server, client


def _first_known(times: Rows, names: tuple[str, ...], otherwise: np.uint64) -> U64:
    """The first of these milestones that was seen, per row, else `otherwise`."""
    result: U64 = np.full(len(times), otherwise)
    for name in reversed(names):
        column = times[:, MILESTONE[name]]
        result = np.where(column != 0, column, result)
    return result


def _assemble(halves: Rows, partner: Index, clients: Index, servers: Index) -> Pairs:
    alone = (halves["flags"] & HalfFlag.PEER) == 0
    mate = partner[clients]
    # Of two clients that are each other's partner (simultaneous open) the earlier stands for both.
    second = (mate >= 0) & (halves["side"][mate] != Side.SERVER) & _later(halves, clients, mate)
    keep = ~second & (alone[clients] | ((mate >= 0) & alone[mate]))
    lone = servers[(partner[servers] < 0) & alone[servers]]
    return Pairs(
        np.concatenate([clients[keep], np.full(len(lone), -1, dtype=np.intp)]),
        np.concatenate([mate[keep], lone]),
    )


def _later(halves: Rows, clients: Index, mate: Index) -> Mask:
    connect = halves["t"][:, MILESTONE["connect"]]
    mine, theirs = connect[clients], connect[mate]
    later: Mask = (mine > theirs) | ((mine == theirs) & (clients > mate))
    return later
