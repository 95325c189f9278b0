"""The list and the stories as data within the page, which its script unpacks when they are asked for."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from itertools import chain
from zlib import DEFLATED, compressobj

import msgspec
from markupsafe import Markup

from synscope.export.report.rows import Row
from synscope.views.style import Style

PER_PACK = 50
"""Stories that are packed together."""
CUT = "\1"
"""Where a story may be cut into parts, alike in all stories."""

_LEVEL, _RAW = 6, -15


def listed(rows: Sequence[Row], style: Style) -> Markup:
    """The rows as JSON that a `script` element may hold: repeated words once, times as number and text."""
    known: dict[str, int] = {}

    def word(text: str) -> int:
        return known.setdefault(text, len(known))

    lines = [
        (
            row.id,
            row.client,
            word(row.server),
            word(row.owner),
            word(row.outcome),
            int(row.failed),
            row.setup_ns,
            "" if row.setup_ns is None else style.duration(row.setup_ns),
            row.queue_ns,
            "" if row.queue_ns is None else style.duration(row.queue_ns),
            row.again,
            word(" ".join(code for code, _, _ in row.findings)),
        )
        for row in rows
    ]
    data = msgspec.json.encode({"perPack": PER_PACK, "words": list(known), "rows": lines}).decode()
    return Markup(data.replace("<", "\\u003c"))  # noqa: S704 - no tag can begin in it


def pack(stories: Iterable[str]) -> Markup:
    """Stories, deflated (RFC 1951) and in base64, a NUL between: `clean` has left none within.

    First the first part of each story, then the second of each: deflate looks back 32 KiB, and what is
    alike in two stories is then nearer than that.
    """
    parts = zip(*(story.split(CUT) for story in stories), strict=True)
    packer = compressobj(_LEVEL, DEFLATED, _RAW)
    data = packer.compress("\0".join(chain.from_iterable(parts)).encode()) + packer.flush()
    return Markup(b64encode(data).decode())  # noqa: S704 - letters, digits, +, / and =
