"""The listeners behind the connections, with their accept queues: a line each.

What is known of a queue is what each connection saw of it: its length at the SYN, and how long accept()
let the connection wait. A listener that nobody connected to is not here: to ask the kernel for all of
them, again and again, would cost more than watching does.
"""

from collections.abc import Iterable, Iterator

import msgspec
from rich.cells import cell_len
from rich.text import Text

from synscope.connections.model import Half
from synscope.text import endpoint, fit
from synscope.views.lines import owner
from synscope.views.live_rows import Row
from synscope.views.spent import quantile
from synscope.views.style import BAD, FRAME, NOTE, Style
from synscope.views.table import shortened

_PLACE = 21


class Queue(msgspec.Struct):
    """A listener: `at_syn` is its accept queue as the newest connection found it, `most` the longest.

    Attributes:
        half: of the newest connection: its address, port and owner.
        limit: of the accept queue, as listen() was given it.
        full: how many found more in it than that (sk_acceptq_is_full(): their SYN was dropped).
        waits_ns: in the queue, of those that were accepted.
    """

    half: Half
    connections: int = 0
    at_syn: int | None = None
    most: int = 0
    limit: int | None = None
    full: int = 0
    waits_ns: list[int] = msgspec.field(default_factory=list)


def queues(rows: Iterable[Row]) -> list[Queue]:
    """The listeners of the rows (the oldest first), those with the longest queues first."""
    found: dict[tuple[object, ...], Queue] = {}
    for row in rows:
        half = row.connection.server
        if half is None or half.listener is None:
            continue
        key = (half.netns, half.port, half.listener.cookie or half.address)
        queue = found.setdefault(key, Queue(half))
        queue.half = half
        _count(queue, row, half)
    return sorted(found.values(), key=lambda queue: (queue.full, queue.most, queue.connections), reverse=True)


def _count(queue: Queue, row: Row, half: Half) -> None:
    listener = half.listener
    assert listener is not None
    queue.connections += 1
    if listener.backlog_max is not None:
        queue.limit = listener.backlog_max
    if listener.backlog_at_syn is not None:
        queue.at_syn = listener.backlog_at_syn
        queue.most = max(queue.most, listener.backlog_at_syn)
        queue.full += queue.limit is not None and listener.backlog_at_syn > queue.limit
    if row.wait_ns is not None:
        queue.waits_ns.append(row.wait_ns)


def lines(found: list[Queue], width: int, style: Style) -> Iterator[Text]:
    """A heading, and a line a listener."""
    if not found:
        yield Text(" No connection to a listener of this host so far.", NOTE)
        return
    head = f" {'listener':{_PLACE}}{'conns':>6}{'queue':>6}{'most':>6}{'limit':>6}{'full':>5}"
    yield Text(f"{head}{'p50':>8}{'max':>8} owner", FRAME)
    for queue in found:
        yield _line(queue, width, style)


def _line(queue: Queue, width: int, style: Style) -> Text:
    where = shortened(style.clean(endpoint(queue.half.address, queue.half.port)), _PLACE, style.glyphs)
    line = Text(" " + where + " " * (_PLACE - cell_len(where)))
    line.append(f"{queue.connections:>6}{_known(queue.at_syn):>6}{queue.most:>6}{_known(queue.limit):>6}")
    line.append(f"{queue.full or '':>5}", BAD)
    waits = sorted(queue.waits_ns)
    shown = [style.duration(quantile(waits, percent)) if waits else "" for percent in (50, 100)]
    line.append(f"{shown[0]:>8}{shown[1]:>8} ")
    return line.append(fit(owner(queue.half, style), max(8, width - line.cell_len), style.glyphs))


def _known(number: int | None) -> str:
    return "?" if number is None else str(number)
