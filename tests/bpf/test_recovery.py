"""What the end of a session finds out from the kernel's text, first time and later, and where it cannot."""

from pathlib import Path

import pytest

from support.namespaces import Namespace
from support.prelude import client, listen
from support.require import NOT_ON_THIS_KERNEL, require
from support.scripts import ran
from support.tracing import of_cgroup, tracing
from synscope.errors import SynscopeError
from synscope.events.trace import Footer, Trace
from synscope.kernel import callsites
from synscope.kernel.btf import Btf
from synscope.kernel.build_id import build_id
from synscope.kernel.release import release
from synscope.kernel.symbols import Symbols
from synscope.probes import recovery
from synscope.probes.recovery import AddressSpace
from synscope.probes.text import PIECE, KernelMemory

pytestmark = pytest.mark.needs_kernel


def pair() -> None:
    """One connection, accepted."""
    listener, active = listen(), client()
    active.connect(listener.getsockname())
    listener.accept()


@pytest.fixture
def trace(netns: Namespace, cgroup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trace:
    require(release().machine == "x86_64", f"{NOT_ON_THIS_KERNEL} its text is not decoded")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with tracing(of_cgroup(cgroup)) as taken:
        ran(pair, namespace=netns, cgroup=cgroup)
    return taken.trace


def again(trace: Trace) -> Footer:
    """What is found out of the same stacks now."""
    symbols = Symbols.read()
    frames = {
        number: [address_of(symbol, symbols) for symbol in stack]
        for number, stack in trace.footer.stacks.items()
    }
    footer = Footer(stacks=trace.footer.stacks)
    tables = {(table.table, address) for address, table in trace.footer.operations.items()}
    with KernelMemory() as memory:
        space = AddressSpace(build_id(), symbols, Btf.kernel(), memory.read)
        recovery.recover(footer, frames, tables, space)
    return footer


def address_of(symbol: str, symbols: Symbols) -> int:
    """Of `tcp_connect+0x2c1`; 0 of a BPF program, which is gone by now."""
    name, _, offset = symbol.partition(" ")[0].partition("+")
    return (symbols.address(name) or 0) + int(offset or "0", 16)


def test_what_is_kept_is_not_decoded_again(
    trace: Trace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kept,) = (tmp_path / "synscope" / "text").iterdir()
    assert kept.stem == trace.header.build_id

    def refuse() -> None:
        raise AssertionError("decoded again")

    first = again(trace)
    monkeypatch.setattr(callsites, "_decoder", refuse)
    second = again(trace)
    assert (second.edges, second.text, second.operations) == (first.edges, first.text, first.operations)
    assert {edge.callee for edge in second.edges} >= {"inet_sk_state_store", "__ip_queue_xmit"}
    kept.unlink()
    with pytest.raises(AssertionError, match="decoded again"):
        again(trace)


def test_a_kernel_that_refuses_the_program_is_told(trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: KernelMemory, address: int, size: int) -> bytes:
        raise SynscopeError("the kernel refuses text.bpf.o", "EPERM (Operation not permitted)")

    monkeypatch.setattr(KernelMemory, "read", refuse)
    footer = again(trace)
    assert footer.lost == {"kernel text: EPERM (Operation not permitted)": 1}
    assert not footer.edges


def test_memory_that_is_not_there_reads_as_nothing() -> None:
    with KernelMemory() as memory:
        assert memory.read(8, 16) == b""
        text = Symbols.read().address("tcp_v4_connect")
        assert text is not None
        assert len(memory.read(text, 16)) == 16
        assert len(memory.read(text, PIECE + 1)) == PIECE
        assert memory.read(text, 16) == memory.read(text, 32)[:16]
