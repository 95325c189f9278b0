import faults
from faults import as_record, codes, finding

CODE = "syn-dropped-netfilter"


def test_another_hook_is_named():
    one = finding(faults.dropped("prerouting"), CODE)
    assert "in PREROUTING" in one.summary and one.confidence == 1.0


def test_without_a_stack_the_hook_is_not_known():
    one = finding(as_record(faults.dropped("output")), CODE)
    assert "a hook that is not known" in one.summary
    assert one.confidence < 1 and "no stack" in one.doubts[0]


def test_hooks_with_a_code_of_their_own():
    for hook in ("output", "input", "forward"):
        assert CODE not in codes(faults.dropped(hook))


def test_look_alikes():
    for other in (faults.rejected_with_reset, faults.port_unreachable_read, faults.no_listener):
        assert CODE not in codes(as_record(other()))
