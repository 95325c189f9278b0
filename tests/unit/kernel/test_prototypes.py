"""Prototypes against C: bpftool writes the kernel's types as a header, and clang compares with that."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.require import require
from synscope.kernel.btf import VMLINUX, Btf
from synscope.kernel.prototypes import Function, Parameter, prototypes

# A function, and the member that holds a pointer to it in the kernel: the compiler held them to be one type.
MEMBERS = {
    "tcp_v4_connect": "struct proto, connect",
    "tcp_v4_init_sock": "struct proto, init",
    "inet_hash": "struct proto, hash",
    "inet_csk_get_port": "struct proto, get_port",
    "inet_bind": "struct proto_ops, bind",
    "inet_listen": "struct proto_ops, listen",
    "inet_accept": "struct proto_ops, accept",
    "tcp_poll": "struct proto_ops, poll",
    "ip_queue_xmit": "struct inet_connection_sock_af_ops, queue_xmit",
    "tcp_v4_send_check": "struct inet_connection_sock_af_ops, send_check",
    "tcp_v4_conn_request": "struct inet_connection_sock_af_ops, conn_request",
    "inet_create": "struct net_proto_family, create",
}
ODD = """
typedef unsigned int u32;
struct pair { long a, b; };
union either { int a; char b; };
int plain(int a, unsigned char b, u32 c, const char *text, void *none);
void stars(const char *const *a, char *const b, int (*rows)[3], int *(*f)(const struct pair *, int, ...));
long cut(long a, struct pair b, long c);
long cut_too(union either a);
void many(int a, int b, int c, int d, int e, int f, int g);
_Bool nothing(void);
int variadic(const char *form, ...);
"""


@pytest.fixture(scope="module")
def kernel() -> Btf:
    require(VMLINUX.exists(), "not on this kernel: BTF")
    return Btf.kernel()


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Btf:
    """From gcc: clang writes BTF for BPF alone, which has no functions of seven parameters."""
    require(shutil.which("gcc"), "no gcc")
    folder = tmp_path_factory.mktemp("odd")
    (folder / "odd.c").write_text(ODD.replace(");\n", ") { __builtin_unreachable(); }\n"))
    command = ["gcc", "-gbtf", "-c", "odd.c", "-o", "odd.o"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return Btf.of_object(folder / "odd.o")


def bpftool(*words: str) -> str:
    require(shutil.which("bpftool"), "no bpftool")
    done = subprocess.run(["bpftool", *words], capture_output=True, check=False)
    require(done.returncode == 0, f"bpftool: {done.stderr.decode()}")
    return done.stdout.decode()


def pointer_to(function: Function) -> str:
    """The C text of the type of a pointer to it."""
    assert function.parameters is not None
    assert function.returns is not None
    parameters = ", ".join(parameter.type for parameter in function.parameters)
    return f"{function.returns.type} (*)({parameters or 'void'})"


def test_the_kernels_own_pointers_have_the_types_that_are_spelt(kernel: Btf, tmp_path: Path):
    require(shutil.which("clang"), "no clang")
    (tmp_path / "vmlinux.h").write_text(bpftool("btf", "dump", "file", str(VMLINUX), "format", "c"))
    lines = ['#include "vmlinux.h"', "#define MEMBER(type, field) __typeof__(((type *)0)->field)"]
    for one in prototypes(kernel, MEMBERS):
        same = f"__builtin_types_compatible_p({pointer_to(one)}, MEMBER({MEMBERS[one.name]}))"
        lines.append(f'_Static_assert({same}, "{one.name}");')
    (tmp_path / "check.c").write_text("\n".join(lines) + "\n")
    done = subprocess.run(
        ["clang", "-target", "bpf", "-w", "-fsyntax-only", "check.c"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr


def test_names_sizes_and_signs_are_bpftools(kernel: Btf):
    types: list[dict[str, Any]] = json.loads(bpftool("-j", "btf", "dump", "file", str(VMLINUX)))["types"]
    numbered = {one["id"]: one for one in types}
    of_name = {one["name"]: numbered[one["type_id"]] for one in types if one["kind"] == "FUNC"}
    for one in prototypes(kernel, MEMBERS):
        expected = of_name[one.name]["params"]
        assert one.parameters is not None
        assert [p.name for p in one.parameters] == [p["name"] for p in expected]
        assert [(p.size, p.signed) for p in one.parameters] == [
            size_and_sign(numbered, p["type_id"]) for p in expected
        ]


def size_and_sign(numbered: dict[int, dict[str, Any]], number: int) -> tuple[int, bool]:
    found = numbered[number]
    while found["kind"] in ("TYPEDEF", "CONST", "VOLATILE", "RESTRICT"):
        found = numbered[found["type_id"]]
    if found["kind"] == "PTR":
        return 8, False
    return found["size"], found.get("encoding") == "SIGNED"


def test_types_are_spelt_as_c_has_them(odd: Btf):
    (plain, stars) = prototypes(odd, ["plain", "stars"])
    assert plain == Function(
        "plain",
        [
            Parameter("a", "int", 4, signed=True),
            Parameter("b", "unsigned char", 1),
            Parameter("c", "u32", 4),
            Parameter("text", "const char *", 8),
            Parameter("none", "void *", 8),
        ],
        Parameter("", "int", 4, signed=True),
    )
    assert [p.type for p in stars.parameters or []] == [
        "const char *const *",
        "char *const",
        "int (*)[3]",
        "int *(*)(const struct pair *, int, ...)",
    ]
    assert stars.returns == Parameter("", "void", 0)


def test_parameters_end_where_registers_do(odd: Btf):
    counts = {one.name: len(one.parameters or []) for one in prototypes(odd, ["cut", "cut_too", "many"])}
    assert counts == {"cut": 1, "cut_too": 0, "many": 6}
    (nothing, variadic) = prototypes(odd, ["nothing", "variadic"])
    assert nothing.parameters == []
    assert [p.name for p in variadic.parameters or []] == ["form"]


def test_what_the_kernel_does_not_have_comes_without_prototype(kernel: Btf):
    assert prototypes(kernel, ["no_such_function", "tcp_connect"])[0] == Function("no_such_function")
    assert prototypes(kernel, []) == []
