"""The live view's filter: `outcome:failed port:443 comm:nginx phase:accept_queue>10ms`.

Words with blanks between, all of which must hold; a word that names no key is sought in the connection's
line. Whether a connection has both halves or one, each word asks of either side.
"""

import difflib
import ipaddress
import operator
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import get_args

from synscope.connections.model import Connection, Half, Outcome
from synscope.connections.phases import PHASES
from synscope.diagnosis.registry import codes
from synscope.diagnosis.verdict import SEVERITIES
from synscope.errors import Exit, SynscopeError
from synscope.tcp.states import State
from synscope.text import endpoint
from synscope.views.facts import failed

Test = Callable[[Connection], bool]

HELP = (
    ("outcome:refused", "an outcome; failed: any failure"),
    ("port:443", "at either end"),
    ("addr:10.0.0.0/8", "an address, or a network, at either end"),
    ("comm:nginx", "in a program's name"),
    ("pid:4711", "of either program"),
    ("state:SYN_RECV", "a state that it was in"),
    ("finding:slow-accept", "a code, or error, warning, info: at least"),
    ("phase:accept_queue>10ms", "a phase, of some length: < <= > >= (ns us ms s)"),
    ("reset", "anything else: in its line"),
)
"""An example of each key, and what it asks."""

_UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "min": 60_000_000_000}
_COMPARED = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
_LENGTH = re.compile(r"(\w+)(?:(>=|<=|>|<)(\d+(?:\.\d+)?)(ns|us|µs|ms|s|min))?")


def parse(text: str) -> Test:
    """What `text` asks of a connection; an empty one holds for all.

    Raises:
        SynscopeError: USAGE, a word means nothing.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:  # a quotation mark that is still open
        raise _wrong(text, str(error).lower()) from error
    tests = [_test(word) for word in words]
    return lambda connection: all(test(connection) for test in tests)


def _test(word: str) -> Test:
    key, colon, value = word.partition(":")
    is_address = not key.isalpha() or value.startswith(":")  # they have colons too
    if not colon or (is_address and key not in _KEYS):
        return _anywhere(word)
    if key not in _KEYS:
        raise _wrong(word, f"there is no key {key!r}{_nearest(key, list(_KEYS))}")
    if not value:
        raise _wrong(word, "nothing stands after the colon")
    return _KEYS[key](value)


def _outcome(value: str) -> Test:
    if value == "failed":
        return failed
    name = _one_of(value.lower(), (*get_args(Outcome), "failed"), "outcome")
    return lambda connection: connection.outcome == name


def _port(value: str) -> Test:
    port = _number(value, "port")
    return lambda connection: any(port in (half.port, half.peer_port) for half in _halves(connection))


def _pid(value: str) -> Test:
    pid = _number(value, "pid")
    return lambda connection: any(half.pid == pid for half in _halves(connection))


def _comm(value: str) -> Test:
    wanted = value.casefold()
    return lambda connection: any(wanted in (half.comm or "").casefold() for half in _halves(connection))


def _addr(value: str) -> Test:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError as error:
        raise _wrong(f"addr:{value}", "it is neither an IP address nor a network") from error
    return lambda connection: any(ipaddress.ip_address(one) in network for one in _addresses(connection))


def _state(value: str) -> Test:
    name = _one_of(value.upper().replace("-", "_"), [state.name for state in State], "state")
    return lambda connection: any(name in (one.source, one.target) for one in connection.transitions)


def _finding(value: str) -> Test:
    name = _one_of(value.lower(), (*SEVERITIES, *codes()), "finding")
    if name not in SEVERITIES:
        return lambda connection: any(one.code == name for one in connection.findings)
    enough = SEVERITIES[SEVERITIES.index(name) :]
    return lambda connection: any(one.severity in enough for one in connection.findings)


def _phase(value: str) -> Test:
    found = _LENGTH.fullmatch(value)
    if not found:
        raise _wrong(f"phase:{value}", "it should look like phase:accept_queue>10ms")
    name = _one_of(found[1], list(PHASES), "phase")
    if found[2] is None:
        return lambda connection: any(phase.name == name for phase in connection.phases)
    compare, length = _COMPARED[found[2]], float(found[3]) * _UNITS[found[4]]
    return lambda connection: any(
        phase.name == name and compare(phase.duration_ns, length) for phase in connection.phases
    )


def _anywhere(word: str) -> Test:
    wanted = word.casefold()
    return lambda connection: any(wanted in one.casefold() for one in _words(connection))


_KEYS: dict[str, Callable[[str], Test]] = {
    "outcome": _outcome,
    "port": _port,
    "addr": _addr,
    "comm": _comm,
    "pid": _pid,
    "state": _state,
    "finding": _finding,
    "phase": _phase,
}


def _halves(connection: Connection) -> Iterator[Half]:
    return (half for half in (connection.client, connection.server) if half is not None)


def _addresses(connection: Connection) -> Iterator[str]:
    for half in _halves(connection):
        yield from (one for one in (half.address, half.peer_address) if one is not None)


def _words(connection: Connection) -> Iterator[str]:
    yield f"#{connection.id.removeprefix('c')}"
    yield (connection.outcome or "?").replace("_", " ")
    yield connection.errno or ""
    for half in _halves(connection):
        yield endpoint(half.address, half.port)
        yield endpoint(half.peer_address, half.peer_port)
        yield f"{half.comm or '?'}[{half.pid or '?'}]"
    yield from (finding.code for finding in connection.findings)


def _number(value: str, key: str) -> int:
    if not value.isdecimal() or not value.isascii():
        raise _wrong(f"{key}:{value}", "it is no number")
    return int(value)


def _one_of(value: str, known: Sequence[str], key: str) -> str:
    if value not in known:
        raise _wrong(f"{key}:{value}", f"there is no such {key}{_nearest(value, known)}")
    return value


def _nearest(value: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(value, known, n=1)
    return f"; {close[0]}?" if close else ""


def _wrong(word: str, why: str) -> SynscopeError:
    return SynscopeError(f"cannot filter by {word}", why, "", Exit.USAGE)
