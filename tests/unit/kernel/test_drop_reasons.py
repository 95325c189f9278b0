import shutil
import subprocess

import pytest

from support.require import require
from synscope.kernel.btf import VMLINUX, Btf
from synscope.kernel.drop_reasons import drop_reasons

SOURCE = """
enum skb_drop_reason { SKB_NOT_DROPPED_YET, SKB_CONSUMED, SKB_DROP_REASON_NOT_SPECIFIED,
    SKB_DROP_REASON_NO_SOCKET, SKB_DROP_REASON_MAX, SKB_DROP_REASON_SUBSYS_MASK = 0xffff0000 };
enum skb_drop_reason reason;
"""


def reasons_of(source, folder):
    require(shutil.which("clang"), "no clang")
    (folder / "reasons.c").write_text(source)
    command = ["clang", "-target", "bpf", "-g", "-c", "reasons.c", "-o", "reasons.o"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return drop_reasons(Btf.of_object(folder / "reasons.o"))


def test_names_without_prefix_and_without_the_bounds(tmp_path):
    expected = {0: "SKB_NOT_DROPPED_YET", 1: "SKB_CONSUMED", 2: "NOT_SPECIFIED", 3: "NO_SOCKET"}
    assert reasons_of(SOURCE, tmp_path) == expected


def test_a_kernel_that_gives_no_reasons(tmp_path):
    assert reasons_of("int x;", tmp_path) == {}


@pytest.mark.needs_kernel
def test_this_kernel_knows_why_there_was_no_socket():
    require(VMLINUX.exists(), "not on this kernel: BTF")
    reasons = drop_reasons(Btf.kernel())
    assert {"NO_SOCKET", "NOT_SPECIFIED", "NETFILTER_DROP"} <= set(reasons.values())
    assert 2 <= min(number for number, name in reasons.items() if name == "NO_SOCKET") <= 3
    assert all(not name.startswith("SKB_DROP_REASON_") for name in reasons.values())
