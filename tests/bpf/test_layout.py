"""The structs of the compiled objects, as bpftool reads their BTF, against the numpy dtypes."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.require import NOT_ON_THIS_KERNEL, require
from synscope.errors import SynscopeError
from synscope.events.wire import (
    FUNCTION_CALL,
    HALF,
    HALF_TRANSITIONS,
    HEADER,
    MILESTONE,
    PATH_EVENT,
    TRANSITION,
    CallFlag,
    Fate,
    HalfFlag,
    Known,
    PathKind,
    Side,
)
from synscope.probes import layout
from synscope.probes.config import ARGUMENTS, CONFIG, FRAME, FRAMES
from synscope.probes.loader import OBJECTS

STRUCTS = {
    "half": ("state", HALF),
    "transition": ("state", TRANSITION),
    "config": ("state", CONFIG),
    "path_event": ("segments", PATH_EVENT),
    "function_call": ("functions", FUNCTION_CALL),
    "function_arguments": ("functions", ARGUMENTS),
    "frame": ("functions", FRAME),
    "frames": ("functions", FRAMES),
}
ENUMS = {"SIDE": Side, "FATE": Fate, "HALF": HalfFlag, "KNOWN": Known, "PATH": PathKind, "CALL": CallFlag}
BPF = Path(__file__).parents[2] / "bpf"


def test_the_objects_are_what_python_takes_them_for():
    layout.check(OBJECTS)


def without(dtype: np.dtype[Any], name: str) -> np.dtype[Any]:
    return np.dtype([(field, dtype[field]) for field in dtype.names or () if field != name])


def with_other_size(dtype: np.dtype[Any], name: str) -> np.dtype[Any]:
    return np.dtype([(field, "<u8" if field == name else dtype[field]) for field in dtype.names or ()])


def swapped(dtype: np.dtype[Any], first: str, second: str) -> np.dtype[Any]:
    other = {first: second, second: first}
    return np.dtype([(other.get(field, field), dtype[field]) for field in dtype.names or ()])


@pytest.mark.parametrize(
    "changed",
    [without(HALF, "comm"), with_other_size(HALF, "side"), swapped(HALF, "isn", "peer_isn")],
    ids=["without a field", "with another size", "with two fields swapped"],
)
def test_a_changed_dtype_does_not_pass(monkeypatch, changed):
    monkeypatch.setattr(layout, "_STRUCTS", (("state", "half", changed),))
    with pytest.raises(SynscopeError, match="struct half differs"):
        layout.check(OBJECTS)


def btf(stem: str) -> list[dict[str, Any]]:
    """The types of an object by bpftool."""
    require(shutil.which("bpftool"), f"{NOT_ON_THIS_KERNEL} no bpftool")
    dump = subprocess.run(
        ["bpftool", "-j", "btf", "dump", "file", str(OBJECTS / f"{stem}.bpf.o")],
        check=True,
        capture_output=True,
        text=True,
    )
    types: list[dict[str, Any]] = json.loads(dump.stdout)["types"]
    return types


@pytest.mark.parametrize("name", list(STRUCTS))
def test_bpftool_reads_the_same_layout(name):
    stem, dtype = STRUCTS[name]
    (struct,) = [one for one in btf(stem) if one["kind"] == "STRUCT" and one["name"] == name]
    compiled = [(member["name"], member["bits_offset"] // 8) for member in struct["members"]]
    fields = dtype.fields or {}
    assert compiled == [(field, fields[field][1]) for field in dtype.names or ()]
    assert struct["size"] == dtype.itemsize


PROGRAM = """
#include <stdio.h>
#include <linux/types.h>
#include "halves.h"
#include "path.h"
#include "functions.h"
int main(void) { %s }
"""


def test_a_c_compiler_gives_the_same_numbers(tmp_path):
    names = {f"MS_{name.upper()}": number for name, number in MILESTONE.items()}
    names |= {"MS_COUNT": len(MILESTONE), "HALF_TRANSITIONS": HALF_TRANSITIONS, "HALF_HEADER": HEADER}
    for prefix, enum in ENUMS.items():
        names |= {f"{prefix}_{member.name}": member.value for member in enum}
    source, program = tmp_path / "numbers.c", tmp_path / "numbers"
    source.write_text(PROGRAM % "".join(f'printf("{name} %d\\n", {name});' for name in names))
    subprocess.run(["cc", "-I", str(BPF), "-o", str(program), str(source)], check=True)
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    assert {line.split()[0]: int(line.split()[1]) for line in lines} == names
