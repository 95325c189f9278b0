import samples
from synscope.connections.model import Call
from synscope.views import VIEWS, Style


def drawn(connection, **style) -> list[str]:
    return [line.plain for line in VIEWS["calls"].render([connection], samples.trace(), Style(**style))]


def test_every_function_of_every_tree_is_there_in_order():
    def functions(calls):
        for call in calls:
            yield call.function
            yield from functions(call.children)

    connection = samples.healthy()
    lines = iter(drawn(connection, width=120))
    order = (("client", "process"), ("client", "softirq"), ("server", "process"), ("server", "softirq"))
    for kind in order:
        for name in functions(call for call in connection.calls if (call.side, call.context) == kind):
            assert any(name in line for line in lines), name


def test_the_indent_is_two_a_level_and_a_number_below_the_deepest():
    def nested(depth):
        call = Call(function="f0")
        for level in range(1, depth):
            call = Call(function=f"f{level}", children=(call,))
        return call

    lines = drawn(samples.healthy(calls=(nested(40),)))
    assert any(line == "     └ f37" for line in lines)  # the third level
    assert any(line.endswith("┈40 f0") for line in lines)
    assert any("┈40 depth, where it is not drawn" in line for line in lines)


def test_a_path_deeper_than_pythons_own_stack_is_drawn():
    call = Call(function="innermost")
    for _ in range(5000):
        call = Call(function="f", children=(call,))
    assert any("innermost" in line for line in drawn(samples.healthy(calls=(call,))))


def test_the_legend_explains_the_signs_that_were_used_and_no_others():
    only = samples.healthy(calls=(Call(function="f", children=(Call(function="g", evidence="tail_call"),)),))
    text = "\n".join(drawn(only))
    assert "~g" in text and "~ recovered tail call" in text
    assert "*" not in text and "▸" not in text and "≈" not in text
    assert "unmarked" not in "\n".join(drawn(samples.healthy(calls=(Call(function="f"),))))


def test_what_happened_stands_at_the_right_with_its_time():
    lines = drawn(samples.healthy())
    (line,) = [line for line in lines if "sends SYN " in line]
    assert "__dev_queue_xmit ┈" in line and line.endswith("sends SYN    +21 µs")


def test_a_call_whose_return_was_seen_says_what_it_returned():
    assert any("= 0 after 92 µs" in line for line in drawn(samples.healthy()))


def test_marks_that_do_not_fit_move_to_a_line_of_their_own():
    call = Call(function="a_function_of_quite_some_length_" * 2, marks=("SYN_SENT → ESTABLISHED",))
    lines = drawn(samples.healthy(calls=(call,)))
    at = next(at for at, line in enumerate(lines) if "a_function" in line)
    assert "ESTABLISHED" not in lines[at] and lines[at + 1].endswith("SYN_SENT → ESTABLISHED")


def test_record_detail_is_told_how_to_get_a_path():
    assert any("--detail path" in line for line in drawn(samples.refused()))
