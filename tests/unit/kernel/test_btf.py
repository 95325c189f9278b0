"""BTF against bpftool's reading of the same, and against offsets that the C rules fix."""

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from support.require import require
from synscope.errors import Exit, SynscopeError
from synscope.kernel.btf import VMLINUX, Btf, Field

SOURCE = """
typedef unsigned char u8;
typedef const volatile unsigned long long u64;
enum side { NONE, CLIENT = 7, LAST = 0xffff0000 };
enum wide { BIG = 1ull << 40 };
struct inner { u64 t; int stack; u8 from, to; unsigned short pad; };
struct outer {
    u64 cookie; u64 t[3]; struct inner inner[2]; u8 address[16]; enum side side; void *pointer;
    union { int a; long b; } either; struct { short x; }; double d;
};
struct bits { int plain; int three : 3; int five : 5; long after; };
struct bits bits; struct outer outer; enum wide wide;
int use(void) { return wide + outer.side + bits.plain; }
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require(shutil.which("clang"), "no clang")
    folder = tmp_path_factory.mktemp("btf")
    (folder / "types.c").write_text(SOURCE)
    command = ["clang", "-target", "bpf", "-g", "-O2", "-c", "types.c", "-o", "types.o"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "types.o"


@pytest.fixture(scope="module")
def kernel() -> Btf:
    require(VMLINUX.exists(), "not on this kernel: BTF")
    return Btf.kernel()


@pytest.fixture(scope="module")
def bpftool() -> list[dict[str, Any]]:
    require(VMLINUX.exists(), "not on this kernel: BTF")
    require(shutil.which("bpftool"), "no bpftool")
    done = subprocess.run(
        ["bpftool", "-j", "btf", "dump", "file", str(VMLINUX)], capture_output=True, check=False
    )
    require(done.returncode == 0, f"bpftool: {done.stderr.decode()}")
    types: list[dict[str, Any]] = json.loads(done.stdout)["types"]
    return types


def test_layout_of_a_struct(compiled):
    assert Btf.of_object(compiled).struct_layout("outer") == [
        Field("cookie", 0, 8),
        Field("t", 8, 24),
        Field("inner", 32, 32),
        Field("address", 64, 16),
        Field("side", 80, 4),
        Field("pointer", 88, 8),
        Field("either", 96, 8),
        Field("", 104, 2),
        Field("d", 112, 8),
    ]
    assert Btf.of_object(compiled).struct_size("outer") == 120
    assert Btf.of_object(compiled).struct_size("inner") == 16


def test_bit_fields_are_left_out(compiled):
    assert Btf.of_object(compiled).struct_layout("bits") == [Field("plain", 0, 4), Field("after", 8, 8)]


def test_enumerators(compiled):
    btf = Btf.of_object(compiled)
    assert btf.enum_values("side") == {"NONE": 0, "CLIENT": 7, "LAST": 0xFFFF0000}
    assert btf.enum_values("nothing") == {}
    assert btf.enum_values("outer") == {}


def test_an_enumerator_by_its_own_name(compiled):
    btf = Btf.of_object(compiled)
    assert (btf.enumerator("CLIENT"), btf.enumerator("LAST")) == (7, 0xFFFF0000)
    assert (btf.enumerator("side"), btf.enumerator("NOBODY")) == (None, None)


def test_wide_enumerators(compiled):
    # clang 14 has no BTF_KIND_ENUM64 and cuts them; newer ones keep all 64 bits.
    assert Btf.of_object(compiled).enum_values("wide")["BIG"] in (1 << 40, 0)


def test_a_struct_that_is_not_there(compiled):
    with pytest.raises(KeyError):
        Btf.of_object(compiled).struct_layout("nothing")
    with pytest.raises(KeyError):
        Btf.of_object(compiled).struct_size("side")


def test_an_object_without_types(tmp_path):
    require(shutil.which("clang"), "no clang")
    (tmp_path / "empty.c").write_text("int x;")
    command = ["clang", "-target", "bpf", "-c", "empty.c", "-o", "empty.o"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    with pytest.raises(SynscopeError, match="compile with -g"):
        Btf.of_object(tmp_path / "empty.o")


def test_a_kernel_without_types(tmp_path):
    with pytest.raises(SynscopeError, match="CONFIG_DEBUG_INFO_BTF") as caught:
        Btf.kernel(tmp_path / "vmlinux")
    assert caught.value.code == Exit.NOT_PERMITTED


@pytest.mark.parametrize("blob", [b"", b"\x9f\xeb", b"\x7fELF" + bytes(60), b"\x9f\xeb\1\0" + b"\xff" * 20])
def test_no_btf(blob):
    with pytest.raises(SynscopeError, match="BTF"):
        Btf(blob)


def test_a_kind_of_type_from_the_future():
    header = b"\x9f\xeb\1\0" + b"".join(n.to_bytes(4, "little") for n in (24, 0, 12, 12, 1))
    future = b"".join(n.to_bytes(4, "little") for n in (0, 25 << 24, 0))
    with pytest.raises(SynscopeError, match="newer"):
        Btf(header + future + b"\0")


@pytest.mark.needs_kernel
def test_every_enum_of_this_kernel_that_bpftool_names_once(kernel, bpftool):
    enums = [t for t in bpftool if t["kind"] in ("ENUM", "ENUM64") and t["values"]]
    names = [enum["name"] for enum in enums]
    once = [enum for enum in enums if names.count(enum["name"]) == 1 and enum["name"] != "(anon)"]
    assert len(once) > 500
    assert any(enum["kind"] == "ENUM64" for enum in once)
    for enum in once:
        # bpftool 7.1 extends the sign of unsigned 32-bit values: compare as many bits as there are.
        bits = (1 << 8 * enum["size"]) - 1
        found = {name: value & bits for name, value in kernel.enum_values(enum["name"]).items()}
        assert found == {v["name"]: v["val"] & bits for v in enum["values"]}


@pytest.mark.needs_kernel
def test_signs_of_enumerators(kernel):
    # enum perf_event_state goes down to DEAD, below 0 (include/linux/perf_event.h).
    assert min(kernel.enum_values("perf_event_state").values()) < 0
    # Its mask of subsystems is the top half of 32 bits (include/net/dropreason-core.h, since 6.3).
    masks = kernel.enum_values("skb_drop_reason")
    require("SKB_DROP_REASON_SUBSYS_MASK" in masks, "not on this kernel: subsystems of drop reasons")
    assert masks["SKB_DROP_REASON_SUBSYS_MASK"] == 0xFFFF0000


@pytest.mark.needs_kernel
def test_tracepoints_of_this_kernel(kernel, bpftool):
    prefix = "btf_trace_"
    there = [t["name"] for t in bpftool if t["kind"] == "TYPEDEF" and t["name"].startswith(prefix)]
    assert len(there) > 100
    assert all(kernel.has_tracepoint(name.removeprefix(prefix)) for name in there[::5])
    assert kernel.has_tracepoint("inet_sock_set_state")
    assert not kernel.has_tracepoint("inet_sock_set_stat")
    assert not kernel.has_tracepoint("")


@pytest.mark.needs_kernel
@pytest.mark.parametrize(
    "name", ["sock_common", "sock", "tcp_sock", "request_sock", "sk_buff", "task_struct"]
)
def test_layouts_of_this_kernel(kernel, bpftool, name):
    struct = next(t for t in bpftool if t["kind"] == "STRUCT" and t["name"] == name)
    expected = [
        ("" if m["name"] == "(anon)" else m["name"], m["bits_offset"] // 8)
        for m in struct["members"]
        if not m.get("bitfield_size")
    ]
    layout = kernel.struct_layout(name)
    assert [(field.name, field.offset) for field in layout] == expected
    assert kernel.struct_size(name) == struct["size"]
    # Members of a struct do not overlap, and none reaches beyond it.
    ends = [field.offset + field.size for field in layout]
    assert all(end <= field.offset for end, field in zip(ends, layout[1:], strict=False))
    assert ends[-1] <= struct["size"]


@pytest.mark.needs_kernel
def test_is_quick(kernel):
    def seconds() -> float:
        start = time.perf_counter()
        Btf.kernel().enum_values("skb_drop_reason")
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.25
