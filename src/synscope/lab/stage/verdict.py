"""What synscope made of a scenario: the findings of the connection, or call, that it is about."""

from collections.abc import Iterable

from synscope.connections.model import Connection, Finding
from synscope.diagnosis.diagnose import diagnosed, unconnected
from synscope.diagnosis.verdict import SEVERITIES
from synscope.events.trace import Trace


def verdict(trace: Trace, subject: tuple[str, int] | None) -> tuple[str, ...]:
    """The codes of the subject's connection, named by its client's address and port.

    Without a subject: of the first connection, or call before one, that has the most severe finding.
    """
    connections = [one for one in diagnosed(trace) if subject is None or _client(one) == subject]
    told = [list(connection.findings) for connection in connections]
    if subject is None:
        told += [[finding] for finding in unconnected(trace)]
    worst = max((found for found in told if found), key=_severity, default=[])
    return tuple(finding.code for finding in worst)


def _client(connection: Connection) -> tuple[str | None, int | None] | None:
    half, peer = connection.client, connection.server
    if half is not None:
        return half.address, half.port
    return (peer.peer_address, peer.peer_port) if peer is not None else None


def _severity(found: Iterable[Finding]) -> int:
    return max(SEVERITIES.index(finding.severity) for finding in found)
