"""`synscope check` on real traces: it passes as they are, and fails once one thing in them is altered."""

import struct

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from support.prelude import client, ends, hear, listen, say
from support.scripts import ran
from support.tracing import of_cgroup, tracing
from synscope.capture.file import write
from synscope.cli.app import synscope
from synscope.tcp.header import ACK, SYN
from synscope.tcp.states import State

pytestmark = pytest.mark.needs_kernel

SEQ, ACK_NUMBER, FLAGS, OPTIONS = 4, 8, 13, 20
WSCALE = b"\x01\x03\x03"


def one_connection() -> None:
    """One connection, accepted."""
    listener, active = listen(), client()
    active.connect(listener.getsockname())
    passive, _ = listener.accept()
    say(client=ends(active), server=ends(passive))
    hear()


@pytest.fixture
def trace(netns, cgroup):
    with tracing(of_cgroup(cgroup, "path")) as taken:
        ran(one_connection, namespace=netns, cgroup=cgroup)
    return taken.trace


def checked(trace, tmp_path):
    path = tmp_path / "t.syn"
    write(path, trace)
    return CliRunner().invoke(synscope, ["check", str(path)], prog_name="synscope")


def headers(trace, flags):
    """The events of segments with these flags, of SYN and ACK."""
    found = [at for at, event in enumerate(trace.events) if event["header_len"] >= 20]
    return [at for at in found if bytes(trace.events["header"][at])[FLAGS] & (SYN | ACK) == flags]


def rewritten(trace, flags, change):
    """The trace with the headers of these segments changed."""
    events = trace.events.copy()
    for at in headers(trace, flags):
        data = bytearray(bytes(events["header"][at]))
        change(data)
        events["header"][at] = bytes(data)
    return msgspec.structs.replace(trace, events=events)


def plus(at, amount):
    def change(data):
        (number,) = struct.unpack_from("!I", data, at)
        struct.pack_into("!I", data, at, (number + amount) % 2**32)

    return change


def without_window_scale(data):
    at = data.index(WSCALE, OPTIONS)
    data[at : at + 4] = bytes([1, 1, 1, 1])


def greater_shift(data):
    data[data.index(WSCALE, OPTIONS) + 3] = 15


def moved(trace, change):
    halves = trace.halves.copy()
    client_rows = np.flatnonzero(halves["side"] == 1)
    change(halves["transitions"], client_rows)
    return msgspec.structs.replace(trace, halves=halves)


def straight_to_established(transitions, at):
    transitions["to"][at, 0] = State.ESTABLISHED


def from_another_state(transitions, at):
    transitions["from"][at, 1] = State.SYN_RECV


def by_another_function(transitions, at):
    transitions["stack"][at, 0] = transitions["stack"][at, 1]


ALTERED = {
    "SYN-ACK acknowledges too much": lambda t: rewritten(t, SYN | ACK, plus(ACK_NUMBER, 1)),
    "SYN-ACK acknowledges too little": lambda t: rewritten(t, SYN | ACK, plus(ACK_NUMBER, -1)),
    "SYN-ACK of another ISN": lambda t: rewritten(t, SYN | ACK, plus(SEQ, 5)),
    "SYN offers no window scale": lambda t: rewritten(t, SYN, without_window_scale),
    "window scale of 15": lambda t: rewritten(t, SYN | ACK, greater_shift),
    "CLOSE to ESTABLISHED": lambda t: moved(t, straight_to_established),
    "SYN_RECV that was never entered": lambda t: moved(t, from_another_state),
    "SYN_SENT by tcp_finish_connect": lambda t: moved(t, by_another_function),
}


def test_it_passes(trace, tmp_path):
    result = checked(trace, tmp_path)
    assert result.exit_code == 0, result.stdout
    assert "all legal: 1 connections, 5 changes of state, 3 segments" in result.stdout


def test_it_fails_rightly(trace, tmp_path):
    """Each alteration alone."""
    codes = {}
    for name, alter in ALTERED.items():
        result = checked(alter(trace), tmp_path)
        assert result.exit_code == 1, name
        codes[name] = result.stdout.split(": ")[1]
        (tmp_path / "t.syn").unlink()
    assert set(codes.values()) == {"illegal-segment", "illegal-transition"}
    for name, code in codes.items():
        assert (code == "illegal-segment") == ("SYN-ACK" in name or "window" in name), name
