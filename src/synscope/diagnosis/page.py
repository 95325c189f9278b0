"""A finding's page: its rule's docstring, cut at the fixed headings."""

import inspect
from typing import NamedTuple

from synscope.diagnosis.registry import Rule

HEADINGS = (
    "What happened",
    "How synscope knows",
    "What it would look like otherwise",
    "What to do",
    "Related codes",
)


class Page(NamedTuple):
    """`title` is the docstring's first line without its full stop; `sections` are by heading, in order."""

    title: str
    sections: dict[str, str]


def page(rule: Rule) -> Page:
    """The rule's page."""
    return cut(rule.__doc__ or "", HEADINGS)


def cut(text: str, headings: tuple[str, ...]) -> Page:
    """A docstring. A heading stands alone on its line; what follows belongs to it up to the next."""
    title, _, rest = inspect.cleandoc(text).partition("\n")
    sections: dict[str, list[str]] = {}
    body: list[str] | None = None
    for line in rest.splitlines():
        if line.strip() in headings:
            body = sections.setdefault(line.strip(), [])
        elif body is not None:
            body.append(line.strip())
    texts = {heading: "\n".join(lines).strip() for heading, lines in sections.items()}
    return Page(title.rstrip("."), texts)


def related(rule: Rule) -> list[str]:
    """The codes under `Related codes`."""
    text = page(rule).sections.get("Related codes", "")
    return [code.strip(" .\n") for code in text.replace("\n", " ").split(",") if code.strip(" .\n")]
