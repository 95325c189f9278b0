"""The tables that lead to sockets in a stopped guest: listeners by bucket, protocols by type."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.text import Text

from synscope.tcp.inetsw import AF_INET
from synscope.tcp.inside_tables import Listening, Registered, Scene
from synscope.tcp.socket_names import family_name, protocol_name, type_name
from synscope.text import endpoint, fit
from synscope.views.inside import inside
from synscope.views.style import FRAME, FUNCTION, NOTE, TITLE, Style

_FLAGS = ((1, "REUSE"), (2, "PERMANENT"), (4, "ICSK"))
"""`INET_PROTOSW_…` of include/net/protocol.h."""


def scene(of: Scene, style: Style, *, everything: bool) -> Iterator[Text]:
    """When it was stopped, the sockets, the tables."""
    yield Text.assemble(("stopped at ", NOTE), (of.function, FUNCTION), (f", {of.kernel}", NOTE))
    yield Text()
    if of.sockets:
        yield from inside(of.sockets, style, everything=everything)
    else:
        yield Text("no socket", NOTE)
    yield Text()
    yield from _listening(of)
    for family, entries in groupby(of.registered, key=lambda entry: entry.family):
        yield Text()
        yield from _registered(family, list(entries), style)


def _listening(of: Scene) -> Iterator[Text]:
    said = f"  tcp_hashinfo.lhash2, {of.buckets} buckets" + ("" if of.listening else ": empty")
    yield Text.assemble(("listeners", TITLE), (said, FRAME))
    yield from map(_listener, of.listening)


def _listener(one: Listening) -> Text:
    said = f"  bucket {one.bucket}".ljust(14)
    return Text.assemble((said, FRAME), endpoint(one.address, one.port), (f"  cookie {one.cookie}", FRAME))


def _registered(family: int, entries: Sequence[Registered], style: Style) -> Iterator[Text]:
    table = "inetsw" if family == AF_INET else "inetsw6"
    yield Text.assemble((table, TITLE), (f"  {family_name(family)}, in the order of the walk", FRAME))
    rows = [_words(entry) for entry in entries]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = " ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        yield Text(fit(style.clean(f"  {line}"), style.columns, style.glyphs))


def _words(entry: Registered) -> tuple[str, ...]:
    protocol = protocol_name(entry.protocol) if entry.protocol else "any"
    flags = " ".join(name for bit, name in _FLAGS if entry.flags & bit)
    return type_name(entry.type), protocol, entry.prot, entry.ops, flags
