"""The operations of each kind of socket that this kernel offers over IP: one is made, looked into, closed."""

import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import chain

from synscope.live.inside import look
from synscope.live.protocols import PROC, registered
from synscope.tcp.errnos import errno_name
from synscope.tcp.inetsw import Protosw, table
from synscope.tcp.inside import OfferedSocket
from synscope.tcp.socket_names import family_name, protocol_name, type_name

_RAW = 255  # IPPROTO_RAW, for the entries that take any protocol


def offered() -> list[OfferedSocket]:
    """By family, type and protocol. Raises SynscopeError where the kernel refuses the iterators."""
    entries = sorted(
        chain.from_iterable(table(registered((PROC / "net/protocols").read_text())).values()),
        key=lambda entry: (entry.family, entry.type, entry.protocol),
    )
    with ExitStack() as stack:
        made = [_made(entry, stack) for entry in entries]
        found = {owner.fd: each for each in look.process(os.getpid()) for owner in each.owners}
        return [
            OfferedSocket(
                call=_spelt(entry),
                protocol=entry.name,
                ops=entry.ops,
                prot=entry.prot,
                tables=found[fd].tables if refused is None else {},
                refused=refused,
            )
            for entry, (fd, refused) in zip(entries, made, strict=True)
        ]


def _made(entry: Protosw, stack: ExitStack) -> tuple[int, str | None]:
    """Its descriptor, or why there is none."""
    try:
        made = socket.socket(entry.family, entry.type, entry.protocol or _RAW)
    except OSError as error:
        return -1, errno_name(error.errno or 0)
    return stack.enter_context(made).fileno(), None


def _spelt(entry: Protosw) -> str:
    names: Sequence[str] = (
        family_name(entry.family),
        type_name(entry.type),
        protocol_name(entry.protocol) if entry.protocol else "any",
    )
    return ", ".join(names)
