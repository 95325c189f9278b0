"""The live view's whole screen as text."""

from pathlib import Path

import pytest

import samples
from support.screens import drawn, play
from unit.cli.watch_app.conftest import diagnosed, watched  # noqa: F401 - a fixture

HERE = Path(__file__).parent / "live_view"
SIZES = {80: 24, 140: 40}
CASES = {
    "connections": (),
    "findings": ("2",),
    "phases": ("3",),
    "listeners": ("4",),
    "ladder": ("enter",),
    "help": ("question_mark",),
    "sorted": ("o", "o", "o", "o", "o", "r", "down"),
    "filtered": ("slash", *"outcome:failed", "enter"),
    "typing": ("slash", *"port:808x"),
}

SCREENS = [*((case, 80) for case in CASES), ("connections", 140), ("findings", 140)]


@pytest.mark.parametrize(("case", "width"), SCREENS)
def test_looks_as_it_did(case, width, watched, update_golden):  # noqa: F811

    async def act(pilot):
        await watched.come(pilot, diagnosed(samples.many()))
        await pilot.press(*CASES[case])
        await pilot.pause()
        text = drawn(pilot.app)
        path = HERE / f"{case}-{width}.txt"
        if update_golden:
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    play(watched.app, act, (width, SIZES[width]))


def test_every_golden_file_is_of_a_case():
    assert {path.name for path in HERE.iterdir()} == {f"{case}-{width}.txt" for case, width in SCREENS}
