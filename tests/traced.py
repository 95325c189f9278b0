"""Traces of function calls written down as text: an indent is a call, in order of time.

    __sys_connect fd=3 = 0
      tcp_v4_connect @1 addr_len=16 = 0

`@1` is the socket's cookie, `~f` was entered by a jump, `f …` did not return. Times are a step apart: each
call takes one to enter and one to leave.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from synscope.events.trace import Rows
from synscope.events.wire import FUNCTION_CALL, CallFlag
from synscope.kernel.prototypes import Function, Parameter

INT = Parameter("", "int", 4, True)
VOID = Parameter("", "void", 0)
BOOL = Parameter("", "bool", 1)
POINTER = Parameter("", "struct sock *", 8)
SK = Parameter("sk", "struct sock *", 8)


def number(name: str, kind: str = "int", size: int = 4, signed: bool = True) -> Parameter:
    return Parameter(name, kind, size, signed)


def function(name: str, *parameters: Parameter, returns: Parameter | None = INT) -> Function:
    return Function(name, list(parameters), returns)


SOCKET = Parameter("sock", "struct socket *", 8)
ADDRESS = Parameter("uaddr", "struct sockaddr *", 8)
SKB = Parameter("skb", "struct sk_buff *", 8)

KNOWN = {
    known.name: known
    for known in (
        function("__x64_sys_connect", Parameter("regs", "const struct pt_regs *")),
        function("__sys_connect", number("fd"), ADDRESS, number("addrlen")),
        function("__sys_socket", number("family"), number("type"), number("protocol")),
        function("inet_stream_connect", SOCKET, ADDRESS, number("addr_len"), number("flags")),
        function("tcp_v4_connect", SK, ADDRESS, number("addr_len")),
        function("tcp_set_state", SK, number("state"), returns=VOID),
        function("inet_sk_state_store", SK, number("newstate"), returns=VOID),
        function("inet_hash_connect", Parameter("death_row", "void *"), SK),
        function("ip_route_output_flow", returns=POINTER),
        function("tcp_connect", SK),
        function("__tcp_transmit_skb", SK, SKB, number("clone_it"), number("gfp_mask", "gfp_t")),
        function("sock_def_readable", SK, returns=VOID),
        function("tcp_filter", SK, SKB, returns=BOOL),
    )
}

_LINE = re.compile(r"(?P<indent> *)(?P<tail>~?)(?P<name>[\w.]+)(?P<rest>.*)")


class Writing:
    """Rows, and the functions that they count, as the text grows."""

    def __init__(self, step: int = 1000) -> None:
        self.functions: list[Function] = []
        self._step = step
        self._rows: list[Rows] = []
        self._last = 0

    @property
    def rows(self) -> Rows:
        return np.concatenate(self._rows) if self._rows else np.empty(0, FUNCTION_CALL)

    def lane(self, text: str, *, start: int | None = None, **fields: Any) -> "Writing":
        """Calls of one lane, from `start` on or after those before; `fields` are `tid`, `cpu`, `softirq`."""
        clock = self._last if start is None else start
        flags = CallFlag.SOFTIRQ if fields.pop("softirq", False) else 0
        opened: list[tuple[int, Any]] = []
        for line in filter(str.strip, text.splitlines()):
            found = _LINE.fullmatch(line)
            assert found, line
            depth = len(found["indent"])
            while opened and opened[-1][0] >= depth:
                clock = self._leave(opened.pop()[1], clock)
            clock += self._step
            opened.append((depth, self._enter(found, clock, flags, fields)))
        while opened:
            clock = self._leave(opened.pop()[1], clock)
        self._last = clock
        return self

    def _leave(self, row: Any, clock: int) -> int:
        clock += self._step
        if row["flags"][0] & CallFlag.RETURNED:
            row["exit"] = clock
        return clock

    def _enter(self, found: re.Match[str], clock: int, flags: int, fields: dict[str, Any]) -> Rows:
        row = np.zeros(1, FUNCTION_CALL)
        known = KNOWN.get(found["name"], function(found["name"]))
        if known not in self.functions:
            self.functions.append(known)
        row["function"], row["enter"] = self.functions.index(known), clock
        row["flags"] = flags | (CallFlag.TAIL if found["tail"] else 0)
        words, _, value = found["rest"].partition(" = ")
        if "…" not in words:
            row["flags"] |= np.uint8(CallFlag.RETURNED)
            row["ret"] = int(value or "0", 0)
        for word in words.split():
            if word.startswith("@"):
                row["cookie"] = int(word[1:])
            elif "=" in word:
                name, _, number = word.partition("=")
                names = [parameter.name for parameter in known.parameters or ()]
                row["args"][0, names.index(name)] = int(number, 0) & (2**64 - 1)
        for name, number in fields.items():
            row[name] = number
        self._rows.append(row)
        return row


def named(functions: Sequence[Function], rows: Rows) -> list[str]:
    """The functions of rows, in their order."""
    return [functions[row].name for row in rows["function"].tolist()]
