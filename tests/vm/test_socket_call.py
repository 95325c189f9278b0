"""The model of `socket()` against other kernels, which load modules when they are asked for a protocol."""

import pytest

from support.require import NOT_ON_THIS_KERNEL, require

pytestmark = pytest.mark.needs_kernel


@pytest.mark.parametrize("capable", ["with", "without"])
def test_the_model_is_the_kernel(results, capable):
    part = results.sockets[capable]
    assert part["differ"] == []
    assert part["calls"] == 2 * 16 * 16
    assert part["net_raw"] == (capable == "with")
    assert ("EPERM" in part["outcomes"]) == (capable == "without")


def test_a_module_registers_what_the_model_says(results):
    loading = results.sockets["loading"]
    require(loading["requests"], f"{NOT_ON_THIS_KERNEL} its modules are not at hand")
    assert loading["differ"] == []
    assert {"SCTP", "SCTPv6"} <= set(results.sockets["protocols"])
    assert "net-pf-2-proto-132" in loading["requests"]
