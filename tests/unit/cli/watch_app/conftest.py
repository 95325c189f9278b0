import time
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

import samples
from synscope.cli.live_lines import Tally
from synscope.cli.watch_app.app import WatchApp
from synscope.cli.watch_app.feed import Feed
from synscope.connections.model import Finding


def diagnosed(connections):
    """With a finding for each that was refused."""
    said = Finding(
        code="refused-no-listener",
        severity="error",
        summary="Nothing listens on 127.0.0.1:9: the SYN was answered with a reset.",
    )
    return [
        msgspec.structs.replace(one, findings=(said,)) if one.outcome == "refused" else one
        for one in connections
    ]


class Watched:
    """An app whose connections a test feeds; `saved` is what it was asked to save, `now` its clock in s."""

    now = 100.0

    def __init__(self, monkeypatch):
        clock = SimpleNamespace(
            monotonic=lambda: self.now,
            time_ns=lambda: 1_767_225_661_000_000_000,
            strftime=lambda _: "synscope-20260101-000101.syn",
        )
        monkeypatch.setattr("synscope.cli.watch_app.app.time", clock)
        self.feed = Feed(Tally(()))
        self.over = False
        self.saved: list[tuple[Path, bool]] = []
        header = samples.trace().header
        header.hostname, header.command = "host", ["synscope", "watch", "--port", "8080"]
        self.app = WatchApp(
            self.feed, lambda: self.over, header, lambda path, force: self.saved.append((path, force)), False
        )

    async def come(self, pilot, connections):
        """Hand connections over, and have them drawn."""
        self.feed(connections)
        self.app._tick()
        await self.later(pilot, 4)

    async def later(self, pilot, seconds):
        """Let time pass."""
        self.now += seconds
        self.app._tick()
        await pilot.pause()


@pytest.fixture
def watched(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield Watched(monkeypatch)
    monkeypatch.undo()
    time.tzset()
