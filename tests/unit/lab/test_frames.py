"""Calls from blocks: each way in which control can pass from one function to another."""

import pytest

from blocks import IRQ, OTHER_TASK, TASK, Cpu
from synscope.events.wire import CallFlag
from synscope.lab.execlog import register
from synscope.lab.frames import OUTSIDE, Calls, calls_of

RETURNED, TAIL, SOFTIRQ = CallFlag.RETURNED, CallFlag.TAIL, CallFlag.SOFTIRQ


@pytest.fixture
def cpu() -> Cpu:
    return Cpu()


def told(cpu: Cpu) -> list[tuple[str, str, int, int]]:
    """Of each call: its function, that of the call it was made in, flags and return value."""
    calls = calls_of(cpu.rows(), cpu.symbols())
    names = [calls.names[row["function"]] for row in calls.rows]
    around = ["" if at == OUTSIDE else names[at] for at in calls.parent]
    rows = zip(names, around, calls.rows["flags"].tolist(), calls.rows["ret"].tolist(), strict=True)
    return list(rows)


def intervals(cpu: Cpu) -> list[tuple[int, int]]:
    calls: Calls = calls_of(cpu.rows(), cpu.symbols())
    return list(zip(calls.rows["enter"].tolist(), calls.rows["exit"].tolist(), strict=True))


def test_a_call_and_its_return(cpu):
    cpu.call("outer")
    cpu.call("inner")
    cpu.ret(7)
    assert told(cpu) == [("outer", "", 0, 0), ("inner", "outer", RETURNED, 7)]
    assert intervals(cpu) == [(1, 0), (2, 3)]


def test_arguments_are_the_registers_on_entry(cpu):
    cpu.call("f")
    rows = cpu.rows()
    for value, name in enumerate(("rdi", "rsi", "rdx", "rcx", "r8", "r9"), 1):
        register(rows, name)[:] = value
    assert calls_of(rows, cpu.symbols()).rows["args"].tolist() == [[1, 2, 3, 4, 5, 6]]


def test_a_jump_to_another_function_returns_with_it(cpu):
    cpu.call("outer")
    cpu.call("first")
    cpu.jump("second")
    cpu.ret(-22 & (1 << 64) - 1)
    assert told(cpu)[1:] == [("first", "outer", RETURNED, -22), ("second", "first", RETURNED | TAIL, -22)]
    assert intervals(cpu)[1:] == [(2, 4), (3, 4)]


def test_a_loop_to_a_functions_own_start_is_no_call(cpu):
    cpu.call("f")
    cpu.jump("f")
    assert told(cpu) == [("f", "", 0, 0)]


def test_a_cold_part_is_no_call(cpu):
    cpu.call("f")
    cpu.jump("f.cold")
    cpu.inside("f.cold")
    cpu.call("g")
    assert told(cpu) == [("f", "", 0, 0), ("g", "f", 0, 0)]


def test_a_clone_that_gcc_made_is_a_function(cpu):
    cpu.call("f")
    cpu.call("f.part.0")
    assert told(cpu) == [("f", "", 0, 0), ("f.part.0", "f", 0, 0)]


def test_a_block_that_an_interrupt_left_is_one_block(cpu):
    cpu.call("outer")
    cpu.call("inner")
    cpu.on(IRQ)
    cpu.call("handle_softirqs")
    cpu.on(OTHER_TASK)
    cpu.call("other")
    cpu.on(IRQ)
    cpu.on(TASK)
    cpu.again()
    cpu.ret(1)
    assert told(cpu) == [
        ("outer", "", 0, 0),
        ("inner", "outer", RETURNED, 1),
        ("handle_softirqs", "", SOFTIRQ, 0),
        ("other", "", 0, 0),
    ]


def test_a_block_that_ended_early_does_not_count(cpu):
    cpu.call("outer")
    cpu.inside("outer")
    cpu.call("inner")
    cpu.inside("inner")
    cpu.ret(7)
    assert intervals(cpu) == [(1, 0), (2, 3)]


