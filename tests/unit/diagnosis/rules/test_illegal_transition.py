import numpy as np
import pytest

import faults
from faults import STACK, as_record, client_row, codes, finding, listener_row, server_row, trace

CODE = "illegal-transition"
CLIENT = [(15_000, "CLOSE", "SYN_SENT"), (70_000, "SYN_SENT", "ESTABLISHED")]


def client(*steps):
    return trace([listener_row(), client_row(transitions=[*steps]), server_row()])


def test_a_change_that_linux_does_not_have():
    one = finding(client((15_000, "CLOSE", "ESTABLISHED")), CODE)
    assert one.summary == "The client's socket went CLOSE > ESTABLISHED, which is illegal."
    assert one.evidence == ("client: CLOSE > ESTABLISHED at +5.0 us: Linux has no such change of state",)


def test_a_function_that_does_not_make_it():
    step = (15_000, "CLOSE", "SYN_SENT", STACK["timer"])
    one = finding(client(step, CLIENT[1]), CODE)
    assert "tcp_done does not make this change (made by tcp_v4_connect, tcp_v6_connect)" in one.evidence[0]


@pytest.mark.parametrize("stack", ["connect", None])
def test_the_function_that_makes_it_or_an_unknown_one(stack):
    step = (15_000, "CLOSE", "SYN_SENT", STACK[stack] if stack else -1)
    assert codes(client(step, CLIENT[1])) == []


def test_changes_that_do_not_join():
    one = finding(client(CLIENT[0], (70_000, "SYN_RECV", "ESTABLISHED")), CODE)
    assert one.evidence[0].endswith("it left SYN_RECV, but the socket was in SYN_SENT")


def test_a_state_of_no_kernel():
    whole = client(*CLIENT)
    whole.halves["transitions"]["to"][np.flatnonzero(whole.halves["cookie"] == 1), 1] = 13
    assert "ESTABLISHED" not in finding(whole, CODE).summary


def test_record_detail():
    assert codes(as_record(client((15_000, "CLOSE", "ESTABLISHED")))) == [CODE]


def test_look_alikes():
    """Simultaneous open has changes that others have not; a refused connection ends in tcp_done."""
    for other in (faults.both_connect, faults.connects_to_itself, faults.no_listener, faults.healthy):
        assert CODE not in codes(other())
