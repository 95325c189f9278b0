import os

import pytest

from synscope.lab.stage import report
from synscope.lab.stage.report import Report, Witness

SAW, DID_NOT = Witness("connect(): ECONNREFUSED", True), Witness("OutRsts 0", False)


@pytest.fixture
def descriptor():
    made = os.memfd_create("report")
    yield made
    os.close(made)


def test_what_is_written_is_read(descriptor):
    left = Report([SAW], ("192.0.2.1", 40000), "too long: 30 s")
    report.write(descriptor, left)
    assert report.read(descriptor) == left


def test_nothing_written_is_a_failure(descriptor):
    assert "without a report" in report.read(descriptor).failure


@pytest.mark.parametrize(
    ("left", "held"),
    [
        (Report([SAW]), True),
        (Report([SAW, DID_NOT]), False),
        (Report([]), False),
        (Report([SAW], None, "stuck"), False),
    ],
)
def test_somebody_must_have_seen_it_and_nobody_otherwise(left, held):
    assert left.held is held
