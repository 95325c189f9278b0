"""Every scenario as `synscope scenario run` plays it: others saw the fault, and synscope names it first."""

import os
from pathlib import Path

import pytest

from support.require import NOT_ON_THIS_KERNEL, require
from synscope.cli.recording import Recording
from synscope.cli.scenario import play
from synscope.diagnosis.diagnose import diagnosed
from synscope.diagnosis.registry import codes
from synscope.events.wire import HalfFlag
from synscope.export.json import encode
from synscope.lab.stage.catalogue import HEADINGS, Detail, all_scenarios, names, scenario
from synscope.lab.stage.needs import missing
from synscope.lab.stage.verdict import verdict

DETAILS: tuple[Detail, Detail] = ("path", "record")
WITHOUT = {
    "illegal-transition": "it says that the kernel's own state machine went wrong",
}
"""Rules that no scenario can show here, and why."""

PLAYED = [
    (one.name, detail) for one in all_scenarios() for detail in DETAILS if one.expected(detail) is not None
]


@pytest.mark.needs_kernel
@pytest.mark.parametrize(("name", "detail"), PLAYED)
def test_the_fault_happens_and_is_named(name: str, detail: Detail) -> None:
    chosen = scenario(name)
    expected = chosen.expected(detail)
    require(os.geteuid() == 0, "needs root to make network namespaces")
    why = missing(chosen.needs)
    require(not why, f"{NOT_ON_THIS_KERNEL} {why}")
    played = play(chosen, detail, Recording(None))
    assert played.report.held, played.report
    found = verdict(played.trace, played.report.subject)
    assert found[: len(expected)] == expected, [encode(one) for one in diagnosed(played.trace)[:5]]
    assert bool(found) == bool(expected)
    assert not played.outlived
    own = played.trace.halves["flags"] & HalfFlag.PEER == 0  # a peer may be anybody's on this host
    assert not in_use(set(played.trace.halves["netns"][own].tolist()) - {0})


def in_use(numbers: set[int]) -> set[int]:
    """Those of these network namespaces that a process is in, or that has a name."""
    links = [*Path("/proc").glob("[0-9]*/ns/net"), *Path("/run/netns").glob("*")]
    return {inode(link) for link in links} & numbers


def inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:  # the process has ended
        return 0


@pytest.mark.parametrize("name", names())
def test_the_page_has_every_heading(name: str) -> None:
    page = scenario(name).page
    assert tuple(page.sections) == HEADINGS
    assert page.title
    assert all(page.sections.values())


@pytest.mark.parametrize("name", names())
def test_it_is_called_as_its_file_is_and_shows_findings_that_exist(name: str) -> None:
    chosen = scenario(name)
    assert chosen.name == name
    assert {*chosen.findings, *(chosen.in_record or ())} <= set(codes())


def test_every_rule_has_a_scenario() -> None:
    shown = {code for one in all_scenarios() for code in (*one.findings, *(one.in_record or ()))}
    assert set(codes()) - shown == set(WITHOUT)
