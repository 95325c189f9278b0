"""Skips, and which of them CI does not accept."""

import os
from collections.abc import Mapping

import pytest

NOT_ON_THIS_KERNEL = "not on this kernel:"
"""A reason that starts so is accepted everywhere: another kernel runs the test."""


def require(condition: object, reason: str) -> None:
    """Skip unless `condition`. In CI a skip of a `needs_kernel` test fails the run."""
    if not condition:
        pytest.skip(reason)


def strict(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this machine is one that must run everything."""
    return environ.get("SYNSCOPE_CI") == "1" or environ.get("CI") == "true"


def is_refused(reason: str) -> bool:
    """Whether CI counts this reason for a skip as a failure."""
    return not reason.removeprefix("Skipped: ").startswith(NOT_ON_THIS_KERNEL)
