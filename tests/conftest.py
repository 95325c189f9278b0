"""Fixtures for tests of the running kernel, and CI's rule that nothing is skipped in silence.

Helpers that are not fixtures (`require`, `network_namespace`, `peer`, …) are imported from `support`.
"""

import os
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from support.capture import tcpdump
from support.namespaces import Namespace, child_cgroup, network_namespace
from support.processes import Peer, peer
from support.require import is_refused, require, strict


def pytest_configure() -> None:
    """As from a terminal: a run under nohup, or in a shell's background, is started with these ignored."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI, a `needs_kernel` test that skips has failed, unless this kernel cannot have the feature."""
    report = yield
    if (
        report.skipped
        and not hasattr(report, "wasxfail")
        and strict()
        and item.get_closest_marker("needs_kernel")
    ):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if is_refused(reason):
            report.outcome = "failed"
            report.longrepr = f"CI may not skip this: {reason}"
    return report


@pytest.fixture
def netns() -> Iterator[Namespace]:
    """A network namespace of the test's own, `lo` up."""
    require(os.geteuid() == 0, "needs root to make a network namespace")
    with network_namespace() as space:
        yield space


@pytest.fixture
def cgroup() -> Iterator[Path]:
    """A cgroup v2 of the test's own, a child of pytest's."""
    require(os.geteuid() == 0, "needs root to make a cgroup")
    with child_cgroup() as path:
        yield path


@pytest.fixture
def capture(tmp_path: Path) -> Callable[..., AbstractContextManager[Path]]:
    """`with capture(netns) as pcap:` records all TCP of the namespace; the file is whole afterwards."""
    numbers = count(1)

    def start(namespace: Namespace, interface: str = "any") -> AbstractContextManager[Path]:
        return tcpdump(namespace, tmp_path / f"capture-{next(numbers)}.pcap", interface)

    return start


@pytest.fixture
def server() -> Iterator[Callable[..., Peer]]:
    """`server(address, port, count, backlog, namespace=…, cgroup=…)`: listens when this returns."""
    with ExitStack() as stack:

        def start(
            address: str = "127.0.0.1", port: int = 0, count: int = 1, backlog: int = 128, **where: Any
        ) -> Peer:
            return stack.enter_context(peer("server", address, port, count, backlog, **where))

        yield start


@pytest.fixture
def client() -> Iterator[Callable[..., Peer]]:
    """`client(address, port, count, source_port, namespace=…, cgroup=…)`: its pid is known at return."""
    with ExitStack() as stack:

        def start(address: str, port: int, count: int = 1, source_port: int = 0, **where: Any) -> Peer:
            return stack.enter_context(peer("client", address, port, count, source_port, **where))

        yield start
