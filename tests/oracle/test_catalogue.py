"""The catalogue against the type information of 6.1, 6.12 and the running kernel: their own words."""

import platform

import pytest

from support import guest
from support.require import require
from support.vmlinuz import btf_of
from synscope.kernel.btf import VMLINUX, Btf
from synscope.kernel.prototypes import Function, Parameter, prototypes
from synscope.tcp import catalogue

ENTRIES = {entry.name: entry for entry in catalogue.functions().values()}
SERIES = ("6.1", "6.12")
BEFORE_6_1_192 = {"secure_tcp_seq", "secure_tcpv6_seq", "tcp_v4_init_seq", "tcp_v6_init_seq"}
"""Names that these kernels no longer have: stable releases took the new ones over."""

Kernels = dict[str, dict[str, Function]]


@pytest.fixture(scope="module")
def kernels() -> Kernels:
    """By kernel, the prototypes of those of the catalogue's names that it has."""
    require(platform.machine() == "x86_64", "the kernels to compare with are for x86-64")
    found = {"running": Btf.kernel()} if VMLINUX.exists() else {}
    for series in SERIES:
        try:
            found[series] = btf_of(guest.kernel(series))
        except guest.GuestError as error:
            require(False, f"no kernel {series}: {error}")
    names = list(catalogue.functions())
    return {
        kernel: {made.name: made for made in prototypes(btf, names) if made.parameters is not None}
        for kernel, btf in found.items()
    }


def having(name: str, kernels: Kernels) -> list[str]:
    return [kernel for kernel, functions in kernels.items() if name in functions]


def parameters(name: str, kernels: Kernels) -> dict[str, Parameter]:
    """Those in registers, of any kernel that has the function."""
    found = (kernels[kernel][name].parameters or [] for kernel in having(name, kernels))
    return {parameter.name: parameter for every in found for parameter in every}


def test_each_function_is_in_one_of_the_kernels_or_said_to_be_inlined(kernels):
    wrong = [entry.name for entry in ENTRIES.values() if bool(having(entry.name, kernels)) == entry.inlined]
    assert not wrong


def test_arguments_are_named_as_in_the_prototype_and_no_pointers(kernels):
    for entry in ENTRIES.values():
        known = parameters(entry.name, kernels)
        assert set(entry.arguments) <= set(known), entry.name
        assert not [name for name in entry.arguments if "*" in known[name].type], entry.name


def test_other_names_are_those_of_another_kernel_or_of_another_architecture(kernels):
    names = {name for entry in ENTRIES.values() for name in entry.also if "_sys_" not in name}
    assert {name for name in names if not having(name, kernels)} == BEFORE_6_1_192


def test_every_kernel_has_nearly_all(kernels):
    own = [entry.name for entry in ENTRIES.values() if not entry.inlined]
    for kernel, functions in kernels.items():
        assert len(functions.keys() & set(own)) > 0.95 * len(own), kernel
