"""Which way of attaching is taken, by the answers of a kernel that is not there."""

import pytest

from synscope.errors import Exit, SynscopeError
from synscope.probes import flavours
from synscope.probes.flavours import FLAVOURS, Flavour, available
from synscope.probes.libbpf import Link


@pytest.mark.parametrize(
    ("has", "taken"),
    [
        (["kprobe.session", "kprobe.multi", "kprobe"], "kprobe.session"),
        (["kprobe.multi", "kprobe"], "kprobe.multi"),
        (["kprobe"], "kprobe"),
    ],
)
def test_the_first_that_the_kernel_has(monkeypatch, has, taken):
    def answer(flavour, _btf):
        if flavour.name not in has:
            raise SynscopeError(flavour.name, "no")

    monkeypatch.setattr(flavours, "_try", answer)
    assert available(None).name == taken


def test_a_kernel_with_none_is_told_with_its_answers_and_the_lab(monkeypatch):
    def answer(flavour, _btf):
        raise SynscopeError(flavour.name, f"reason {FLAVOURS.index(flavour)}")

    monkeypatch.setattr(flavours, "_try", answer)
    with pytest.raises(SynscopeError) as raised:
        available(None)
    error = raised.value
    assert all(f"{flavour.name}: reason {at}" in error.why for at, flavour in enumerate(FLAVOURS))
    assert (error.remedy, error.code) == ("synscope lab --detail functions -- CMD", Exit.NOT_PERMITTED)


class Enums:
    def __init__(self, values):
        self._values = values

    def enum_values(self, _name):
        return self._values


def test_what_the_kernel_does_not_know_is_not_tried():
    with pytest.raises(SynscopeError, match="unknown"):
        flavours._require(FLAVOURS[1], Enums({}))


def test_without_its_device_a_kprobe_is_not_tried(monkeypatch, tmp_path):
    """libbpf would fall back on tracefs, where a probe outlives the process that made it."""
    monkeypatch.setattr(flavours, "_KPROBES", tmp_path / "kprobe")
    with pytest.raises(SynscopeError, match="kprobe: no"):
        flavours._require(FLAVOURS[-1], Enums({}))


class Program:
    """Attaches by itself to every function but `refused`."""

    def __init__(self, held, refused=()):
        self.held, self.refused = held, refused

    def attach_to_function(self, name, cookie, at_return):
        if name in self.refused:
            raise SynscopeError(name, "no")
        attachment = (name, cookie, at_return)
        self.held.append(attachment)
        return Link(lambda: self.held.remove(attachment))


class Programs:
    def __init__(self, **programs):
        self.programs = programs


def test_both_ends_are_attached_to_with_the_cookie():
    held = []
    programs = Programs(enter=Program(held), leave=Program(held))
    Flavour("kprobe").attach(programs, Enums({}), {"ip_rcv": 3})
    assert held == [("ip_rcv", 3, True), ("ip_rcv", 3, False)]


def test_all_or_nothing_is_attached():
    held = []
    programs = Programs(enter=Program(held, refused=["ip_rcv"]), leave=Program(held))
    with pytest.raises(SynscopeError):
        Flavour("kprobe").attach(programs, Enums({}), {"ip_rcv": 3})
    assert held == []
