"""Where the state diagram's boxes, arrows and words are in a terminal: the layout of RFC 9293's figure 5.

Cells are (column, row), from 0. `tests/unit/views/test_state_layout.py` holds it against the table of
transitions: each arrow that the table has is here, and no other.
"""

from typing import Literal, NamedTuple

Cell = tuple[int, int]
WIDTH, HEIGHT = 79, 67
BOX_WIDTH, BOX_HEIGHT = 16, 4


class Arrow(NamedTuple):
    """An arrow's bends from its beginning to its head, and where its words are.

    Attributes:
        words: the first line's left end, or its right end where `align` is `right`.
        room: how many columns the words have.
        lines: how many rows they have.
    """

    bends: tuple[Cell, ...]
    words: Cell
    align: Literal["left", "right"]
    room: int
    lines: int = 4


BOXES: dict[str, tuple[Cell, ...]] = {
    "CLOSE": ((31, 1), (62, 63)),
    "LISTEN": ((31, 12),),
    "NEW_SYN_RECV": ((1, 19),),
    "SYN_RECV": ((1, 28),),
    "SYN_SENT": ((62, 28),),
    "ESTABLISHED": ((31, 36),),
    "FIN_WAIT1": ((1, 45),),
    "CLOSE_WAIT": ((62, 45),),
    "FIN_WAIT2": ((1, 54),),
    "CLOSING": ((31, 54),),
    "LAST_ACK": ((62, 54),),
    "TIME_WAIT": ((31, 63),),
}
"""The upper left corner of each state; CLOSE is there twice, as in the RFC's figure."""

ARROWS: dict[tuple[str, str], Arrow] = {
    ("CLOSE", "LISTEN"): Arrow(((35, 5), (35, 11)), (33, 5), "right", 30),
    ("LISTEN", "CLOSE"): Arrow(((42, 11), (42, 5)), (44, 5), "left", 20),
    ("CLOSE", "SYN_SENT"): Arrow(((47, 2), (73, 2), (73, 27)), (48, 0), "left", 31, 2),
    ("SYN_SENT", "CLOSE"): Arrow(((66, 27), (66, 3), (47, 3)), (64, 12), "right", 16),
    ("LISTEN", "NEW_SYN_RECV"): Arrow(((30, 13), (5, 13), (5, 18)), (7, 9), "left", 22),
    ("NEW_SYN_RECV", "LISTEN"): Arrow(((12, 18), (12, 14), (30, 14)), (14, 15), "left", 16, 3),
    ("NEW_SYN_RECV", "SYN_RECV"): Arrow(((8, 23), (8, 27)), (10, 23), "left", 24),
    ("LISTEN", "SYN_RECV"): Arrow(((38, 16), (38, 29), (17, 29)), (40, 17), "left", 24),
    ("SYN_SENT", "SYN_RECV"): Arrow(((61, 29), (17, 29)), (40, 25), "left", 21),
    ("SYN_SENT", "ESTABLISHED"): Arrow(((61, 30), (42, 30), (42, 35)), (44, 32), "left", 34),
    ("SYN_RECV", "ESTABLISHED"): Arrow(((17, 30), (35, 30), (35, 35)), (33, 32), "right", 24),
    ("SYN_RECV", "FIN_WAIT1"): Arrow(((5, 32), (5, 44)), (7, 36), "left", 22),
    ("ESTABLISHED", "FIN_WAIT1"): Arrow(((35, 40), (35, 46), (17, 46)), (33, 41), "right", 26),
    ("ESTABLISHED", "CLOSE_WAIT"): Arrow(((42, 40), (42, 46), (61, 46)), (44, 41), "left", 34),
    ("FIN_WAIT1", "CLOSING"): Arrow(((17, 47), (38, 47), (38, 53)), (40, 48), "left", 18),
    ("FIN_WAIT1", "FIN_WAIT2"): Arrow(((5, 49), (5, 53)), (7, 49), "left", 29),
    ("CLOSE_WAIT", "LAST_ACK"): Arrow(((73, 49), (73, 53)), (71, 49), "right", 13),
    ("FIN_WAIT2", "TIME_WAIT"): Arrow(((5, 58), (5, 64), (30, 64)), (7, 59), "left", 23),
    ("CLOSING", "TIME_WAIT"): Arrow(((38, 58), (38, 62)), (40, 58), "left", 16),
    ("LAST_ACK", "CLOSE"): Arrow(((73, 58), (73, 62)), (71, 58), "right", 15),
    ("TIME_WAIT", "CLOSE"): Arrow(((47, 64), (61, 64)), (48, 63), "left", 13, 1),
}
