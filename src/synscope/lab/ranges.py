"""What of the kernel's text QEMU is to log (`-dfilter`), asked of the kernel's own symbols.

An object's functions lie together in the text, and a directory's objects too: net/ is one range, from the
first of its functions to the last. What is known of it is the catalogue, and the names below.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from synscope.tcp.catalogue import functions

if TYPE_CHECKING:
    from synscope.kernel.symbols import Symbols

Range = tuple[int, int]
"""Address and length."""

ENDS = (
    # net/socket.c, which comes first, and net/mptcp/, far behind net/ipv6/
    *("sock_show_fdinfo", "sockfs_security_xattr_set", "sock_from_file", "sock_alloc_file", "sock_close"),
    *("mptcp_connect", "mptcp_init_sock", "mptcp_token_new_request"),
)
SOFTIRQ = ("handle_softirqs", "__do_softirq")
"""Everything in softirq context is called by one of these: before 6.10 the second alone."""
CALLERS = (*SOFTIRQ, "do_syscall_64")
"""Functions outside net/ that call into it: a return value is seen where the caller's text is logged.

Not all that do: the file system's would make the log of a command that reads many files longer by a fifth.
"""

_GAP = 1 << 20  # bytes between two known neighbours of net/; the largest is 0.4 MiB
_NET = "net/"
_LONGEST_PROGRAM = 1 << 16  # bytes: more than the last one has


def filter_ranges(symbols: "Symbols") -> list[Range]:
    """The ranges to log, ascending: net/, single functions elsewhere that the catalogue knows, and BPF.

    A BPF program is no part of the kernel's text: what it calls is told by that. It is where the probes ask
    for the sockets' cookies.
    """
    inside = [name for name, known in functions().items() if known.source.startswith(_NET)]
    outside = [name for name, known in functions().items() if not known.source.startswith(_NET)]
    net = _joined(sorted(_spans(symbols, (*inside, *ENDS))), _GAP)
    single = _spans(symbols, (*outside, *CALLERS))
    spans = sorted([*net, *single, *_programs(symbols)])
    return [(start, end - start) for start, end in _joined(spans, 0)]


def dfilter(ranges: Iterable[Range]) -> str:
    """In QEMU's words."""
    return ",".join(f"{start:#x}+{length:#x}" for start, length in ranges)


def _spans(symbols: "Symbols", names: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Begin and end of those that this kernel has."""
    for address in symbols.addresses(names).values():
        yield symbols.span(address)


def _programs(symbols: "Symbols") -> Iterator[tuple[int, int]]:
    """All BPF programs, which lie together."""
    starts = symbols.programs()
    if starts:
        yield starts[0], starts[-1] + _LONGEST_PROGRAM


def _joined(spans: Iterable[tuple[int, int]], gap: int) -> Iterator[tuple[int, int]]:
    """Spans, ascending, those made one that are no more than `gap` apart."""
    current = None
    for start, end in spans:
        if current is None or start > current[1] + gap:
            if current is not None:
                yield current
            current = start, end
        else:
            current = current[0], max(current[1], end)
    if current is not None:
        yield current
