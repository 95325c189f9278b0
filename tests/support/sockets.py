"""What ss says of a namespace's TCP sockets."""

import re
from typing import NamedTuple

from support.namespaces import Namespace

_COOKIE = re.compile(r"\bsk:([0-9a-f]+)")
_SHIFTS = re.compile(r"\bwscale:(\d+),(\d+)")


class Socket(NamedTuple):
    """One line of `ss -Haetino`: state as ss writes it, queues, ports, and what -e and -i add."""

    state: str
    recv_q: int
    send_q: int
    port: int
    peer_port: int
    text: str

    @property
    def cookie(self) -> int:
        """`sk:`, -e."""
        found = _COOKIE.search(self.text)
        assert found, self.text
        return int(found[1], 16)

    @property
    def options(self) -> set[str]:
        """What was agreed on (TCP_INFO's tcpi_options): of `ts`, `sack`, `wscale`."""
        words = set(self.text.split())
        return (words & {"ts", "sack"}) | ({"wscale"} if self.shifts else set())

    @property
    def shifts(self) -> tuple[int, int] | None:
        """`wscale:SEND,RECEIVE`: the peer's shift, then the socket's own."""
        found = _SHIFTS.search(self.text)
        return (int(found[1]), int(found[2])) if found else None


def tcp_sockets(namespace: Namespace) -> list[Socket]:
    """Every TCP socket of the namespace, in any state."""
    return [_socket(line) for line in namespace.run("ss", "-HOtinmea").splitlines()]


def _socket(line: str) -> Socket:
    state, received, sent, local, peer, *rest = line.split(maxsplit=5)
    return Socket(state, int(received), int(sent), _port(local), _port(peer), rest[0] if rest else "")


def _port(end: str) -> int:
    number = end.rpartition(":")[2]
    return 0 if number == "*" else int(number)
