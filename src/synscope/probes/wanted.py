"""What the kernel half cannot judge yet when an event leaves it: whether its socket is wanted.

A port or an address is known when the SYN leaves, a process when it accepts; until then a half is
provisional (`bpf/halves.h`) and leaves nothing, but its events (path detail) have gone into the ring. They
are held here until the half turns out to be wanted, and dropped when it is gone without a word.
"""

import msgspec
import numpy as np
import numpy.typing as npt

from synscope.events.trace import Rows
from synscope.events.wire import PATH_EVENT, HalfFlag, PathKind, Side

REMEMBERED = 1 << 16
"""Halves told last, and the most events that are held."""
_ENDING = (int(PathKind.RETURN), int(PathKind.ACCEPT))
_CALLS = (int(PathKind.CALL), int(PathKind.SOCKET), *_ENDING)
_V4, _V6 = 2, 10  # AF_INET, AF_INET6
_MAPPED = bytes(10) + b"\xff\xff"
_BY_CALLER = (*_CALLS, int(PathKind.OPS))
_Mask = npt.NDArray[np.bool_]


def certain(halves: Rows, config: np.void) -> Rows:
    """Of halves still in the table those that are wanted for sure; `config`: a `CONFIG` row.

    A client whose SYN never left, and a socket that did nothing, is judged by the ends that it has.
    """
    provisional = (halves["flags"] & HalfFlag.PROVISIONAL) != 0
    unjudged = (halves["side"] == Side.NONE) | ((halves["side"] == Side.CLIENT) & provisional)
    unjudged &= ((halves["flags"] & HalfFlag.PEER) == 0) & bool(config["ends"])
    chosen: Rows = halves[np.where(unjudged, _match(halves, config), ~provisional)]
    return chosen


def _match(halves: Rows, config: np.void) -> _Mask:
    """Whose known ends the filters on port and address want (bpf/track.h, ends_are_wanted)."""
    wanted = np.ones(len(halves), bool)
    if config["port"]:
        wanted &= (halves["lport"] == config["port"]) | (halves["rport"] == config["port"])
    if config["address_family"]:
        forms = _forms(int(config["address_family"]), config["address"].tobytes())
        ends = [zip(halves["family"].tolist(), halves[end], strict=True) for end in ("local", "remote")]
        has = [[(family, one.tobytes()) in forms for family, one in end] for end in ends]
        wanted &= np.array(has, bool).any(axis=0)
    return wanted


def _forms(family: int, address: bytes) -> set[tuple[int, bytes]]:
    """How a half may have the address: an IPv6 socket has an IPv4 address as ::ffff:a.b.c.d."""
    return {(family, address)} | ({(_V6, _MAPPED + address[:4])} if family == _V4 else set())


class Held:
    """Events in, wanted events out, in their order.

    With a filter on port or address system calls are held too; one on the process knows whose they are.
    """

    def __init__(self, config: np.void) -> None:
        self._config = config
        self._events = np.empty(0, PATH_EVENT)
        self._told: dict[int, None] = {}
        self._dropped = 0

    def count_losses(self, lost: dict[str, int]) -> None:
        """Add to `lost` the events that could be held no longer: some may have been wanted."""
        if self._dropped:
            lost["events: held too long"] = self._dropped

    def take(self, events: Rows, table: Rows, told: Rows, last: bool = False) -> Rows:
        """Those that are wanted now.

        `table`: the halves that the kernel half had after `events` came; `told`: those that left it before
        now and after the last time; `last`: what is not wanted by now never will be.
        """
        self._told.update(dict.fromkeys(told["cookie"].tolist()))
        wanted = {*self._told, *certain(table, self._config)["cookie"].tolist()}
        waiting = set() if last else set(table["cookie"].tolist()) - wanted
        pending = np.concatenate([self._events, events])
        goes: list[int] = []
        stays: list[int] = []
        for one in _operations(pending, calls=bool(self._config["ends"])):
            if one.is_open and not last:
                stays += one.places
            elif one.cookies is None or one.cookies & wanted:
                goes += one.places
            elif one.cookies & waiting:
                stays += one.places
        self._events = pending[sorted(stays)][-REMEMBERED:]
        self._dropped += len(stays) - len(self._events)
        for cookie in list(self._told)[:-REMEMBERED]:
            del self._told[cookie]
        chosen: Rows = pending[sorted(goes)]
        return chosen


class _Operation(msgspec.Struct):
    """A system call with all its events, or any other event alone: their places, and which sockets it is of.

    `cookies` None: it was judged where it happened. `is_open`: the call has not returned.
    """

    places: list[int]
    cookies: set[int] | None
    is_open: bool = False


def _operations(events: Rows, *, calls: bool) -> list[_Operation]:
    """`calls`: whether system calls are judged here."""
    found: list[_Operation] = []
    inside: dict[int, _Operation] = {}
    columns = zip(events["kind"].tolist(), events["tid"].tolist(), events["cookie"].tolist(), strict=True)
    for place, (kind, tid, cookie) in enumerate(columns):
        cookies = {cookie} - {0}
        if kind in _BY_CALLER and not calls:
            found.append(_Operation([place], None))
        elif kind not in _CALLS:
            found.append(_Operation([place], cookies or None))
        elif kind == PathKind.CALL or tid not in inside:
            if tid in inside:
                inside.pop(tid).is_open = False
            found.append(_Operation([place], cookies, is_open=kind == PathKind.CALL))
            if kind == PathKind.CALL:
                inside[tid] = found[-1]
        else:
            call = inside[tid]
            call.places.append(place)
            call.cookies = (call.cookies or set()) | cookies
            if kind in _ENDING:
                inside.pop(tid).is_open = False
    return found
