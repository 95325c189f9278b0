"""The rules: every module of `diagnosis.rules`, found by being there."""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from synscope.diagnosis import rules
from synscope.diagnosis.case import Case
from synscope.diagnosis.failed_calls import FailedCall
from synscope.diagnosis.verdict import Role, Severity, Verdict


class Rule(Protocol):
    """What a rule's module holds, beside a docstring with `page.HEADINGS`.

    Attributes:
        CODE: the module's name with `-` for `_`; never changed once released.
        ROLE: `cause`: proven by what was seen. `otherwise`: by elimination, asked only where no cause was
            found. `besides`: what else is worth knowing: how it ended, a hint, why it was slow.
        CONN_STATE: Zeek's conn_state of such a connection; None where Zeek would see nothing.
        ERROR_TYPE: OpenTelemetry's `error.type`; None where nothing failed.
    """

    @property
    def CODE(self) -> str: ...  # noqa: N802 - constants of the module
    @property
    def SEVERITY(self) -> Severity: ...  # noqa: N802
    @property
    def ROLE(self) -> Role: ...  # noqa: N802
    @property
    def CONN_STATE(self) -> str | None: ...  # noqa: N802
    @property
    def ERROR_TYPE(self) -> str | None: ...  # noqa: N802

    def find(self, case: Case) -> Verdict | None:
        """The rule's verdict on a connection; None where it does not hold."""


class CallRule(Protocol):
    """A rule that also judges calls that failed before there was any connection."""

    def of_call(self, call: FailedCall) -> Verdict | None:
        """The verdict on a call; None where it does not hold."""


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code."""
    names = sorted(module.name for module in iter_modules(rules.__path__))
    return tuple(cast(Rule, import_module(f"{rules.__name__}.{name}")) for name in names)


@cache
def by_role(role: Role) -> tuple[Rule, ...]:
    """The rules of a role."""
    return tuple(rule for rule in all_rules() if role == rule.ROLE)


def call_rules() -> Iterable[tuple[Rule, CallRule]]:
    """The rules that judge calls, each as both."""
    return ((rule, cast(CallRule, rule)) for rule in all_rules() if hasattr(rule, "of_call"))


def codes() -> tuple[str, ...]:
    """Every code."""
    return tuple(rule.CODE for rule in all_rules())
