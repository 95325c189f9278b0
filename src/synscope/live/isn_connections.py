"""Connections to one peer, one after the other, traced so that its initial sequence numbers can be read.

Every other one has the same 4-tuple. Each is closed by an RST (SO_LINGER of 0), because then neither end
stays in TIME_WAIT and the 4-tuple is free again. The pace is uneven, and there is a pause in the middle:
only so can a clock be told from a counter of connections.
"""

import os
import random
import shlex
import socket
import struct
import time
from typing import Any

import msgspec

from synscope.errors import SynscopeError
from synscope.events.trace import Trace
from synscope.probes.session import Options, Session
from synscope.text import endpoint

TIMEOUT_S = 3.0
"""For each connection: two retransmissions of its SYN."""
RETRANSMITTED_S = 1.0
"""After this long a SYN is sent again (RFC 6298 section 2.1)."""
PAUSE_S = 1.0
GIVE_UP_AFTER, MOST_FAILURES = 3, 10
"""Failures one after the other, and in all."""
SLOWEST = 1.0
"""Connections a second that a failure does not slow further."""
_AT_ONCE = struct.pack("ii", 1, 0)


class Target(msgspec.Struct, frozen=True):
    """Whom to connect to: the host as it was asked for, and the first address that it has."""

    host: str
    family: int
    address: tuple[Any, ...]

    @property
    def name(self) -> str:
        """`127.0.0.1:80`, `[::1]:80`."""
        return endpoint(self.address[0], self.address[1])


class Taken(msgspec.Struct, frozen=True):
    """The trace, how many connections were made, how many failed and why the last one did."""

    trace: Trace
    made: int
    failed: int
    why: str


def resolve(host: str, port: int) -> Target:
    """The first address of a name, as connect() would take it. Raises SynscopeError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is no name of a host"
        raise SynscopeError(f"cannot find {host}", why, f"getent ahosts {host}") from None
    return Target(host, int(family), address)


def take(target: Target, count: int, rate: float, command: list[str]) -> Taken:
    """Make `count` connections, `rate` a second on average, traced.

    A failure halves the rate; after three in a row no more are tried.

    Raises:
        SynscopeError: the session cannot be opened, or the first connections failed.
    """
    with Session(Options(pid=os.getpid()), command) as session:
        pace = Pace(rate)
        _connect_all(target, count, pace)
        trace = session.finish(None)
    if not pace.made:
        remedy = f"synscope run -- nc -z {shlex.quote(target.host)} {target.address[1]}, to see why"
        raise SynscopeError(f"cannot connect to {target.name}", pace.why, remedy)
    return Taken(trace, pace.made, pace.failed, pace.why)


class Pace:
    """How fast to go on, and whether: failures and lost SYNs halve the rate, several failures end it."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.made = self.failed = 0
        self.why = ""
        self._in_a_row = 0

    @property
    def ended(self) -> bool:
        """Whether to give up."""
        return self._in_a_row >= GIVE_UP_AFTER or self.failed >= MOST_FAILURES or self.failed > self.made

    def succeeded(self, seconds: float) -> None:
        """A connection was made; if it took so long that its SYN was sent again, the next ones have time."""
        self.made += 1
        self._in_a_row = 0
        if seconds >= RETRANSMITTED_S:
            self._slow_down()

    def _slow_down(self) -> None:
        self.rate = max(SLOWEST, self.rate / 2)

    def fell_short(self, error: OSError) -> None:
        """A connection failed."""
        self.why = error.strerror or str(error)
        self._slow_down()
        self.failed += 1
        self._in_a_row += 1


def _connect_all(target: Target, count: int, pace: Pace) -> None:
    port: int | None = None
    for number in range(count):
        again = number % 2 == 0
        if number:
            uneven = random.uniform(0.5, 1.5)  # noqa: S311 - nothing secret
            time.sleep(uneven / pace.rate + (PAUSE_S if number == count // 2 else 0))
        begun = time.monotonic()
        try:
            used = _connect(target, port if again else None)
        except OSError as error:
            pace.fell_short(error)
            port = None
            if pace.ended:
                return
        else:
            pace.succeeded(time.monotonic() - begun)
            port = used if again else port


def _connect(target: Target, port: int | None) -> int:
    """Connect, from `port` where one is given, and close at once; the port that it was. Raises OSError."""
    with socket.socket(target.family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        sock.settimeout(TIMEOUT_S)
        if port is not None:
            sock.bind(("", port))
        sock.connect(target.address)
        own = sock.getsockname()
        if own[:2] == target.address[:2]:
            raise ConnectionRefusedError(0, "it connected to itself: nobody listens there")
        return int(own[1])
