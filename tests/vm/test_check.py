"""The tables of TCP hold for the other kernels too: what they did is legal, and made by a known function."""

import pytest

from support.tracing import assert_legal
from vm.conftest import Part, Results

pytestmark = pytest.mark.needs_kernel


def test_everything_that_was_done_is_legal(part: Part) -> None:
    assert_legal(part.trace)


def test_calls_traced_one_by_one_change_nothing(results: Results) -> None:
    for flavour in results.flavours:
        assert_legal(results.part(flavour).trace)
