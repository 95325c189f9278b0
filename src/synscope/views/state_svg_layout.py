"""Where the state diagram's boxes, arrows and words are in an SVG, in pixels: as RFC 9293's figure 5."""

from typing import Literal, NamedTuple

Point = tuple[int, int]
WIDTH, BOTTOM = 1110, 1200
BOX = (168, 54)


class Arrow(NamedTuple):
    """An arrow's bends, and where its words are.

    Attributes:
        words: the baseline of the first line, or of the last one where `grow` is `up`.
    """

    bends: tuple[Point, ...]
    words: Point
    anchor: Literal["start", "end"] = "start"
    grow: Literal["down", "up"] = "down"


class Frame(NamedTuple):
    """A dashed frame around states that belong together, with its caption."""

    corner: Point
    size: Point
    caption: str
    at: Point
    anchor: Literal["start", "end"] = "start"


BOXES: dict[str, tuple[Point, ...]] = {
    "CLOSE": ((540, 130), (920, 1130)),
    "LISTEN": ((540, 300),),
    "NEW_SYN_RECV": ((160, 400),),
    "SYN_RECV": ((160, 550),),
    "SYN_SENT": ((920, 550),),
    "ESTABLISHED": ((540, 700),),
    "FIN_WAIT1": ((160, 840),),
    "CLOSE_WAIT": ((920, 840),),
    "FIN_WAIT2": ((160, 985),),
    "CLOSING": ((540, 985),),
    "LAST_ACK": ((920, 985),),
    "TIME_WAIT": ((540, 1130),),
}
"""The centre of each state; CLOSE is there twice."""

ARROWS: dict[tuple[str, str], Arrow] = {
    ("CLOSE", "LISTEN"): Arrow(((500, 157), (500, 273)), (488, 184), "end"),
    ("LISTEN", "CLOSE"): Arrow(((580, 273), (580, 157)), (592, 184)),
    ("CLOSE", "SYN_SENT"): Arrow(((624, 120), (960, 120), (960, 523)), (972, 300)),
    ("SYN_SENT", "CLOSE"): Arrow(((880, 523), (880, 142), (624, 142)), (868, 300), "end"),
    ("LISTEN", "NEW_SYN_RECV"): Arrow(((456, 290), (120, 290), (120, 373)), (132, 278), "start", "up"),
    ("NEW_SYN_RECV", "LISTEN"): Arrow(((200, 373), (200, 312), (456, 312)), (264, 330)),
    ("NEW_SYN_RECV", "SYN_RECV"): Arrow(((160, 427), (160, 523)), (172, 452)),
    ("LISTEN", "SYN_RECV"): Arrow(((540, 327), (540, 540), (244, 540)), (552, 372)),
    ("SYN_SENT", "SYN_RECV"): Arrow(((836, 540), (244, 540)), (592, 528), "start", "up"),
    ("SYN_SENT", "ESTABLISHED"): Arrow(((836, 562), (580, 562), (580, 673)), (592, 588)),
    ("SYN_RECV", "ESTABLISHED"): Arrow(((244, 562), (500, 562), (500, 673)), (488, 588), "end"),
    ("SYN_RECV", "FIN_WAIT1"): Arrow(((120, 577), (120, 813)), (132, 690)),
    ("ESTABLISHED", "FIN_WAIT1"): Arrow(((500, 727), (500, 830), (244, 830)), (488, 746), "end"),
    ("ESTABLISHED", "CLOSE_WAIT"): Arrow(((580, 727), (580, 830), (836, 830)), (592, 746)),
    ("FIN_WAIT1", "CLOSING"): Arrow(((244, 852), (540, 852), (540, 958)), (552, 884)),
    ("FIN_WAIT1", "FIN_WAIT2"): Arrow(((120, 867), (120, 958)), (132, 892)),
    ("CLOSE_WAIT", "LAST_ACK"): Arrow(((960, 867), (960, 958)), (948, 892), "end"),
    ("FIN_WAIT2", "TIME_WAIT"): Arrow(((120, 1012), (120, 1130), (456, 1130)), (132, 1037)),
    ("CLOSING", "TIME_WAIT"): Arrow(((540, 1012), (540, 1103)), (552, 1037)),
    ("LAST_ACK", "CLOSE"): Arrow(((960, 1012), (960, 1103)), (948, 1048), "end"),
    ("TIME_WAIT", "CLOSE"): Arrow(((624, 1130), (836, 1130)), (678, 1118), "start", "up"),
}

FRAMES = (
    Frame((60, 360), (270, 234), "", (0, 0)),
    Frame((60, 804), (606, 368), "active close", (74, 1160)),
    Frame((812, 804), (218, 222), "passive close", (1030, 796), "end"),
)
"""As in Stevens' figure (TCP/IP Illustrated, volume 1, chapter 18); and the state that is two in Linux."""
