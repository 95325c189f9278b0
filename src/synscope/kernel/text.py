"""The kernel's text: what each function calls, what it jumps to, and how to get from one to another.

A function whose last act is a call jumps there instead: it leaves its frame, and no stack shows it. What
can be found again is what the text proves, no more.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache

import msgspec

from synscope.kernel.callsites import LONGEST_CALL, POINTER, Exits, calls_before, exits
from synscope.kernel.symbols import Symbols

Read = Callable[[int, int], bytes]
"""Address and size to bytes; b"" where they cannot be read."""

NO_CALL = -1
"""Stands for the target where no call is."""

_DEEPEST = 5  # jumps from one function to the next, in a row; 3 is the most that was seen
_MOST = 64  # functions on the way: more are no tail calls but a table of everything
_ENTRY = (0, 4)  # a jump may pass over endbr64
_LARGEST = 1 << 16
_THUNK = re.compile("indirect_.*thunk")

Ways = dict[int, list[int]]
"""Functions, each with those that it jumps to."""


class Facts(msgspec.Struct):
    """What was found out so far, by address.

    Attributes:
        sites: return address to the function that was called, `NO_CALL` where no call ends there.
        functions: how control leaves them.
        names: address to name of the function that it is in.
        entries: name to where the function begins, `NO_CALL` where there is none.
    """

    sites: dict[int, int] = {}
    functions: dict[int, Exits] = {}
    names: dict[int, str] = {}
    entries: dict[str, int] = {}


class Text:
    """Decodes what is asked for, once; `known` is what earlier traces of the same kernel have decoded."""

    def __init__(self, symbols: Symbols, read: Read, known: Facts) -> None:
        self.facts = known
        self.grown = False
        self._symbols = symbols
        self._read = read
        self.start = cache(self._start)
        self._ways = cache(self._all_ways)

    def name(self, address: int) -> str:
        """The name of the function that `address` is in."""
        if address not in self.facts.names:
            self.grown = True
            self.facts.names[address] = self._symbols.lookup(address).split("+", 1)[0]
        return self.facts.names[address]

    def entry(self, name: str) -> int | None:
        """Where the function of that name begins, or None."""
        if name not in self.facts.entries:
            self.grown = True
            self.facts.entries[name] = self._symbols.address(name) or NO_CALL
        address = self.facts.entries[name]
        return None if address == NO_CALL else address

    def called(self, end: int) -> int | None:
        """The function that the call right before `end` calls, `POINTER`, or None: no call ends there."""
        if end not in self.facts.sites:
            self.grown = True
            self.facts.sites[end] = self._decode_site(end)
        target = self.facts.sites[end]
        return None if target == NO_CALL else target

    def calls(self, function: int) -> list[int]:
        """The functions that the one beginning at that address calls; `POINTER` for all through pointers."""
        return self._behind_all(self._exits(function).calls)

    def jumps(self, function: int) -> list[int]:
        """Where the function that begins at that address jumps to, likewise; returns are left out."""
        return self._behind_all(self._exits(function).jumps)

    def passed(self, start: int, goal: int) -> list[int]:
        """The functions that are left by a jump on every way of jumps from `start` to `goal`.

        `start` is the first of them. Empty where there is no way.
        """
        ways = self._ways(start)
        path = _shortest(ways, start, goal)
        certain = [at for at in path if at == start or not _shortest(ways, start, goal, without=at)]
        return [at for at in certain if not self._is_part(at)]

    def _start(self, address: int) -> int:
        """Where the function begins that `address` is in."""
        return self._symbols.span(address)[0]

    def _all_ways(self, start: int) -> Ways:
        """The functions that jumps lead to from `start`."""
        ways: Ways = {}
        edge = [start]
        for _ in range(_DEEPEST):
            ways |= {function: self._jumps(function) for function in edge}
            edge = list(dict.fromkeys(to for at in edge for to in ways[at] if to not in ways))
            if len(ways) + len(edge) > _MOST:
                return {}
        return ways

    def _exits(self, function: int) -> Exits:
        if function not in self.facts.functions:
            self.grown = True
            start, end = self._symbols.span(function)
            self.facts.functions[function] = exits(self._read(start, min(end - start, _LARGEST)), start)
        return self.facts.functions[function]

    def _jumps(self, function: int) -> list[int]:
        targets = [target for target in self.jumps(function) if target != POINTER]
        starts = {self.start(to): None for to in targets if self._is_entry(to) or self._is_part(to)}
        return [start for start in starts if start]

    def _is_entry(self, address: int) -> bool:
        return address - self.start(address) in _ENTRY

    def _is_part(self, address: int) -> bool:
        """Whether it is no function of its own: a part that is seldom run, a place for a static call."""
        name = self.name(address)
        return ".cold" in name or name.startswith("__SCT__")

    def _decode_site(self, end: int) -> int:
        size = min(LONGEST_CALL, end - self.start(end - 1))
        code = self._read(end - size, size)
        for target in map(self._behind, calls_before(code, end) if code else ()):
            if target == POINTER:
                return POINTER
            if self._is_entry(target):
                return self.start(target)
        return NO_CALL

    def _behind_all(self, targets: Iterable[int]) -> list[int]:
        return list(dict.fromkeys(self._behind(to) for to in targets if not self._is_return(to)))

    def _behind(self, target: int) -> int:
        """`POINTER` where the target is a thunk (`__x86_indirect_thunk_rax`): arch/x86/lib/retpoline.S."""
        return POINTER if target == POINTER or _THUNK.search(self.name(target)) else target

    def _is_return(self, target: int) -> bool:
        """A return under mitigation (srso, retbleed, ITS): arch/x86/lib/retpoline.S."""
        return target != POINTER and "return_thunk" in self.name(target)


def _shortest(ways: Ways, start: int, goal: int, without: int = POINTER) -> list[int]:
    """A shortest way from `start` to `goal`, `goal` left out; empty where there is none."""
    came_from: dict[int, int] = {start: POINTER}
    queue = [start]
    for at in queue:
        for to in ways.get(at, ()):
            if to == goal:
                return _back(came_from, at)
            if to not in came_from and to != without:
                came_from[to] = at
                queue.append(to)
    return []


def _back(came_from: dict[int, int], at: int) -> list[int]:
    path = [at]
    while came_from[path[-1]] != POINTER:
        path.append(came_from[path[-1]])
    return path[::-1]
