"""The file of what was decoded: it outlives a boot, which moves the kernel, and any damage."""

from pathlib import Path

import pytest

from synscope.kernel.callsites import POINTER, Exits
from synscope.kernel.symbols import Symbols
from synscope.kernel.text import NO_CALL, Facts
from synscope.probes.text_cache import TextCache

BASE, MOVED = 0xFFFFFFFF81000000, 0xFFFFFFFF9A000000
MODULE = 0xFFFFFFFFC0000000


def symbols(base: int) -> Symbols:
    return Symbols(f"{base:x} T _stext\n{base + 0x100:x} T f\n{base + 0x1000:x} T _etext\n".encode())


def facts(base: int) -> Facts:
    return Facts(
        sites={base + 0x105: base + 0x200, base + 0x110: POINTER, base + 0x120: NO_CALL},
        functions={base: Exits((base + 0x100, POINTER), (base + 0x200, POINTER))},
        names={base + 0x100: "f"},
        entries={"f": base + 0x100, "g": NO_CALL},
    )


def test_it_moves_with_the_kernel(tmp_path: Path) -> None:
    TextCache("abc", symbols(BASE), tmp_path).save(facts(BASE))
    assert TextCache("abc", symbols(BASE), tmp_path).load() == facts(BASE)
    assert TextCache("abc", symbols(MOVED), tmp_path).load() == facts(MOVED)
    assert TextCache("abd", symbols(BASE), tmp_path).load() == Facts()
    assert [path.name for path in tmp_path.iterdir()] == ["abc.msgpack"]


def test_what_is_about_modules_and_trampolines_is_not_kept(tmp_path: Path) -> None:
    found = Facts(
        sites={BASE + 1: MODULE, MODULE: BASE},
        functions={MODULE: Exits((), ()), BASE: Exits((MODULE, BASE), ()), BASE + 8: Exits((), (MODULE,))},
        names={MODULE: "nft_do_chain"},
        entries={"nft_do_chain": MODULE},
    )
    TextCache("abc", symbols(BASE), tmp_path).save(found)
    assert TextCache("abc", symbols(BASE), tmp_path).load() == Facts(functions={BASE: Exits((BASE,), ())})


@pytest.mark.parametrize("content", [b"", b"\xc1", b"\x92\x63\x94\x80\x80\x80\x80", b"\x81\xa1x\x01"])
def test_a_damaged_file_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "abc.msgpack").write_bytes(content)
    assert TextCache("abc", symbols(BASE), tmp_path).load() == Facts()


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = TextCache("abc", symbols(BASE), tmp_path / "file")
    cache.save(facts(BASE))
    assert cache.load() == Facts()


@pytest.mark.parametrize("hidden", [Symbols(b"0 T _stext\n0 T f\n0 T _etext\n"), Symbols(b"")])
def test_without_addresses_or_a_build_id_nothing_is_kept(tmp_path: Path, hidden: Symbols) -> None:
    TextCache("abc", hidden, tmp_path).save(facts(BASE))
    TextCache("", symbols(BASE), tmp_path).save(facts(BASE))
    assert not list(tmp_path.iterdir())


def test_it_lies_in_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    TextCache("abc", symbols(BASE)).save(facts(BASE))
    assert (tmp_path / "synscope" / "text" / "abc.msgpack").exists()
