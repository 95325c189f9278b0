"""apt is played by scripts; packages are made, and unpacked, by the real dpkg-deb."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.require import require
from synscope.errors import SynscopeError
from synscope.lab import debian, kernels
from unit.lab.test_kernels import bz_image

NAMES = """linux-image-6.1.0-9-cloud-amd64
linux-image-6.1.0-56-cloud-amd64
linux-image-6.1.0-57-cloud-amd64-unsigned
linux-image-6.1.0-58-amd64
linux-image-6.12-cloud-amd64
linux-image-6.12.9+deb12-cloud-amd64
linux-image-6.12.117+deb12-cloud-amd64
linux-image-6.12.118+deb12-cloud-amd64-dbg
"""
CACHE = """#!/bin/sh
case "$1" in
pkgnames) cat "$0.names" ;;
show)
	shift 2
	for name; do printf 'Package: %s\\nInstalled-Size: 9\\nSize: 1%s\\n\\n' "$name" "${#name}"; done
	;;
esac
"""
GET = """#!/bin/sh
for package; do :; done
cp "$0.deb" "${package}_1_amd64.deb"
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def apt(home, monkeypatch):
    """Where its scripts are; there they find what they are to say."""
    bin_ = home / "bin"
    bin_.mkdir()
    for name, text in {"apt-cache": CACHE, "apt-get": GET}.items():
        (bin_ / name).write_text(text)
        (bin_ / name).chmod(0o755)
    (bin_ / "apt-cache.names").write_text(NAMES)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    return bin_


def deb(directory: Path, target: Path, files: dict[str, bytes]) -> Path:
    """A package with these files."""
    require(shutil.which("dpkg-deb"), "missing: dpkg-deb")
    root = directory / "package"
    control = b"Package: p\nVersion: 1\nArchitecture: amd64\nMaintainer: m\nDescription: d\n"
    for name, content in {"DEBIAN/control": control, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    subprocess.run(["dpkg-deb", "--build", str(root), str(target)], check=True, capture_output=True)
    return target


def quiet(done: int, total: int) -> None:
    pass


def test_the_newest_signed_cloud_kernel_of_each_series(apt):
    found = debian.newest("6.12", "6.1", "6.2")
    assert {series: package.release for series, package in found.items()} == {
        "6.1": "6.1.0-56-cloud-amd64",
        "6.12": "6.12.117+deb12-cloud-amd64",
    }
    assert found["6.1"].size == 100 + len("linux-image-6.1.0-56-cloud-amd64")


def test_it_is_fetched_once(apt):
    deb(apt, apt / "apt-get.deb", {"boot/config": b"x", "boot/vmlinuz-6.1.0-56-cloud-amd64": bz_image()})
    kernel = debian.fetch("6.1", quiet)
    assert kernel.vmlinuz.read_bytes() == bz_image()
    assert list(kernel.vmlinuz.parent.iterdir()) == [kernel.vmlinuz]
    (apt / "apt-get.deb").unlink()
    assert debian.fetch("6.1", quiet) == kernel
    assert kernels.cached() == [kernel]


def test_how_much_has_come_is_told(apt):
    (apt / "apt-get").write_text("#!/bin/sh\nsleep 0.3\n" + GET.partition("\n")[2])
    deb(apt, apt / "apt-get.deb", {"boot/vmlinuz-6.1.0-56-cloud-amd64": bz_image()})
    told = []
    debian.fetch("6.1", lambda done, total: told.append((done, total)))
    assert {total for _, total in told} == {132}


def test_a_download_that_fails_leaves_nothing(apt, home):
    (apt / "apt-get").write_text("#!/bin/sh\necho E: Unable to fetch >&2\nexit 100\n")
    with pytest.raises(SynscopeError, match=r"E: Unable to fetch. Try: sudo apt-get update"):
        debian.fetch("6.1", quiet)
    assert not list((home / "cache").rglob("*vmlinuz*"))
    assert list(kernels.directory().iterdir()) == []


def test_a_series_that_the_lists_lack_is_told_with_what_adds_it(apt):
    (apt / "apt-cache.names").write_text("linux-image-6.1.0-9-cloud-amd64\n")
    with pytest.raises(SynscopeError, match=r"no linux-image-6.12.*bookworm-backports.*apt-get update"):
        debian.fetch("6.12", quiet)
    with pytest.raises(SynscopeError, match=r"no kernel 5.10: .*Try: synscope lab kernels"):
        debian.fetch("5.10", quiet)


def test_empty_lists_are_told_with_what_fills_them(apt):
    (apt / "apt-cache.names").write_text("")
    with pytest.raises(SynscopeError, match="Try: sudo apt-get update"):
        debian.fetch("6.12", quiet)


def test_no_apt_is_told(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SynscopeError, match=r"no apt-get here. Try: --kernel FILE"):
        debian.fetch("6.1", quiet)


def test_a_package_of_the_users_own(home):
    path = deb(home, home / "own.deb", {"usr/x": b"y", "boot/vmlinuz-own": bz_image("6.7.8-own")})
    kernel = debian.of_file(path)
    assert kernel.release == "6.7.8-own"
    assert debian.of_file(path) == kernel
    assert kernels.cached() == []


@pytest.mark.parametrize(
    ("files", "why"),
    [({"usr/x": b"y"}, "no /boot/vmlinuz in it"), ({"boot/vmlinuz-x": b"z" * 5000}, "no bzImage for x86-64")],
)
def test_a_package_without_a_kernel_is_said_so(home, files, why):
    with pytest.raises(SynscopeError, match=why):
        debian.of_file(deb(home, home / "own.deb", files))
    assert not list((home / "cache").rglob("vmlinuz"))


def test_what_is_no_package_is_said_so(home):
    (home / "own.deb").write_bytes(b"no package" * 100)
    with pytest.raises(SynscopeError, match=r"cannot unpack own.deb: dpkg-deb: .*not a Debian"):
        debian.of_file(home / "own.deb")
    with pytest.raises(SynscopeError, match="No such file"):
        debian.of_file(home / "none.deb")
