import faults
from synscope.lab.stage.verdict import verdict


def test_a_healthy_trace_has_none():
    assert verdict(faults.healthy(), None) == ()


def test_the_codes_of_the_most_severe_come_in_order():
    assert verdict(faults.dropped("input"), None) == ("syn-dropped-input", "gave-up")


def test_the_subject_is_named_by_its_client():
    trace = faults.dropped("input")
    assert verdict(trace, ("127.0.0.1", 50164))[0] == "syn-dropped-input"
    assert verdict(trace, ("127.0.0.1", 1)) == ()
