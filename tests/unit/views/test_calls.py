import pytest
from rich.cells import cell_len

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


def traced(*calls: Call, **style) -> list[str]:
    return drawn(samples.healthy(calls=calls), **style)


def probed(function: str, *children: Call, **more) -> Call:
    return Call(function=function, evidence="probe", children=children, **{"args": {}, **more})


@pytest.mark.parametrize("width", [72, 80, 97, 120])
@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("only_ascii", [False, True])
def test_no_line_is_longer_than_the_width(width, explain, only_ascii):
    call = samples.traced().calls[0]
    for level in range(40):
        call = probed(f"f{level}" * 9, call, args={"a": "x" * 99, "b": "y"}, ret="-ECONNREFUSED")
    lines = traced(call, width=width, explain=explain, ascii=only_ascii)
    assert max(cell_len(line) for line in lines) <= width
    assert not only_ascii or "".join(lines).isascii()


def test_arguments_and_result_stand_behind_the_function():
    lines = traced(probed("tcp_set_state", args={"state": "SYN_SENT"}), probed("tcp_v4_rcv", ret="0"))
    assert any(line.endswith("├ tcp_set_state(state=SYN_SENT)") for line in lines)
    assert any(line.endswith("└ tcp_v4_rcv = 0") for line in lines)


def test_of_a_catalogued_function_only_what_the_catalogue_names_is_drawn():
    given = {"clone_it": "1", "gfp_mask": "0xcc0"}
    lines = traced(probed("__tcp_transmit_skb", args=given), probed("f", args=given))
    assert any(line.endswith("__tcp_transmit_skb(clone_it=1)") for line in lines)
    assert any(line.endswith("f(clone_it=1, gfp_mask=0xcc0)") for line in lines)


def test_addresses_of_the_kernel_are_not_drawn():
    assert any(line.endswith("└ sk_alloc") for line in traced(probed("sk_alloc", ret="0xffff888004f0a180")))
    assert any(
        line.endswith("└ tcp_check_req = NULL") for line in traced(probed("tcp_check_req", ret="NULL"))
    )


def test_columns_are_named_where_calls_were_timed_and_only_there():
    timed = traced(probed("f", enter_ns=1000, exit_ns=3000, seen_ns=1000))
    assert any(line.split()[-2:] == ["took", "at"] for line in timed)
    assert any("f" in line and "2.0 µs" in line for line in timed)
    assert not any("took" in line for line in traced(probed("f")))
    assert not any("took" in line for line in drawn(samples.healthy()))


def test_traced_calls_are_not_marked_as_such_where_all_are():
    lines = traced(probed("f", Call(function="g", evidence="tail_call", args={})))
    assert any("└ f" in line for line in lines) and any("~g" in line for line in lines)
    assert "unmarked: entry and exit seen" in "\n".join(lines) and "▸" not in "\n".join(lines)


def test_each_function_is_explained_once_below_its_first_call():
    lines = traced(
        probed("tcp_connect", probed("sk_reset_timer"), probed("f")), probed("tcp_connect"), explain=True
    )
    text = " ".join(" ".join(lines).replace("│", " ").split())
    assert text.count("Builds the SYN, queues it for retransmission") == 1
    at = next(at for at, line in enumerate(lines) if line.endswith("tcp_connect"))
    assert lines[at + 1].startswith(" │ │ Builds the SYN")
    assert "net/ipv4/tcp_output.c" in text and "net/core/sock.c" in text
    assert "Builds" not in "".join(traced(probed("tcp_connect")))


def test_paths_of_stacks_are_explained_too():
    assert any("Active open over IPv4" in line for line in drawn(samples.healthy(), explain=True))


def test_of_very_many_calls_only_some_are_drawn_and_the_others_are_counted():
    others = [probed(f"helper_{at}") for at in range(300)]
    root = probed("__sys_connect", *others, probed("unknown", probed("tcp_v4_connect")))
    lines = traced(root)
    assert any("tcp_v4_connect" in line for line in lines) and any("unknown" in line for line in lines)
    assert not any("helper" in line for line in lines)
    assert " 300 more calls, of functions less telling: --all-functions" in lines
    whole = traced(root, all_functions=True)
    assert sum("helper" in line for line in whole) == 300 and not any("more calls" in line for line in whole)
