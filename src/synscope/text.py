"""Words and numbers as people read them, and the one edge where foreign text is made harmless.

Names of processes, functions and hooks come from other programs and from files that someone else
may have written. Whatever of them is shown passes through `clean` first.
"""

import msgspec
from rich.cells import cell_len, set_cell_size


class Glyphs(msgspec.Struct, frozen=True, kw_only=True):
    """The signs that a terminal may lack, chosen by the caller: `UNICODE` or `ASCII`."""

    arrow: str
    left: str
    right: str
    line: str
    dots: str
    divider: str
    rule: str
    check: str
    cross: str
    unequal: str
    minus: str
    micro: str
    ellipsis: str
    dot: str
    bar: str
    branch: str
    last: str
    trunk: str
    leader: str
    probe: str
    effect: str
    times: str


UNICODE = Glyphs(
    arrow="→",
    left="◄",
    right="►",
    line="─",
    dots="┈",
    divider="┊",
    rule="─",
    check="✓",
    cross="✗",
    unequal="≠",
    minus="−",
    micro="µ",
    ellipsis="…",
    dot="·",
    bar="█",
    branch="├ ",
    last="└ ",
    trunk="│ ",
    leader="┈",
    probe="▸",
    effect="≈",
    times="×",
)

ASCII = Glyphs(
    arrow="->",
    left="<",
    right=">",
    line="-",
    dots=".",
    divider=":",
    rule="-",
    check="ok",
    cross="X",
    unequal="is not",
    minus="-",
    micro="u",
    ellipsis="..",
    dot=",",
    bar="#",
    branch="|-",
    last="`-",
    trunk="| ",
    leader=".",
    probe=">",
    effect="=",
    times="x",
)


def clean(text: str, *, ascii_only: bool = False) -> str:
    r"""`text` with everything that could steer a terminal shown as an escape (`\x1b`, `\u202e`).

    Control characters (C0, C1), newlines, bidi overrides, zero-width marks, lone surrogates and
    unassigned code points are escaped, and with `ascii_only` every character beyond ASCII.
    """
    if text.isprintable() and (text.isascii() or not ascii_only):
        return text
    return "".join(_shown(character, ascii_only) for character in text)


def _shown(character: str, ascii_only: bool) -> str:
    if character.isprintable() and (character.isascii() or not ascii_only):
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def fit(text: str, width: int, glyphs: Glyphs = UNICODE) -> str:
    """`text` cut to `width` terminal cells, an ellipsis saying that something was cut."""
    if cell_len(text) <= width:
        return text
    room = width - len(glyphs.ellipsis)
    return set_cell_size(text, room).rstrip() + glyphs.ellipsis if room > 0 else glyphs.ellipsis[:width]


_SECOND = 1_000_000_000
_STEPS = (  # below this many ns: shown in this unit, with so many decimals
    (1_000, 1, 0, "ns"),
    (10_000, 1_000, 1, "us"),
    (1_000_000, 1_000, 0, "us"),
    (10_000_000, 1_000_000, 2, "ms"),
    (100_000_000, 1_000_000, 1, "ms"),
    (_SECOND, 1_000_000, 0, "ms"),
    (10 * _SECOND, _SECOND, 3, "s"),
    (100 * _SECOND, _SECOND, 2, "s"),
    (1_000 * _SECOND, _SECOND, 1, "s"),
    (6_000 * _SECOND, 60 * _SECOND, 1, "min"),
    (360_000 * _SECOND, 3_600 * _SECOND, 1, "h"),
)
_DAY = 86_400 * _SECOND


def duration(ns: int, glyphs: Glyphs = UNICODE) -> str:
    """A length of time, to about three digits: `640 ns`, `7.2 µs`, `96 µs`, `1.21 ms`, `1.003 s`."""
    sign = glyphs.minus if ns < 0 else ""
    return sign + _magnitude(abs(ns), glyphs)


def relative(ns: int, glyphs: Glyphs = UNICODE) -> str:
    """A moment relative to another, signed: `0`, `+14 µs`, `−212 µs`."""
    if ns == 0:
        return "0"
    return ("+" if ns > 0 else glyphs.minus) + _magnitude(abs(ns), glyphs)


def _magnitude(ns: int, glyphs: Glyphs) -> str:
    for limit, unit, decimals, name in _STEPS:
        # rounded first: 999.6 µs is 1.00 ms, not 1000 µs
        if round(ns / unit, decimals) * unit < limit:
            unit_name = glyphs.micro + "s" if name == "us" else name
            return f"{ns / unit:.{decimals}f} {unit_name}"
    return f"{ns / _DAY:.1f} d"


def size(count: int) -> str:
    """A number of bytes, in powers of 1024: `812 B`, `12.3 KiB`, `4.0 MiB`."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if round(value, 1) < 1024:
            return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def endpoint(address: str | None, port: int | None) -> str:
    """`127.0.0.1:8080`, `[2001:db8::1]:8080`; `?` stands for what is not known."""
    if address is None:
        return "?" if port is None else f"?:{port}"
    host = f"[{address}]" if ":" in address else address
    return f"{host}:{'?' if port is None else port}"
