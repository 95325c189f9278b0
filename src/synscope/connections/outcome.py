"""What became of a connection, from its halves alone: rules, first that fits.

None is an answer: it says that the evidence does not decide (in `record` detail, a connect() that failed
before any SYN leaves no error behind).
"""

from synscope.connections.half import moment
from synscope.connections.model import Outcome
from synscope.connections.rows import HalfRow
from synscope.events.wire import Fate, HalfFlag
from synscope.tcp.errnos import ERRNOS, errno_name
from synscope.tcp.states import State

_NUMBER = {name: number for number, name in ERRNOS.items()}

# What connect() returns while the attempt goes on: no failure of the connection.
PENDING = frozenset(
    _NUMBER[name] for name in ("EINPROGRESS", "EINTR", "EAGAIN", "ERESTARTSYS", "ERESTARTNOINTR")
)

_BY_NAME: dict[str, Outcome] = {
    "ECONNREFUSED": "refused",
    "ETIMEDOUT": "timed_out",
    "ECONNRESET": "reset",
    "EPERM": "denied",
    "EACCES": "denied",
    "EADDRNOTAVAIL": "no_local_port",
    "EADDRINUSE": "address_in_use",
    # "Connection was closed by RST, timeout, ICMP error or another process disconnected us":
    # __inet_stream_connect(), where the socket itself kept no error.
    "ECONNABORTED": "aborted",
    # The ICMP errors of icmp_err_convert[] (net/ipv4/icmp.c) and what routing returns.
    "ENETUNREACH": "unreachable",
    "EHOSTUNREACH": "unreachable",
    "ENETDOWN": "unreachable",
    "EHOSTDOWN": "unreachable",
    "ENONET": "unreachable",
    "ENOPROTOOPT": "unreachable",
    "ENODEV": "unreachable",
    "EINVAL": "invalid",
    "EFAULT": "invalid",
    "EBADF": "invalid",
    "ENOTSOCK": "invalid",
    "EAFNOSUPPORT": "invalid",
    "EPROTOTYPE": "invalid",
    "EOPNOTSUPP": "invalid",
    "EISCONN": "invalid",
    "EALREADY": "invalid",
    "EDESTADDRREQ": "invalid",
}
_BY_NUMBER: dict[int, Outcome] = {_NUMBER[name]: outcome for name, outcome in _BY_NAME.items()}


def outcome_of(client: HalfRow | None, server: HalfRow | None) -> Outcome | None:
    """The connection's outcome, from the rows of its halves (None for one that was not seen)."""
    if any(row is not None and established(row) for row in (client, server)):
        return "established"
    if client is not None:
        return _of_client(client) or (_reset_at(server) if server is not None else None)
    return _of_server(server) if server is not None else None


def errno_of(client: HalfRow | None, server: HalfRow | None) -> str | None:
    """The name of the error that the failing call returned; None where none failed or none is known.

    Out of local ports nothing is left in the socket, but connect() has one error for it.
    """
    row = client if client is not None else server
    if row is None or outcome_of(client, server) == "established":
        return None
    error = _error(row)
    if not error and row is client and _without_port(row):
        return "EADDRNOTAVAIL"
    return errno_name(error)


def established(row: HalfRow) -> bool:
    """Whether the half was ever ESTABLISHED."""
    return moment(row, "established") is not None or State.ESTABLISHED in _reached(row)


def _of_client(row: HalfRow) -> Outcome | None:
    error = _error(row)
    if error == _NUMBER["EADDRNOTAVAIL"] and row.lport and moment(row, "bind") is not None:
        return "address_in_use"  # bind() gave a port, and another socket has the same two ends
    if error:
        return _BY_NUMBER.get(error)
    if _without_port(row):
        return "no_local_port"
    if _aborted(row):
        return "aborted"
    return "in_progress" if row.fate == Fate.OPEN and State.CLOSE not in _reached(row) else None


def _of_server(row: HalfRow) -> Outcome | None:
    reset = _reset_at(row)
    if reset or row.sk_err:
        return reset or _BY_NUMBER.get(row.sk_err)
    return "in_progress" if row.fate == Fate.OPEN else None


def _reset_at(row: HalfRow) -> Outcome | None:
    """An RST that ended a request or a half in SYN_RECV (RFC 9293 section 3.10.7.4, first check)."""
    return "reset" if row.flags & HalfFlag.RESET_IN else None


def _error(row: HalfRow) -> int:
    """The error that ended the attempt: the call's own, else the socket's."""
    error = row.error
    in_flight = State.SYN_SENT in _reached(row)
    if error in PENDING or (in_flight and error == _NUMBER["EALREADY"]):
        error = 0
    return error or row.sk_err


def _without_port(row: HalfRow) -> bool:
    """CLOSE → SYN_SENT → CLOSE and no port: inet_hash_connect() found none free, in tcp_v4_connect()."""
    return (
        row.lport == 0
        and moment(row, "syn_out") is None
        and _reached(row)[:2] == [State.SYN_SENT, State.CLOSE]
    )


def _aborted(row: HalfRow) -> bool:
    """Closed by its owner: the SYN was out and no error came, or the call said "in progress" and no more.

    Without a SYN, CLOSE with a port may also be a bound port whose four-tuple is taken: not decided.
    """
    if row.fate == Fate.RELEASED and row.error in PENDING:
        return True
    closed = _reached(row)[-1:] == [State.CLOSE]
    return closed and State.SYN_SENT in _reached(row) and moment(row, "syn_out") is not None


def _reached(row: HalfRow) -> list[int]:
    return [step.target for step in row.transitions]
