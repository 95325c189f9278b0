"""functions detail on the running kernel: it does it, or says why not and leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.require import NOT_ON_THIS_KERNEL, require
from support.tracing import of_cgroup, tracing
from synscope.errors import Exit, SynscopeError
from synscope.kernel.btf import Btf
from synscope.kernel.symbols import Symbols
from synscope.probes import flavours
from synscope.probes.doctor import checks
from synscope.probes.session import Session

pytestmark = pytest.mark.needs_kernel

LAB = "synscope lab --detail functions -- CMD"
# Without these there is nothing that could be attached to: kernel/kprobes.c, kernel/trace/fprobe.c
NEEDED = ("register_kprobe", "register_fprobe_syms")


@pytest.fixture(scope="module")
def hookable() -> bool:
    """By the kernel's symbols whether it has what hooks functions."""
    symbols = Symbols.read()
    return any(symbols.address(name) is not None for name in NEEDED)


@pytest.fixture
def refusing(hookable):
    require(not hookable, f"{NOT_ON_THIS_KERNEL} functions can be hooked")


def bpf_descriptors() -> list[str]:
    """This process's links, programs and maps."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except FileNotFoundError:  # the directory's own
            continue
        if "bpf" in target or "perf_event" in target:
            found.append(target)
    return found


def test_the_command_is_not_run_and_the_lab_is_named(refusing, tmp_path):
    mark = tmp_path / "mark"
    command = [sys.executable, "-m", "synscope.cli", "run", "--detail", "functions", "--", "touch", str(mark)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == Exit.NOT_PERMITTED
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(
        "synscope: cannot trace function calls: this kernel lets no program into its functions"
    )
    assert line.endswith(f"Try: {LAB}")
    assert not mark.exists()


def test_the_kernels_own_answers_are_given(refusing):
    with pytest.raises(SynscopeError) as raised:
        flavours.available(Btf.kernel())
    assert "kprobe.multi: ENOTSUP (Operation not supported)" in raised.value.why
    assert "kprobe: no /sys/bus/event_source/devices/kprobe" in raised.value.why


def test_nothing_stays_open_or_attached(refusing, cgroup):
    before = bpf_descriptors()
    with pytest.raises(SynscopeError), Session(of_cgroup(cgroup, "functions"), ["test"]):
        pass
    assert bpf_descriptors() == before


def test_doctor_says_the_same(hookable):
    (check,) = (check for check in checks() if check.name == "--detail functions")
    assert not check.needed
    assert check.status == ("ok" if hookable else "refused")
    assert check.remedy == ("" if hookable else LAB)


def test_a_connection_is_told_call_by_call(hookable, netns, cgroup, server, client):
    require(hookable, f"{NOT_ON_THIS_KERNEL} no kprobes")
    with tracing(of_cgroup(cgroup, "functions")) as taken:
        listener = server(namespace=netns, cgroup=cgroup)
        client("127.0.0.1", listener.port, namespace=netns, cgroup=cgroup).read(1)
        listener.read(1)
    trace = taken.trace
    names = [function.name for function in trace.footer.functions]
    (call,) = trace.calls[trace.calls["function"] == names.index("tcp_v4_connect")]
    assert int(call["ret"]) & 0xFFFFFFFF == 0
    assert call["exit"] > call["enter"]
    assert taken.only().client is not None
