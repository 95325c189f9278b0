"""Looking around in call forests."""

from collections.abc import Iterable, Iterator

from synscope.connections.model import Call, Connection


def below(calls: Iterable[Call]) -> Iterator[Call]:
    """These and all that they called, in the order in which a reader meets them."""
    for call in calls:
        yield call
        yield from below(call.children)


def effects(connection: Connection, side: str = "client", context: str = "process") -> list[str]:
    """The functions of a side that only their effects show."""
    own = [call for call in connection.calls if (call.side, call.context) == (side, context)]
    return [call.function for call in below(own) if call.evidence == "effect"]
