"""What diagnosis makes of a session's trace, for tests with real faults."""

from support.tracing import Taken
from synscope.connections.build import Connections
from synscope.connections.model import Connection
from synscope.diagnosis.diagnose import Diagnosed, unconnected


def diagnosed(taken: Taken) -> list[Connection]:
    """The trace's connections with their findings."""
    return list(Diagnosed(Connections(taken.trace), taken.trace))


def codes(connection: Connection) -> list[str]:
    """Its findings' codes, in their order."""
    return [finding.code for finding in connection.findings]


def only(taken: Taken) -> list[str]:
    """The codes of the one connection that the trace must hold."""
    (one,) = diagnosed(taken)
    return codes(one)


def of_clients(taken: Taken) -> dict[int, list[str]]:
    """The codes of each connection with a client half, by its cookie."""
    return {one.client.cookie: codes(one) for one in diagnosed(taken) if one.client and one.client.cookie}


def of_calls(taken: Taken) -> list[str]:
    """The codes of calls that failed before any connection."""
    return [finding.code for finding in unconnected(taken.trace)]
