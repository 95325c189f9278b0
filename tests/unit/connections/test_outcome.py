"""Each outcome from the rows that kernel-facts.md, section 6, says that failure leaves."""

import errno

import pytest

from rows import client_row, server_row
from synscope.connections.outcome import errno_of, outcome_of
from synscope.connections.rows import HalfRow, half_row
from synscope.events.wire import Fate, HalfFlag

SENT = {"connect": 10, "syn_out": 20}
DIED = [(15, "CLOSE", "SYN_SENT"), (90, "SYN_SENT", "CLOSE")]


def client(**kw: object) -> HalfRow:
    return half_row(client_row(**kw)[0])


def server(**kw: object) -> HalfRow:
    return half_row(server_row(**kw)[0])


def failed(**kw: object) -> HalfRow:
    return client(**({"fate": Fate.FAILED, "peer_isn": None, "t": SENT, "transitions": DIED} | kw))


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (errno.ECONNREFUSED, "refused"),
        (errno.ETIMEDOUT, "timed_out"),
        (errno.ECONNRESET, "reset"),
        (errno.ENETUNREACH, "unreachable"),
        (errno.EHOSTUNREACH, "unreachable"),
        (errno.ENETDOWN, "unreachable"),
        (errno.EPERM, "denied"),
        (errno.EACCES, "denied"),
        (errno.EADDRNOTAVAIL, "no_local_port"),
        (errno.EADDRINUSE, "address_in_use"),
        (errno.EINVAL, "invalid"),
        (errno.EAFNOSUPPORT, "invalid"),
        (errno.ENOMEM, None),
    ],
)
def test_errors_of_the_call_and_of_the_socket(number: int, outcome: str | None) -> None:
    early = {"transitions": [], "t": {"connect": 10}, "isn": None}
    for row in (failed(sk_err=number), failed(error=number, **early)):
        assert outcome_of(row, None) == outcome
        assert errno_of(row, None) == errno.errorcode[number]


def test_established_on_either_side() -> None:
    assert outcome_of(client(), None) == "established"
    assert outcome_of(failed(), server()) == "established"
    assert errno_of(client(sk_err=errno.ECONNRESET), server()) is None


def test_in_progress_is_no_failure() -> None:
    going = client(fate=Fate.OPEN, t=SENT, transitions=DIED[:1], error=errno.EINPROGRESS, peer_isn=None)
    assert (outcome_of(going, None), errno_of(going, None)) == ("in_progress", None)
    request = server(fate=Fate.OPEN, t={"request": 1, "synack_out": 2}, transitions=[])
    assert outcome_of(None, request) == "in_progress"


def test_out_of_local_ports() -> None:
    row = failed(lport=0, isn=None, t={"connect": 10})
    assert (outcome_of(row, None), errno_of(row, None)) == ("no_local_port", "EADDRNOTAVAIL")


def test_aborted_by_its_owner() -> None:
    assert outcome_of(failed(), None) == "aborted"
    released = client(fate=Fate.RELEASED, error=errno.EINPROGRESS, t=SENT, transitions=DIED[:1])
    assert (outcome_of(released, None), errno_of(released, None)) == ("aborted", None)


def test_a_nonblocking_attempt_fails_by_the_sockets_error() -> None:
    row = failed(error=errno.EINPROGRESS, sk_err=errno.ECONNREFUSED)
    assert (outcome_of(row, None), errno_of(row, None)) == ("refused", "ECONNREFUSED")


def test_a_reset_request() -> None:
    row = server(fate=Fate.FAILED, flags=HalfFlag.RESET_IN, t={"request": 1}, transitions=[])
    assert outcome_of(None, row) == "reset"


def test_not_enough_evidence_is_none() -> None:
    silent = client(fate=Fate.RELEASED, t={"connect": 1}, transitions=[], isn=None, peer_isn=None)
    assert outcome_of(silent, None) is None
    bound = failed(isn=None, t={"connect": 10})
    assert outcome_of(bound, None) is None  # a port of its own, no SYN, no error: taken, or no route
    dropped = server(fate=Fate.FAILED, t={"request": 1}, transitions=[])
    assert outcome_of(None, dropped) is None
    assert outcome_of(None, None) is None
