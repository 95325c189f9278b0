"""Lists as the kernel's headers join them (linux/list.h, linux/list_nulls.h), in a memory made here."""

import shutil
import struct
import subprocess

import pytest

from support.require import require
from synscope.errors import SynscopeError
from synscope.kernel.btf import Btf
from synscope.lab.objects.heap import Heap

SOURCE = """
struct list_head { struct list_head *next, *prev; };
struct node { int value; char name[8]; struct list_head list; struct node *following; } node;
struct sock_common { int value; void *skc_nulls_node[2]; } sock;
struct bucket { int lock; void *first; } bucket;
"""
NODE, SOCK, BUCKET = "<I8s4xQQQ", "<I4xQQ", "<I4xQ"
BASE = 0xFFFF888000000000


@pytest.fixture(scope="module")
def btf(tmp_path_factory: pytest.TempPathFactory) -> Btf:
    require(shutil.which("clang"), "no clang")
    path = tmp_path_factory.mktemp("heap")
    (path / "types.c").write_text(SOURCE)
    command = ["clang", "-target", "bpf", "-g", "-O2", "-c", "types.c", "-o", "types.o"]
    subprocess.run(command, check=True, cwd=path)
    return Btf.of_object(path / "types.o")


def heap(btf: Btf, memory: bytes) -> Heap:
    def read(at: int, size: int) -> bytes:
        return memory[at - BASE : at - BASE + size] if at >= BASE else b""

    return Heap(read, btf)


def test_a_circle_of_two(btf: Btf):
    size, link = struct.calcsize(NODE), 16
    head, one, two = BASE, BASE + 16, BASE + 16 + size
    memory = struct.pack("<QQ", one + link, two + link)
    memory += struct.pack(NODE, 7, b"one", two + link, head, two)
    memory += struct.pack(NODE, 8, b"two", head, one + link, 0)
    found = heap(btf, memory)
    assert list(found.listed(head, "node", "list")) == [one, two]
    assert [found.number("node", at, "value") for at in (one, two)] == [7, 8]
    assert found.text("node", two, "name") == b"two"
    assert list(found.chained(one, "node", "following")) == [one, two]
    assert list(found.chained(0, "node", "following")) == []
    assert found.pointers(head, 2) == [one + link, two + link]


def test_a_table_whose_lists_end_with_odd_numbers(btf: Btf):
    size = struct.calcsize(SOCK)
    one, two, link = BASE + 48, BASE + 48 + size, 8
    memory = struct.pack(BUCKET, 0, 1) + struct.pack(BUCKET, 0, one + link) + struct.pack(BUCKET, 0, 5)
    memory += struct.pack(SOCK, 1, two + link, 0) + struct.pack(SOCK, 2, 3, 0)
    assert list(heap(btf, memory).hashed(BASE, 3, "bucket", "first")) == [(1, one), (1, two)]


def test_what_is_missing_is_told(btf: Btf):
    found = heap(btf, bytes(8))
    assert found.has("node", "value")
    assert not found.has("node", "colour")
    assert not found.has("nothing", "at_all")
    with pytest.raises(SynscopeError, match="no colour in its struct node"):
        found.number("node", BASE, "colour")
    with pytest.raises(SynscopeError, match="nothing is at 0x8"):
        found.number("node", 8, "value")
    with pytest.raises(SynscopeError, match="nothing is at 0xffff888000000000"):
        found.whole("node", BASE)
