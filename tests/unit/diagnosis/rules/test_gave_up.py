import faults
from faults import as_record, codes, finding

CODE = "gave-up"


def test_alone_it_is_what_is_known():
    whole = faults.trace([faults.given_up(300 * faults.MS)], [faults.sent(21_000)])
    assert codes(whole) == [CODE]
    one = finding(whole, CODE)
    assert one.summary == "The application closed the socket after 300 ms without an answer."
    assert one.severity == "warning"


def test_behind_a_cause():
    assert codes(faults.dropped("output"))[-1] == CODE


def test_record_detail():
    assert CODE in codes(as_record(faults.lost()))


def test_look_alikes():
    for other in (faults.timed_out, faults.user_timeout, faults.no_listener, faults.healthy):
        assert CODE not in codes(other())


def test_an_answer_that_comes_after_the_close_is_no_cause_but_evidence():
    late = faults.freed(600 * faults.MS, "NO_SOCKET", "tcp_v4_rcv", "tcp_v4_rcv", 0x12)
    whole = faults.trace([faults.given_up(300 * faults.MS)], [faults.sent(21_000), late])
    assert codes(whole) == [CODE]
    assert "an answer came at +600 ms, when nobody waited for it any longer" in finding(whole, CODE).evidence
