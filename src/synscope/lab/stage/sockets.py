"""Servers and clients: what a scenario's hosts run, and how the stage sees them."""

import errno
import os
import socket
from collections.abc import Generator, Iterable, Sequence
from typing import Any, NamedTuple

from synscope.lab.stage.actors import Actor, GoingOn, Script

Address = tuple[str, int]
Option = tuple[int, int, int | bytes]
"""Level, name and value, as setsockopt(2) has them."""

BACKLOG = 128
TIMED_OUT = "timeout"
"""`Client.error` where the application's patience ended the attempt, not the kernel."""


class Listener:
    """A server that listens.

    Attributes:
        at: the address and port to connect to.
    """

    def __init__(self, actor: Actor, accepts: bool) -> None:
        self.actor = actor
        self._accepts = accepts
        self.at: Address = actor.report()
        if accepts:
            actor.go()

    def accept(self) -> Address:
        """The peer of the next connection that it accepts, when it has; it accepts by itself or now."""
        peer: Address = self.actor.report() if self._accepts else self.actor.ask("accept")
        return peer

    def close(self) -> None:
        """Close the listening socket (of a server that does not accept by itself)."""
        self.actor.ask("close")


class Client:
    """A connection attempt. A socket that connected stays open until the stage ends."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self._told: tuple[str | None, Address] | None = None

    def wait(self) -> "Client":
        """Until connect() has returned."""
        if self._told is None:
            self._told = self.actor.report()
        return self

    @property
    def error(self) -> str | None:
        """The errno's name, `TIMED_OUT`, or None where it connected; awaited."""
        return self._outcome()[0]

    @property
    def local(self) -> Address:
        """The local address of the socket; awaited."""
        return self._outcome()[1]

    def close(self) -> None:
        """Close the socket."""
        self.wait().actor.ask()

    def _outcome(self) -> tuple[str | None, Address]:
        self.wait()
        assert self._told is not None
        return self._told


class Plan(NamedTuple):
    """How to connect: `source` is bound first; `timeout` is the application's patience in seconds."""

    to: Address
    source: Address | None = None
    timeout: float | None = None
    options: Sequence[Option] = ()


def serving(at: Address, backlog: int, accepts: bool, options: Iterable[Option] = ()) -> Script:
    """A server's script: listens at `at`, port 0 for any; keeps what it accepts."""

    def script() -> Generator[Any, Any, None]:
        with new_socket(at, [(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1), *options]) as listening:
            listening.bind(at)
            listening.listen(backlog)
            order = yield listening.getsockname()[:2]
            yield from _accept_all(listening) if accepts else _accept_on_order(listening, order)

    return script


def _accept_all(listening: socket.socket) -> Generator[Any, Any, None]:
    kept = []
    while True:
        connection, peer = listening.accept()
        kept.append(connection)
        yield GoingOn(peer[:2])


def _accept_on_order(listening: socket.socket, order: str) -> Generator[Any, Any, None]:
    kept = []
    while True:
        if order == "accept":
            connection, peer = listening.accept()
            kept.append(connection)
            order = yield peer[:2]
        else:
            listening.close()
            order = yield None


def connecting(plan: Plan) -> Script:
    """A client's script: connects, reports the error and its local address, and keeps the connection."""

    def script() -> Generator[Any, Any, None]:
        with new_socket(plan.to, plan.options) as client:
            if plan.source is not None:
                client.bind(plan.source)
            client.settimeout(plan.timeout)
            error = error_of(client, plan.to)
            local = client.getsockname()[:2]
            if error is not None:
                client.close()
            yield error, local
        yield None

    return script


def error_of(client: socket.socket, to: Address) -> str | None:
    """connect(): the errno's name, `TIMED_OUT` where the socket's own timeout came first, or None."""
    try:
        client.connect(to)
    except OSError as error:
        if isinstance(error, TimeoutError) and error.errno is None:
            return TIMED_OUT
        return errno.errorcode.get(error.errno or 0, os.strerror(error.errno or 0))
    return None


def new_socket(at: Address, options: Iterable[Option] = ()) -> socket.socket:
    """A TCP socket of the address's family."""
    family = socket.AF_INET6 if ":" in at[0] else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    for level, name, value in options:
        made.setsockopt(level, name, value)
    return made
