"""A session around a block of a test: what it collected is there when the block has been left."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from synscope.connections.build import connections
from synscope.connections.model import Connection
from synscope.diagnosis.diagnose import diagnosed
from synscope.events.trace import Trace
from synscope.probes.session import Options, Session

BOTH: tuple[Literal["record"], Literal["path"]] = ("record", "path")
"""The details, for `parametrize`."""


class Taken:
    """What a session collects.

    Attributes:
        session: the running session; a test may poll it.
        trace: the whole trace, once the block has been left.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._trace: Trace | None = None

    @property
    def trace(self) -> Trace:
        assert self._trace is not None, "the trace is there only after the block"
        return self._trace

    def finish(self) -> None:
        """Detach and take what there is: at the block's end at the latest."""
        if self._trace is None:
            self._trace = self.session.finish(None)

    def connections(self) -> list[Connection]:
        """The trace's connections."""
        return connections(self.trace)

    def only(self) -> Connection:
        """The one connection that the trace must hold."""
        found = self.connections()
        assert len(found) == 1, [summary(one) for one in found]
        return found[0]


@contextmanager
def tracing(options: Options, judged: bool = True) -> Iterator[Taken]:
    """Trace while the block runs. The rings are drained when it ends: they must hold all of it.

    Unless someone else is to judge it (`judged` False), all that was traced must be legal TCP.

    Whatever happens, nothing stays attached. Leave peers running inside the block, not beyond it: a
    process that was forked (not exec'ed) meanwhile would hold the links.
    """
    with Session(options, ["test"]) as session:
        taken = Taken(session)
        yield taken
        taken.finish()
    if judged:
        assert_legal(taken.trace)


def assert_legal(trace: Trace) -> None:
    """Whatever was done, the kernel kept TCP's rules: else a table of `synscope.tcp` is wrong."""
    findings = (one for connection in diagnosed(trace) for one in connection.findings)
    assert [one for one in findings if one.code in ("illegal-transition", "illegal-segment")] == []


def of_cgroup(cgroup: Path, detail: Literal["record", "path", "functions"] = "path", **more: Any) -> Options:
    """Options that trace a cgroup."""
    return Options(cgroup=cgroup, detail=detail, **more)


def summary(connection: Connection) -> tuple[object, ...]:
    """Enough of a connection to see in a failed assertion what is wrong."""
    return (
        connection.id,
        connection.outcome,
        connection.errno,
        connection.client and (connection.client.address, connection.client.port, connection.client.pid),
        connection.server and (connection.server.address, connection.server.port, connection.server.pid),
    )


def complete(trace: Trace) -> bool:
    """Whether the kernel half lost nothing."""
    return not trace.footer.lost
