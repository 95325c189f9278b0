"""Views as people see them, kept as text: `VIEW-SAMPLE-WIDTH[-ascii].txt` beside this file.

After a deliberate change: `pytest tests/golden --update-golden`, then read the difference.
"""

from pathlib import Path

import pytest

import samples
from synscope.views import VIEWS, Style, plain
from synscope.views.story import story

HERE = Path(__file__).parent
NEXT = "synscope run -o trace.syn -- curl -s http://127.0.0.1:8080/"

CASES = [
    *((f"ladder-{name}", 80, False) for name in samples.SAMPLES),
    ("ladder-healthy", 120, False),
    ("ladder-healthy", 80, True),
    ("ladder-timed-out", 80, True),
    ("ladder-inet6", 120, False),
    ("ladder-hostile", 80, True),
    ("calls-healthy", 80, False),
    ("calls-healthy", 120, False),
    ("calls-healthy", 80, True),
    ("calls-refused", 80, False),
    ("calls-traced", 80, False),
    ("calls-traced", 110, False),
    ("calls-traced-explained", 80, False),
    ("calls-traced-explained", 110, False),
    ("calls-traced-explained", 80, True),
    ("states-healthy", 80, False),
    ("states-timed-out", 80, False),
    ("states-server-only", 80, False),
    ("timeline-healthy", 80, False),
    ("timeline-healthy", 120, False),
    ("timeline-healthy", 80, True),
    ("timeline-timed-out", 80, False),
    ("timeline-timed-out", 80, True),
    ("timeline-in-progress", 80, False),
    ("timeline-crossing", 80, False),
    ("timeline-server-only", 80, False),
    ("timeline-alone", 80, False),
    ("table-many", 80, False),
    ("table-many", 120, False),
    ("table-each", 80, False),
    ("table-each", 120, False),
    ("table-each", 80, True),
    ("summary-many", 80, False),
    ("summary-many", 120, False),
    ("summary-many", 80, True),
    ("summary-none", 80, False),
    ("ladder-none", 80, False),
    ("story-healthy", 80, False),
    ("story-many", 80, False),
    ("story-none", 80, False),
]


def connections(sample: str):
    lists = {
        "none": list,
        "traced": lambda: [samples.traced()],
        "many": samples.many,
        "each": lambda: [make() for make in samples.SAMPLES.values()],
    }
    return lists[sample]() if sample in lists else [samples.SAMPLES[sample]()]


@pytest.mark.parametrize(
    ("case", "width", "only_ascii"), CASES, ids=[f"{case}-{width}{'-ascii' * a}" for case, width, a in CASES]
)
def test_looks_as_it_did(case: str, width: int, only_ascii: bool, update_golden: bool):
    name, _, sample = case.removesuffix("-explained").partition("-")
    style = Style(width=width, ascii=only_ascii, explain=case.endswith("-explained"))
    trace = samples.trace(left_out={"mptcp": 2}) if sample == "none" else samples.trace()
    if name == "story":
        text = plain(story(connections(sample), trace, style, NEXT))
    else:
        text = plain(VIEWS[name].render(connections(sample), trace, style))
    path = HERE / f"{case}-{width}{'-ascii' if only_ascii else ''}.txt"
    if update_golden:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_golden_file_is_of_a_case():
    known = {f"{case}-{width}{'-ascii' if a else ''}.txt" for case, width, a in CASES}
    assert {path.name for path in HERE.glob("*.txt")} == known
