""" "Did you mean": of the names that there are, the one most like what was written."""

import difflib
from collections.abc import Iterable

import click


def nearest(written: str, names: Iterable[str]) -> str | None:
    """None where none is like it."""
    return next(iter(difflib.get_close_matches(written, list(names), n=1)), None)


def did_you_mean(written: str, names: Iterable[str]) -> str:
    """` Did you mean 'story'?`, or nothing."""
    close = nearest(written, names)
    return f" Did you mean {close!r}?" if close else ""


class Choice(click.Choice[str]):
    """One of some words; a wrong one is told which it is like."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:
        return super().get_invalid_choice_message(value, ctx) + did_you_mean(str(value), self.choices)
