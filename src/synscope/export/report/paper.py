"""The page around the report: its templates, its look, and the policy that lets nothing else in."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from synscope.views import state_svg
from synscope.views.ladder_svg_paper import STYLE as LADDER


@cache
def templates() -> Environment:
    """The templates, everything that they are given escaped."""
    made = Environment(
        loader=PackageLoader("synscope.export.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["code"] = code
    return made


def code(text: str) -> Markup:
    """Text in which what stands between backticks is a command."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick that closes nothing
        return escape(text)
    forms = (Markup("{}"), Markup("<code>{}</code>"))
    return Markup("").join(forms[at % 2].format(part) for at, part in enumerate(parts))


@cache
def look() -> Markup:
    """The style sheet: the page's, the ladder's and the state diagram's, this one within its figure."""
    return Markup(f"{_static('report.css')}{LADDER}.states {{{state_svg.STYLE}}}\n")  # noqa: S704 - our own


@cache
def script() -> Markup:
    """What the page does by itself."""
    return Markup(_static("report.js"))  # noqa: S704 - our own


def policy() -> str:
    """The Content-Security-Policy: this style sheet and this script, and nothing from anywhere."""
    rules = ("default-src 'none'", "base-uri 'none'", "form-action 'none'")
    return "; ".join((*rules, f"style-src {_hash(look())}", f"script-src {_hash(script())}"))


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _static(name: str) -> str:
    return files("synscope.export.report").joinpath("static", name).read_text(encoding="utf-8")
