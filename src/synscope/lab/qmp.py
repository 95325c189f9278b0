"""QEMU's machine protocol, as much as the lab needs: one command at a time, and the events between.

docs/interop/qmp-spec.txt of QEMU: a JSON object a line, in both directions.
"""

import socket
import time
from collections import deque
from typing import Any

import msgspec

from synscope.errors import SynscopeError

Event = dict[str, Any]


class HungError(SynscopeError):
    """QEMU, or the machine in it, did not answer within its limit."""


class EndedError(SynscopeError):
    """QEMU has ended."""


class Qmp:
    """The client's end of `connection`; `version` as QEMU greets with it (`"7.2.22"`).

    All calls raise `EndedError`, `HungError`, or SynscopeError where QEMU refuses the command.
    """

    def __init__(self, connection: socket.socket, limit_s: float) -> None:
        self._connection = connection
        self._buffer = b""
        self._events: deque[Event] = deque()
        greeting = self._read(time.monotonic() + limit_s)["QMP"]["version"]["qemu"]
        self.version = "{major}.{minor}.{micro}".format(**greeting)
        self.command("qmp_capabilities", limit_s)

    def command(self, name: str, limit_s: float, **arguments: Any) -> Any:
        """What QEMU returns for it."""
        request = {"execute": name, "arguments": arguments}
        try:
            self._connection.sendall(msgspec.json.encode(request) + b"\n")
        except OSError as error:
            raise _gone() from error
        deadline = time.monotonic() + limit_s
        while True:
            answer = self._read(deadline)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise SynscopeError(f"QEMU refuses {name}", answer["error"]["desc"])
            self._events.append(answer)

    def event(self, limit_s: float) -> Event:
        """The next event: `{"event": …, "data": …}`."""
        deadline = time.monotonic() + limit_s
        return self._events.popleft() if self._events else self._read(deadline)

    def _read(self, deadline: float) -> Any:
        while b"\n" not in self._buffer:
            self._buffer += self._receive(deadline)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return msgspec.json.decode(line)

    def _receive(self, deadline: float) -> bytes:
        left = deadline - time.monotonic()
        try:
            self._connection.settimeout(max(left, 0.001))
            data = self._connection.recv(1 << 16)
        except TimeoutError as error:
            raise HungError("QEMU hangs", "it did not answer in time") from error
        except OSError as error:
            raise _gone() from error
        if not data:
            raise _gone()
        return data


def _gone() -> EndedError:
    return EndedError("the lab's machine has ended", "QEMU closed its control connection")
