"""The state diagram for a terminal, kept as text: see `test_views`."""

from pathlib import Path

import pytest

import samples
from synscope.views import Style, plain
from synscope.views.state_diagram import diagram

HERE = Path(__file__).parent / "state-diagram"
CASES = [
    ("none", False),
    ("none", True),
    ("healthy", False),
    ("healthy", True),
    ("refused", False),
    ("server-only", False),
]


@pytest.mark.parametrize(("sample", "only_ascii"), CASES)
def test_looks_as_it_did(sample: str, only_ascii: bool, update_golden: bool) -> None:
    connection = None if sample == "none" else samples.SAMPLES[sample]()
    text = plain(diagram(connection, Style(width=80, ascii=only_ascii)))
    path = HERE / f"{sample}{'-ascii' * only_ascii}.txt"
    if update_golden:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
