"""Forests laid over one another; drawn as `diff` would, a mark and a level a line."""

import pytest

from samples import chain
from synscope.connections.call_comparison import compare_calls, walk
from synscope.connections.comparison import ComparedCall
from synscope.connections.model import Call
from synscope.connections.nodes import DEEPEST

MARKS = {"same": " ", "appeared": "+", "vanished": "-", "moved": ">", "left": "<", "reordered": "~"}


def tree(text: str, **more) -> tuple[Call, ...]:
    """`f(g(h) i)`: calls and what is in them."""
    stack: list[list[Call]] = [[]]
    names: list[str] = []
    for word in text.replace("(", " ( ").replace(")", " ) ").split():
        if word == "(":
            names.append(stack[-1].pop().function)
            stack.append([])
        elif word == ")":
            children = tuple(stack.pop())
            stack[-1].append(Call(function=names.pop(), children=children, **more))
        else:
            stack[-1].append(Call(function=word, **more))
    return tuple(stack[0])


def drawn(calls: tuple[ComparedCall, ...], depth: int = 0) -> list[str]:
    lines = []
    for call in calls:
        lines += [f"{MARKS[call.change]}{' ' * depth}{call.function}", *drawn(call.children, depth + 1)]
    return lines


def compared(a: str, b: str):
    return compare_calls(tree(a), tree(b), lambda _: True, timed=True)


@pytest.mark.parametrize(
    ("a", "b", "lines"),
    [
        ("f(g h)", "f(g h)", [" f", "  g", "  h"]),
        ("f(g)", "f(g h(i))", [" f", "  g", "+ h", "+  i"]),
        ("f(g(x) h)", "f(h)", [" f", "- g", "-  x", "  h"]),
        ("f(h(i j))", "f(g(h(i j)))", [" f", "+ g", "   h", "    i", "    j"]),
        ("f(g(h(i)))", "f(h(i))", [" f", "- g", "   h", "    i"]),
        ("f(x(h i j))", "f(y(h i j))", [" f", "- x", "+ y", "   h", "   i", "   j"]),
        ("f(g(h(i)) k)", "f(g k(h(i)))", [" f", "  g", "<  h", "  k", ">  h", "    i"]),
        ("f(g h i)", "f(i g h)", [" f", "~ i", "  g", "  h", "< i"]),
        ("f(g g)", "f(g g g)", [" f", "  g", "  g", "+ g"]),
        ("", "f(g)", ["+f", "+ g"]),
        ("f", "", ["-f"]),
        ("", "", []),
    ],
)
def test_siblings_are_aligned_layers_found_and_the_rest_has_moved(a, b, lines):
    assert drawn(compared(a, b).calls) == lines


def test_what_moved_is_compared_where_it_is_now():
    found = compared("f(g(h(i x)) k)", "f(g k(h(i y)))")
    assert drawn(found.calls) == [" f", "  g", "<  h", "  k", ">  h", "    i", "-   x", "+   y"]
    assert found.functions.moved == (("h", "g", "k"),)
    assert (found.functions.only_a, found.functions.only_b) == (("x",), ("y",))


def test_a_call_can_move_between_process_and_softirq():
    a = tree("f(h(i))") + tree("s", context="softirq")
    b = tree("f") + tree("s(h(i))", context="softirq")
    found = compare_calls(a, b, lambda _: True, timed=True)
    assert drawn(found.calls) == [" f", "< h", " s", "> h", "   i"]


def test_sides_are_not_mixed():
    a = tree("f(h)", side="client") + tree("g", side="server")
    b = tree("f", side="client") + tree("g(h)", side="server")
    found = compare_calls(a, b, lambda _: True, timed=True)
    assert drawn(found.calls) == [" f", "- h", " g", "+ h"]
    assert found.functions.moved == ()


def test_functions_in_short():
    found = compared("f(g g h)", "f(g h i j(i))").functions
    assert found.only_b == ("j", "i") or found.only_b == ("i", "j")
    assert found.only_a == ()
    assert found.counts == (("g", 2, 1),)


def test_other_names_of_one_function_are_told_as_renamed():
    found = compared("__sock_create(sock_init_data f.isra.0)", "__sock_create(sock_init_data_uid f)")
    assert [call.change for call in walk(found.calls)] == ["same"] * 3
    assert found.functions.renamed == (("sock_init_data", "sock_init_data_uid"), ("f.isra.0", "f"))
    assert found.calls[0].children[0].was == "sock_init_data"


def test_what_is_not_wanted_is_counted_and_its_calls_are_its_callers():
    a, b = tree("f(x(g) y)"), tree("f(g z(x))")
    found = compare_calls(a, b, lambda name: name in "fg", timed=True)
    assert drawn(found.calls) == [" f", "  g"]
    functions = found.functions
    assert (functions.others_same, functions.others_a, functions.others_b) == (1, 1, 1)


def test_durations_only_by_a_clock_and_returns_only_of_errors():
    a = (Call(function="f", enter_ns=5, exit_ns=25, ret="0x7"), Call(function="g", ret="0"))
    b = (Call(function="f", enter_ns=7, exit_ns=17, ret="0x9"), Call(function="g", ret="-EPERM"))
    f, g = compare_calls(a, b, lambda _: True, timed=True).calls
    assert (f.a_ns, f.b_ns, f.a_ret, f.b_ret) == (20, 10, None, None)
    assert (g.a_ns, g.b_ns, g.a_ret, g.b_ret) == (None, None, "0", "-EPERM")
    f, _ = compare_calls(a, b, lambda _: True, timed=False).calls
    assert (f.a_ns, f.b_ns) == (None, None)


def test_a_tree_deeper_than_python_recurses():
    deep = (chain(*(f"f{n}" for n in range(900))),)
    assert sum(1 for _ in walk(compare_calls(deep, deep, lambda _: True, timed=True).calls)) == 900 > DEEPEST


def test_two_thousand_calls_each():
    a = tree(" ".join(f"f{n % 40}(g{n % 7}(h i j(k)) l m)" for n in range(250)))
    b = tree(" ".join(f"f{n % 40}(g{n % 5}(h j(k i)) m l)" for n in range(250)))
    found = compare_calls(a, b, lambda _: True, timed=True)
    assert sum(one.change != "left" and one.change != "vanished" for one in walk(found.calls)) == 2000
