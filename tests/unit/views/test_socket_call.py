import pytest

from synscope.tcp.socket_call import decide
from synscope.tcp.socket_decision import Call, Caller, Kernel
from synscope.tcp.socket_report import outcome, report
from synscope.views import Style, plain
from synscope.views.socket_call import AGAIN, socket_call

CALLER = Caller(net_raw=False, groups=(1000,))
KERNEL = Kernel(protocols=("TCP", "MPTCP"), ipproto_max=263)


def drawn(call, done, who="me", width=80, **kwargs):
    return plain(
        socket_call(report(decide(call, CALLER, KERNEL), CALLER, done), who, Style(width=width, **kwargs))
    )


def test_a_walk_that_finds_the_same_is_one_line():
    text = drawn(Call(2, 1, 132), outcome(93))
    assert text.count("TCP has 6") == 1
    assert text.count(AGAIN) == 2


def test_a_difference_names_what_the_model_does_not_ask():
    text = drawn(Call(2, 1, 0), outcome(13))
    assert "✗ the model and this kernel differ" in text
    assert "security module" in text
    assert "agree" not in text


def test_what_is_not_known_is_neither():
    text = drawn(Call(1, 1, 0), outcome(0, Call(1, 1, 0)))
    assert "predicted  not known" in text
    assert "AF_UNIX is not modelled" in text
    assert "agree" not in text
    assert "differ" not in text


@pytest.mark.parametrize("width", [72, 80, 120])
@pytest.mark.parametrize("call", [Call(2, 1, 132), Call(2, 1 | 0o4000 | 0x7FFF0, 0), Call(2**31 - 1, 1, 0)])
def test_no_line_is_too_long_and_ascii_is_ascii(call, width):
    assert max(map(len, drawn(call, outcome(93), width=width).splitlines())) <= width
    assert drawn(call, outcome(93), ascii=True).isascii()


def test_foreign_text_cannot_steer_the_terminal():
    assert "\x1b" not in drawn(Call(2, 1, 0), outcome(0, Call(2, 1, 6)), who="\x1b[2J")
