import numpy as np
import pytest

from synscope.capture.migrations import LARGEST_ROW, describe, lift, understand
from synscope.events.wire import HALF, PATH_EVENT

NEW = np.dtype(
    [
        ("t", "<u8", (3,)),
        ("pid", "<u4"),
        ("port", "<u2"),
        ("steps", [("t", "<u8"), ("to", "u1")], (2,)),
        ("comm", "V4"),
    ]
)


@pytest.mark.parametrize("dtype", [HALF, PATH_EVENT, NEW])
def test_a_description_leads_back_to_its_dtype(dtype):
    assert understand(describe(dtype)) == dtype


def test_a_description_is_plain_data():
    steps = ["steps", [["t", "<u8", []], ["to", "|u1", []]], [2]]
    assert describe(NEW) == [
        ["t", "<u8", [3]],
        ["pid", "<u4", []],
        ["port", "<u2", []],
        steps,
        ["comm", "|V4", []],
    ]


def test_rows_of_ones_own_layout_are_not_copied():
    rows = np.zeros(2, HALF)
    assert lift(rows, HALF) is rows


def test_fields_are_found_by_name():
    old = np.dtype([("gone", "<f4"), ("port", "<u2"), ("pid", "<u4")])
    rows = np.array([(1.5, 80, 4711), (2.5, 443, 7)], old)
    lifted = lift(rows, NEW)
    assert lifted.dtype == NEW
    assert lifted["pid"].tolist() == [4711, 7]
    assert lifted["port"].tolist() == [80, 443]
    assert not lifted["t"].any() and not lifted["steps"]["t"].any()


@pytest.mark.parametrize(("length", "kept"), [(2, [1, 2, 0]), (3, [1, 2, 3]), (5, [1, 2, 3])])
def test_arrays_are_cut_or_filled(length, kept):
    rows = np.zeros(1, [("t", "<u8", (length,))])
    rows["t"][0] = range(1, length + 1)
    assert lift(rows, NEW)["t"][0].tolist() == kept


@pytest.mark.parametrize(("size", "kept"), [(2, b"ab\0\0"), (4, b"abcd"), (6, b"abcd")])
def test_bytes_are_cut_or_filled(size, kept):
    rows = np.array([(b"abcdef"[:size],), (b"x" * size,)], [("comm", f"V{size}")])
    lifted = lift(rows, NEW)
    assert lifted["comm"][0].tobytes() == kept
    assert lifted["comm"][1].tobytes() == b"xxxx"[:size].ljust(4, b"\0")


def test_structs_inside_are_lifted_as_well():
    old = np.dtype([("steps", [("to", "u1"), ("why", "<u2"), ("t", "<u8")], (3,))])
    rows = np.zeros(1, old)
    rows["steps"][0] = [(1, 9, 100), (2, 9, 200), (3, 9, 300)]
    assert lift(rows, NEW)["steps"][0].tolist() == [(100, 1), (200, 2)]


def test_wider_and_narrower_numbers():
    lifted = lift(np.array([(7, 80)], [("pid", "<u2"), ("port", "<u4")]), NEW)
    assert (lifted["pid"][0], lifted["port"][0]) == (7, 80)


@pytest.mark.parametrize(
    "old", [[("pid", "V4")], [("pid", [("x", "<u4")])], [("pid", "<u4", (2,))], [("comm", "<u4")]]
)
def test_a_field_of_another_sort_is_another_field(old):
    rows = np.frombuffer(b"\1" * np.dtype(old).itemsize, old)
    assert not np.frombuffer(lift(rows, NEW).tobytes(), "u1").any()


@pytest.mark.parametrize(
    "layout",
    [
        [],
        [["x", "|O", []]],
        [["x", "O", []]],
        [["x", "<M8[ns]", []]],
        [["x", "<u3", []]],
        [["x", "|V0", []]],
        [["x", "<u8", [0]]],
        [["x", "<u8", [-1]]],
        [["x", "<u8", [LARGEST_ROW]]],
        [["x", "<u8", [65536, 65536, 65536, 65536]]],
        [["x", "<u8", []], ["x", "<u8", []]],
        [["x", "<u8"]],
        [["x", 8, []]],
        ["x"],
        [["x", [["y", [["z", [["w", [["v", "u1", []]], []]], []]], []]], []]],
    ],
)
def test_descriptions_that_are_refused(layout):
    with pytest.raises(ValueError, match=r"rows of|a field|Expected|more than once|too deep|type"):
        understand(layout)
