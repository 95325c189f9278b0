"""How far a command is, on stderr: a bar once a second has gone by; nothing where stderr is no terminal."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar, overload

if TYPE_CHECKING:
    from rich.progress import Progress

AFTER_S = 1.0
EVERY = 64

Item = TypeVar("Item")


class Counted(Sequence[Item]):
    """The same items; how many of them were gone through is shown."""

    def __init__(self, items: Sequence[Item], what: str) -> None:
        self._items = items
        self._what = what

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, at: int) -> Item: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Item]: ...

    def __getitem__(self, at: int | slice) -> Item | Sequence[Item]:
        return self._items[at]

    def __iter__(self) -> Iterator[Item]:
        begin = time.monotonic()
        bar: Progress | None = None
        try:
            for done, item in enumerate(self._items):
                if done % EVERY == 0:
                    if bar is None and sys.stderr.isatty() and time.monotonic() - begin > AFTER_S:
                        bar = _bar(self._what, len(self))
                    if bar is not None:
                        bar.update(bar.task_ids[0], completed=done)
                yield item
        finally:
            if bar is not None:
                bar.stop()


def _bar(what: str, total: int) -> "Progress":
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(what, total=total)
    bar.start()
    return bar