def test_what_softirqs_call_is_in_softirq_context(cpu):
    cpu.call("sender")
    cpu.on(IRQ)
    cpu.call("handle_softirqs")
    cpu.call("net_rx_action")
    cpu.jump("process_backlog")
    assert [(name, flags) for name, _, flags, _ in told(cpu)] == [
        ("sender", 0),
        ("handle_softirqs", SOFTIRQ),
        ("net_rx_action", SOFTIRQ),
        ("process_backlog", SOFTIRQ | TAIL),
    ]


def test_calls_by_text_that_is_not_logged_are_made_in_what_called_that(cpu):
    cpu.call("outer")
    cpu.call("-callback")
    cpu.call("f")
    cpu.ret(1)
    cpu.call("g")
    cpu.ret(2)
    cpu.ret(3)
    assert told(cpu) == [("outer", "", 0, 0), ("f", "outer", 0, 0), ("g", "outer", 0, 0)]
    assert intervals(cpu)[1:] == [(2, 3), (4, 5)]


def test_a_value_that_an_epilogue_returns_needs_no_caller(cpu):
    cpu.call("-caller")
    cpu.call("f")
    cpu.inside("f", rax=5, epilogue=True)
    cpu.ret(0)
    cpu.call("g")
    assert told(cpu) == [("f", "", RETURNED, 5), ("g", "", 0, 0)]


def test_a_function_that_jumped_out_of_the_log_is_left_when_its_unlogged_caller_calls_another(cpu):
    cpu.call("-caller")
    cpu.call("f")
    cpu.jump("-free")
    cpu.ret(0)
    cpu.call("g")
    assert told(cpu) == [("f", "", 0, 0), ("g", "", 0, 0)]


def test_a_function_that_jumped_out_of_the_log_goes_on_in_that_where_its_caller_is_logged(cpu):
    cpu.call("outer")
    cpu.call("f")
    cpu.jump("-elsewhere")
    cpu.call("g")
    cpu.ret(1)
    cpu.ret(2)
    assert told(cpu) == [("outer", "", 0, 0), ("f", "outer", RETURNED, 2), ("g", "f", 0, 0)]


@pytest.mark.parametrize("second", ["f", "g"])
def test_callbacks_of_what_was_called_through_a_register_are_two_calls(cpu, second):
    cpu.call("handle_softirqs")
    cpu.inside("handle_softirqs")
    cpu.call("-__x86_indirect_thunk_rax")  # rcu_core
    cpu.call("f")
    cpu.jump("-kmem_cache_free")
    cpu.ret()
    cpu.call(second)
    assert [(name, outer) for name, outer, *_ in told(cpu)] == [
        ("handle_softirqs", ""),
        ("f", "handle_softirqs"),
        (second, "handle_softirqs"),
    ]


def test_a_function_that_is_called_twice_and_jumps_out_of_the_log_each_time(cpu):
    cpu.call("outer")
    for value in (1, 2):
        cpu.call("f")
        cpu.jump("-free")
        cpu.ret(value)
    assert told(cpu)[1:] == [("f", "outer", RETURNED, 1), ("f", "outer", RETURNED, 2)]


def test_a_jump_through_a_thunk_is_one_to_another_function(cpu):
    cpu.call("-caller")
    cpu.call("f")
    cpu.jump("-__x86_indirect_thunk_rax")
    cpu.jump("g")
    assert told(cpu) == [("f", "", 0, 0), ("g", "f", TAIL, 0)]


def test_a_jump_to_the_return_thunk_is_a_return(cpu):
    cpu.call("-caller")
    cpu.call("f")
    cpu.jump("-__x86_return_thunk")
    cpu.ret(0)
    cpu.call("g")
    assert told(cpu) == [("f", "", 0, 0), ("g", "", 0, 0)]


def test_a_function_that_has_returned_when_the_log_ends(cpu):
    cpu.call("-caller")
    cpu.call("f")
    cpu.ret(0)
    assert intervals(cpu) == [(1, 2)]


def test_an_empty_log_has_no_calls(cpu):
    assert len(calls_of(cpu.rows(), cpu.symbols()).rows) == 0
