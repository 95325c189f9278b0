"""SVG as text: elements, escaped."""

from collections.abc import Iterable
from functools import cache
from html import escape


def number(value: float) -> str:
    """To a tenth of a pixel: `12`, `12.5`."""
    return f"{value:.1f}".removesuffix(".0")


def element(name: str, *content: str, **attributes: str | float | None) -> str:
    """An element. `content` is SVG; attributes are escaped, those that are None are left out.

    `class_` is `class`, and `_` within a name is `-`.
    """
    told = [
        f' {_attribute(key)}="{escape(value) if isinstance(value, str) else number(value)}"'
        for key, value in attributes.items()
        if value is not None
    ]
    if content:
        return f"<{name}{''.join(told)}>{''.join(content)}</{name}>"
    return f"<{name}{''.join(told)}/>"


@cache
def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def words(x: float, y: float, said: str, classes: str, anchor: str | None = None) -> str:
    """Text at its baseline; `anchor` is `middle` or `end`."""
    return element("text", escape(said, quote=False), x=x, y=y, class_=classes, text_anchor=anchor)


def tip(said: str) -> str:
    """What a pointer that rests on the element is told."""
    return element("title", escape(said, quote=False))


def path(points: Iterable[tuple[float, float]], classes: str) -> str:
    """Straight lines from point to point."""
    return element("path", d="M" + " ".join(f"{number(x)} {number(y)}" for x, y in points), class_=classes)
