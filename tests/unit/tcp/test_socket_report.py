from synscope.tcp.socket_call import decide
from synscope.tcp.socket_decision import Call, Caller, Kernel
from synscope.tcp.socket_report import outcome, report

CALLER = Caller(net_raw=True, groups=(0,))
KERNEL = Kernel(protocols=("TCP",), ipproto_max=263)


def test_both_must_agree_in_the_errno_and_in_the_socket():
    decision = decide(Call(2, 1, 0), CALLER, KERNEL)
    assert report(decision, CALLER, outcome(0, Call(2, 1, 6))).agree is True
    assert report(decision, CALLER, outcome(0, Call(2, 1, 262))).agree is False
    assert report(decision, CALLER, outcome(13)).agree is False


def test_nothing_predicted_is_no_difference():
    found = report(decide(Call(1, 1, 0), CALLER, KERNEL), CALLER, outcome(97))
    assert (found.predicted, found.agree, found.done.error) == (None, None, "EAFNOSUPPORT")
