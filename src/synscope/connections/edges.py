"""Functions that left their frames by a jump, between two neighbours in a stack."""

from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter

from synscope.connections.model import Evidence
from synscope.events.trace import Edge, Operations

Tables = tuple[int, ...]
"""Addresses of a socket's operations (keys of `Footer.operations`); empty where they are not known."""


class Edges:
    """What was passed between two neighbours in a stack (`Footer.edges`), found by them.

    A call through a pointer is known only with the operations of the socket that it was made for.
    """

    def __init__(self, edges: Iterable[Edge], operations: Mapping[int, Operations]) -> None:
        self._edges: dict[tuple[str, str], list[Edge]] = {}
        for edge in filter(attrgetter("passed"), edges):  # a file may hold anything
            self._edges.setdefault((edge.caller, edge.callee), []).append(edge)
        self._members = {at: frozenset(table.members.values()) for at, table in operations.items()}

    def passed(self, caller: str, callee: str, tables: Tables) -> Iterator[tuple[str, Evidence]]:
        """Functions and how they are known, outermost first; nothing where there is a choice."""
        found = [one for one in self._edges.get((caller, callee), ()) if one.operations in (0, *tables)]
        if any(one.operations for one in found) and self._is_member(callee, tables):
            return
        if len({tuple(one.passed) for one in found}) == 1:
            first: Evidence = "ops_pointer" if found[0].operations else "tail_call"
            yield found[0].passed[0], first
            yield from ((name, "tail_call") for name in found[0].passed[1:])

    def _is_member(self, function: str, tables: Tables) -> bool:
        return any(function in self._members.get(at, ()) for at in tables)
