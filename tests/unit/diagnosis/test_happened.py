import faults
from faults import MS, T0
from rows import CLIENT_ISN
from synscope.diagnosis.happened import Happened


def test_calls_are_found_by_their_socket():
    events = [*faults.called("connect", 0, 9_000, -111), *faults.called("connect", MS, 2 * MS, 0, cookie=7)]
    happened = Happened(faults.trace([], events))
    assert [(one.t - T0, one.code) for one in happened.calls(7)] == [(MS, 0), (2 * MS, 0)]
    assert happened.calls(None) == [] and happened.calls(8) == []


def test_a_syn_of_no_half_is_found_by_its_number():
    known, stray = faults.sent(21_000), faults.received(30_000, cookie=0, dport=9090)
    answer = faults.received(31_000, 0x12, cookie=0)
    happened = Happened(faults.trace([], [known, stray, answer]))
    (one,) = happened.strays(CLIENT_ISN, T0, T0 + MS)
    assert one.t == T0 + 30_000
    assert happened.strays(CLIENT_ISN, T0, T0 + 29_000) == []
    assert happened.strays(CLIENT_ISN + 1, T0, T0 + MS) == []


def test_a_trace_without_events():
    happened = Happened(faults.as_record(faults.healthy()))
    assert happened.segments(1) == [] and list(happened.all_calls()) == []
