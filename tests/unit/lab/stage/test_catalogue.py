import pytest

from synscope.errors import Exit, SynscopeError
from synscope.lab.stage.catalogue import names, scenario
from synscope.lab.stage.needs import NEEDS


def test_scenarios_are_found_by_being_there():
    assert {"healthy", "accept-queue-overflow", "syn-lost"} <= set(names())


def test_an_unknown_name_is_answered_with_a_close_one():
    with pytest.raises(SynscopeError) as error:
        scenario("accept-queue-overflw")
    assert error.value.code == Exit.USAGE
    assert error.value.remedy == "synscope scenario run accept-queue-overflow"


@pytest.mark.parametrize("name", names())
def test_what_it_needs_can_be_asked_for(name):
    assert set(scenario(name).needs) <= set(NEEDS)


def test_record_detail_expects_the_same_unless_said_otherwise():
    assert scenario("syn-lost").expected("record") == scenario("syn-lost").findings
    assert scenario("no-route").expected("record") == ("connect-failed",)
