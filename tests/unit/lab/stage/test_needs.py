"""What keeps a scenario from this machine, and what from the lab's guests too."""

import pytest

from synscope.lab.stage import needs


@pytest.fixture
def tools(monkeypatch):
    """The programs that there are."""
    found = {"ip", "ss", "nft", "tc"}
    monkeypatch.setattr(needs, "which", lambda name: name if name in found else None)
    return found


def test_a_program_is_missed_in_a_guest_too(tools, monkeypatch):
    monkeypatch.setattr(needs, "_root", lambda: None)
    tools.remove("tc")
    assert needs.missing_in_guest(("netem",)) == "there is no tc: sudo apt-get install iproute2"
    assert needs.missing(("netem",)) == needs.missing_in_guest(("netem",))
    assert needs.missing_in_guest(("nft", "ss", "tun", "machine")) is None


def test_a_machine_of_its_own_is_no_users_own(tools):
    assert "one of its own" in (needs.lacking(("ss", "machine")) or "")
    assert needs.lacking(("ss",)) is None


def test_without_root_nobody_asks_the_kernel(tools, monkeypatch):
    def refused():
        raise PermissionError

    monkeypatch.setattr(needs.namespaces, "new", refused)
    needs._refused.cache_clear()
    assert needs.lacking(("nft", "netem")) is None
    needs._refused.cache_clear()


def test_every_need_can_be_asked_for():
    assert set(needs.NEEDS) == {"ip", "ss", "nft", "netem", "tun", "ipv6", "machine"}
