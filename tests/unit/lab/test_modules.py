"""Modules are found where packages are unpacked, and taken out of packages that the real dpkg-deb made."""

import lzma

import pytest
import zstandard

from synscope.errors import SynscopeError
from synscope.lab import debian, modules
from synscope.lab.kernels import Kernel
from unit.lab.test_debian import deb, quiet

RELEASE = "6.7.8-own"
PLACE = f"lib/modules/{RELEASE}/kernel"


@pytest.fixture
def kernel(tmp_path, monkeypatch) -> Kernel:
    """As a package is unpacked: boot/ and lib/ side by side."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Kernel(RELEASE, tmp_path / "boot" / "vmlinuz")


def put(root, name: str, content: bytes) -> None:
    path = root / PLACE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def contents(kernel: Kernel) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in modules.of(kernel, quiet)}


def test_beside_the_kernel_in_the_order_in_which_they_load(kernel, tmp_path):
    put(tmp_path, "net/nft_ct.ko.xz", lzma.compress(b"ct"))
    put(tmp_path, "drivers/veth.ko", b"veth")
    put(tmp_path, "net/nf_tables.ko.zst", zstandard.compress(b"tables"))
    put(tmp_path, "net/other.ko", b"other")
    assert list(contents(kernel).items()) == [
        ("veth.ko", b"veth"),
        ("nf_tables.ko", b"tables"),
        ("nft_ct.ko", b"ct"),
    ]


def test_out_of_the_package_of_a_kernel_that_was_fetched(kernel, tmp_path, monkeypatch):
    package = deb(tmp_path, tmp_path / "kernel.deb", {f"{PLACE}/veth.ko": b"veth", "boot/x": b"x"})
    monkeypatch.setattr(debian, "is_known", lambda release: release == RELEASE)
    monkeypatch.setattr(debian, "package", lambda release: None)
    monkeypatch.setattr(debian, "download", lambda *_: package)
    assert contents(kernel) == {"veth.ko": b"veth"}
    assert contents(kernel) == {"veth.ko": b"veth"}  # the package is gone


def test_one_that_has_none_is_said_so(kernel):
    with pytest.raises(SynscopeError, match=rf"no scenario on {RELEASE}: its modules \(veth, nf_tables"):
        modules.of(kernel, quiet)


def test_none_comes_before_one_that_it_needs():
    order = {name: at for at, name in enumerate(modules.NAMES)}
    for before, after in (("nfnetlink", "nf_tables"), ("nf_conntrack", "nf_nat"), ("inet_diag", "tcp_diag")):
        assert order[before] < order[after]
