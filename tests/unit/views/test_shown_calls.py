from synscope.connections.model import Call
from synscope.views.shown_calls import MANY, forest


def probed(function: str, *children: Call, **more) -> Call:
    return Call(function=function, evidence="probe", children=children, **{"args": {}, **more})


def outline(trees, depth=0):
    for shown in trees:
        yield f"{'  ' * depth}{shown.call.function}" + (f" x{shown.times}" if shown.times > 1 else "")
        yield from outline(shown.children, depth + 1)


def test_a_run_of_equal_calls_is_one():
    pair = (probed("a", probed("b")), probed("a", probed("b")))
    assert list(outline(forest([*pair, probed("c"), *pair]).trees)) == ["a x2", "  b", "c", "a x2", "  b"]


def test_what_differs_in_what_is_drawn_is_not_equal():
    def runs(*calls):
        return [shown.times for shown in forest(calls).trees]

    assert runs(probed("a", ret="0"), probed("a", ret="1")) == [1, 1]
    assert runs(probed("a", args={"n": "1"}), probed("a", args={"n": "2"})) == [1, 1]
    assert runs(probed("a"), probed("a", marks=("sends SYN",))) == [1, 1]
    assert runs(probed("a", probed("b")), probed("a", probed("b"), probed("b"))) == [1, 1]
    assert runs(probed("a", ret="0xffff1"), probed("a", ret="0xffff2")) == [2]
    assert runs(probed("__tcp_transmit_skb", args={"gfp_mask": "1"}), probed("__tcp_transmit_skb")) == [2]
    assert runs(probed("a", seen_ns=1), probed("a", seen_ns=2)) == [2]


def test_runs_inside_of_runs():
    inner = [probed("a", probed("b"), probed("b")) for _ in range(3)]
    assert list(outline(forest(inner).trees)) == ["a x3", "  b x2"]


def test_a_run_took_as_long_as_its_calls_together():
    (shown,) = forest([probed("a", enter_ns=0, exit_ns=3), probed("a", enter_ns=5, exit_ns=6)]).trees
    assert shown.took_ns == 4
    (unknown,) = forest([probed("a", enter_ns=0, exit_ns=3), probed("a", enter_ns=5)]).trees
    assert unknown.took_ns is None


def test_few_calls_are_all_drawn_and_stacks_always():
    few = [probed(f"f{at}") for at in range(MANY)]
    assert forest(few).hidden == 0 and len(forest(few).trees) == MANY
    stacks = [Call(function=f"f{at}") for at in range(2 * MANY)]
    assert forest(stacks).hidden == 0


def test_of_many_those_stay_that_tell_something_with_their_callers():
    many = [probed(f"f{at}") for at in range(MANY)]
    kept = [
        probed("a", probed("tcp_connect.isra.0")),
        probed("b", probed("c", marks=("sends SYN",))),
        Call(function="inlined_one", evidence="effect"),
        probed("tcp_ack", probed("of_no_interest")),
    ]
    trees, hidden = forest([*many, *kept])
    assert list(outline(trees)) == ["a", "  tcp_connect.isra.0", "b", "  c", "inlined_one", "tcp_ack"]
    assert hidden == MANY + 1
    assert len(forest([*many, *kept], every=True).trees) == MANY + 4
