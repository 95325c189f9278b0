"""The modules that scenarios need of a lab's kernel: Debian builds as modules what others have built in."""

import lzma
import re
import subprocess
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import zstandard

from synscope.errors import Exit, SynscopeError
from synscope.lab import cache, debian
from synscope.lab.kernels import Kernel

NAMES = (
    *("veth", "tun", "sch_netem", "inet_diag", "tcp_diag", "nfnetlink", "crc32c_generic", "libcrc32c"),
    *("nf_tables", "nft_objref", "nft_limit"),
    *("nf_defrag_ipv4", "nf_defrag_ipv6", "nf_conntrack", "nft_ct"),
    *("nf_reject_ipv4", "nf_reject_ipv6", "nft_reject", "nft_reject_ipv4", "nft_reject_ipv6"),
    *("nft_reject_inet", "nf_nat", "nft_chain_nat", "nft_nat", "nft_masq", "nft_redir"),
)
"""None before one that it depends on. One that a kernel does not have is built in, or it has none."""

_FILE = re.compile(r"(?:^|/)(?P<name>\w+)\.ko(?P<packed>\.xz|\.zst)?$")
_PLACE = Path("lib", "modules")
_UNPACKED: dict[str | None, Callable[[bytes], bytes]] = {
    None: bytes,
    ".xz": lzma.decompress,
    ".zst": lambda content: zstandard.ZstdDecompressor().decompressobj().decompress(content),
}


def of(kernel: Kernel, progress: debian.Progress) -> list[Path]:
    """Those of `NAMES` that `kernel` has, in the order in which they can be loaded, not compressed.

    They are taken from lib/modules beside the kernel's file or its directory, as a package is unpacked, or
    from this host's; else Debian's package is downloaded again.

    Raises:
        SynscopeError: there are none of that release to be had.
    """
    directory = cache.root() / "modules" / f"{kernel.release}-{zlib.crc32(repr(NAMES).encode()):08x}"
    if not directory.is_dir():
        with cache.new_directory(directory) as work:
            _fill(work, kernel, progress)
    return [path for name in NAMES if (path := directory / f"{name}.ko").exists()]


def _fill(work: Path, kernel: Kernel, progress: debian.Progress) -> None:
    roots = (*kernel.vmlinuz.absolute().parents[:2], Path("/"))
    unpacked = next((path for root in roots if (path := root / _PLACE / kernel.release).is_dir()), None)
    if unpacked is not None:
        for path in unpacked.rglob("*.ko*"):
            _keep(work, path.name, path.read_bytes)
    elif debian.is_known(kernel.release):
        deb = debian.download(debian.package(kernel.release), work, progress)
        _unpack(deb, work)
        deb.unlink()
    else:
        what = f"no scenario on {kernel.release}"
        why = f"its modules (veth, nf_tables, …) are not in {roots[0] / _PLACE / kernel.release}"
        remedy = f"dpkg -x PACKAGE.deb DIR, then --kernel DIR/boot/vmlinuz-{kernel.release}"
        raise SynscopeError(what, why, remedy, Exit.USAGE)


def _keep(work: Path, name: str, content: Callable[[], bytes]) -> None:
    found = _FILE.search(name)
    if found and found["name"] in NAMES:
        (work / f"{found['name']}.ko").write_bytes(_UNPACKED[found["packed"]](content()))


def _unpack(deb: Path, work: Path) -> None:
    command = ["dpkg-deb", "--fsys-tarfile", str(deb)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as archive,
    ):
        for member in archive:
            if file := archive.extractfile(member):
                _keep(work, member.name, file.read)
