"""The scenarios: every module of `lab.scenarios`, found by being there."""

from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Literal

import msgspec

from synscope.diagnosis.page import Page, cut
from synscope.errors import Exit, SynscopeError
from synscope.lab import scenarios
from synscope.lab.stage.stage import Stage

Detail = Literal["record", "path"]

HEADINGS = ("What is built", "What happens", "What one should see", "By hand")
"""Of a scenario's docstring, in this order."""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A fault, or a healthy connection, that can be played.

    Attributes:
        name: the module's, with `-` for `_` (NAME).
        findings: the codes that its subject must have in path detail, in order, the verdict first; none
            where it is healthy (FINDINGS).
        in_record: the same in record detail (IN_RECORD, where it differs); None where record detail is not
            enough for this scenario (IN_RECORD = None).
        needs: of `needs.NEEDS` (NEEDS, where there are any).
        page: its docstring, cut at `HEADINGS`.
        play: builds, provokes and bears witness.
    """

    name: str
    findings: tuple[str, ...]
    in_record: tuple[str, ...] | None
    needs: tuple[str, ...]
    page: Page
    play: Callable[[Stage], None]

    def expected(self, detail: Detail) -> tuple[str, ...] | None:
        """The codes that it must have in this detail; None where it does not hold there."""
        return self.in_record if detail == "record" else self.findings


@cache
def names() -> tuple[str, ...]:
    """Every scenario's name."""
    return tuple(sorted(module.name.replace("_", "-") for module in iter_modules(scenarios.__path__)))


def all_scenarios() -> tuple[Scenario, ...]:
    """Every scenario, by name."""
    return tuple(scenario(name) for name in names())


def scenario(name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        SynscopeError: USAGE, there is none.
    """
    if name not in names():
        close = get_close_matches(name, names(), n=1)
        remedy = f"synscope scenario run {close[0]}" if close else "synscope scenario list"
        raise SynscopeError(f"no scenario {name!r}", "there is none of that name", remedy, Exit.USAGE)
    return _of(import_module(f"{scenarios.__name__}.{name.replace('-', '_')}"))


def _of(module: ModuleType) -> Scenario:
    return Scenario(
        name=module.NAME,
        findings=module.FINDINGS,
        in_record=getattr(module, "IN_RECORD", module.FINDINGS),
        needs=getattr(module, "NEEDS", ()),
        page=cut(module.__doc__ or "", HEADINGS),
        play=module.play,
    )
