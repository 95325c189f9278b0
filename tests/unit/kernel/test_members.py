"""Members as clang lays them out, against ctypes, which follows the same rules of C."""

import ctypes
import shutil
import subprocess

import pytest

from support.require import require
from synscope.kernel.btf import Btf
from synscope.kernel.members import Members, Place

SOURCE = """
typedef struct { int counter; } atomic_t;
struct base { union { struct { unsigned a, b; }; unsigned long ab; }; unsigned short port; };
struct inner { unsigned char low:4, high:4; unsigned short mss; atomic_t refs; };
struct derived { struct base base; unsigned flag:1, rest:9; struct inner opts; const atomic_t *pointer; };
struct derived it;
"""


class Inner(ctypes.Structure):
    _fields_ = (
        ("low", ctypes.c_ubyte, 4),
        ("high", ctypes.c_ubyte, 4),
        ("mss", ctypes.c_ushort),
        ("refs", ctypes.c_int),
    )


class Derived(ctypes.Structure):
    _fields_ = (
        ("a", ctypes.c_uint),
        ("b", ctypes.c_uint),
        ("port", ctypes.c_ushort),
        ("pad", ctypes.c_ubyte * 6),
        ("flag", ctypes.c_uint, 1),
        ("rest", ctypes.c_uint, 9),
        ("opts", Inner),
        ("pointer", ctypes.c_void_p),
    )


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    require(shutil.which("clang"), "no clang")
    path = tmp_path_factory.mktemp("members")
    (path / "types.c").write_text(SOURCE)
    command = ["clang", "-target", "bpf", "-g", "-O2", "-c", "types.c", "-o", "types.o"]
    subprocess.run(command, check=True, cwd=path)
    return Members(Btf.of_object(path / "types.o"))


@pytest.fixture
def filled():
    opts = Inner(low=5, high=10, mss=1460, refs=7)
    return Derived(a=0xDEADBEEF, b=2, port=8080, flag=1, rest=0x155, opts=opts, pointer=99)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a", 0xDEADBEEF),
        ("b", 2),
        ("ab", 2 << 32 | 0xDEADBEEF),
        ("port", 8080),
        ("base.port", 8080),
        ("flag", 1),
        ("rest", 0x155),
        ("opts.low", 5),
        ("opts.high", 10),
        ("opts.mss", 1460),
        ("opts.refs.counter", 7),
        ("pointer", 99),
    ],
)
def test_a_member_has_the_value_that_c_gave_it(members, filled, path, value):
    assert members.value(bytes(filled), "derived", path) == value


@pytest.mark.parametrize(
    "path", ["gone", "opts.gone", "port.counter", "opts.refs.counter.more", "pointer.counter"]
)
def test_what_is_not_there_is_none(members, filled, path):
    assert members.place("derived", path) is None
    assert members.value(bytes(filled), "derived", path) is None
    assert members.octets(bytes(filled), "derived", path) == b""


def test_a_copy_that_ends_before(members, filled):
    assert members.value(bytes(filled)[:8], "derived", "b") == 2
    assert members.value(bytes(filled)[:8], "derived", "port") is None


def test_bytes_in_their_order(members, filled):
    assert members.octets(bytes(filled), "derived", "port") == (8080).to_bytes(2, "little")
    assert members.place("derived", "opts.high") == Place(Derived.opts.offset * 8 + 4, 4)


def test_a_struct_that_is_not_there(members):
    with pytest.raises(KeyError):
        members.place("gone", "a")
