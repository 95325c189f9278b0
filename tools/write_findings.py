"""Writes docs/reference/findings.md from the rules' docstrings. Run it after a change of any of them."""

from collections.abc import Iterator
from pathlib import Path

from synscope.diagnosis.page import page, related
from synscope.diagnosis.registry import Rule, all_rules

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/reference/findings.md"

HEAD = """\
# Findings

Written by `tools/write_findings.py` from the docstrings in `src/synscope/diagnosis/rules/`: change those.
`synscope explain CODE` prints the same.

A finding says what became of a connection, and why. It is shown below the connection, and it is in
[`findings` of the JSON](connection-json.md#finding). Proven causes come first, then those that are left when
nothing was proven, then what else is worth knowing. A healthy connection has none.

- **severity**: `error`: the connection failed for it; `warning`: it was set up all the same, or only late;
  `info`. The table has that of a failed connection; where it was set up, the same cause is a warning.
- **confidence**: 1 where the kernel itself said it. Each doubt leaves 0.7 of it (the finding names its
  doubts), records that the tracer lost leave 0.8.
- **Zeek**: the `conn_state` that Zeek's conn.log has for such a connection; none where nothing reaches the
  wire.
- **error.type**: OpenTelemetry's attribute, as its span "socket connect" has it; `_OTHER` where none fits.

`synscope run`, `show` and `watch` exit with [status 5](exit-codes.md) where `--fail-on` names the code or the
severity.

"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(text())


def text() -> str:
    """The whole page."""
    return HEAD + "\n".join([*table(), "", *(line for rule in all_rules() for line in section(rule))]) + "\n"


def table() -> Iterator[str]:
    """A row a code."""
    yield "| code | what it says | severity | Zeek | error.type |"
    yield "|---|---|---|---|---|"
    for rule in all_rules():
        zeek, error = (f"`{value}`" if value else "" for value in (rule.CONN_STATE, rule.ERROR_TYPE))
        code = f"[`{rule.CODE}`](#{rule.CODE})"
        yield f"| {code} | {page(rule).title} | {rule.SEVERITY} | {zeek} | {error} |"


def section(rule: Rule) -> Iterator[str]:
    """A code's own section."""
    title, sections = page(rule)
    yield from (f"## {rule.CODE}", "", f"{title}.", "")
    for heading, body in sections.items():
        linked = ", ".join(f"[{code}](#{code})" for code in related(rule))
        yield f"**{heading}.** " + (linked if heading == "Related codes" else " ".join(body.split("\n")))
        yield ""


if __name__ == "__main__":
    main()
