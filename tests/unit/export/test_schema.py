import json
import re
from pathlib import Path

import jsonschema
import pytest

import samples
from synscope.export.json import encode
from synscope.export.schema import FIELDS, TYPES, schema

PAGE = Path(__file__).parents[3] / "docs/reference/connection-json.md"

# The contract (design/connection-json.md), field by field, as it was agreed.
CONTRACT = {
    "Connection": "schema id outcome errno family mapped client server milestones transitions segments phases"
    " calls findings lost",
    "Half": "address port netns cgroup pid tid comm uid cookie isn ops listener",
    "Listener": "cookie backlog_at_syn backlog_max syn_cookie",
    "Milestone": "name side t_ns",
    "Transition": "side from to t_ns by",
    "Segment": "n from flags seq ack window options sent_ns received_ns retransmission",
    "Phase": "name side start_ns duration_ns",
    "Call": "function evidence side context enter_ns exit_ns args ret children",
    "Finding": "code severity summary evidence counter_evidence remedy confidence",
}


@pytest.fixture(scope="module")
def validator():
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


@pytest.mark.parametrize("sample", samples.SAMPLES)
def test_every_sample_is_valid(sample, validator):
    validator.validate(json.loads(encode(samples.SAMPLES[sample]())))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema", "synscope.connection/2"),
        ("outcome", "good"),
        ("segments", [{"n": 1}]),
        ("milestones", [{"name": "lunch", "side": "client", "t_ns": 1}]),
        ("client", {"port": "http"}),
    ],
)
def test_what_breaks_the_contract_is_not_valid(field, value, validator):
    told = json.loads(encode(samples.healthy()))
    assert not validator.is_valid({**told, field: value})
    assert not validator.is_valid({name: told[name] for name in told if name != field})


def test_a_field_added_later_is_valid(validator):
    validator.validate({**json.loads(encode(samples.healthy())), "weather": "fine"})


def test_it_says_which_version_of_what_it_is():
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema()["$id"] == "synscope.connection/1"


@pytest.mark.parametrize("name", CONTRACT)
def test_every_field_of_the_contract_is_there(name):
    assert set(CONTRACT[name].split()) <= set(schema()["$defs"][name]["properties"])


@pytest.mark.parametrize("name", TYPES)
def test_every_field_has_a_word_and_no_word_is_without_a_field(name):
    assert set(FIELDS[name]) == set(schema()["$defs"][name]["properties"])


def test_the_reference_page_has_each_types_fields_in_their_order():
    assert set(TYPES) == set(schema()["$defs"])
    documented = {
        heading: re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE)
        for heading, body in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.M | re.S)
    }
    for name, definition in schema()["$defs"].items():
        assert documented[name] == list(definition["properties"]), name


def test_the_reference_page_lists_every_outcome_and_kind_of_evidence():
    text = PAGE.read_text()
    definitions = schema()["$defs"]
    outcomes = definitions["Connection"]["properties"]["outcome"]["anyOf"][0]["enum"]
    kinds = definitions["Call"]["properties"]["evidence"]["enum"]
    for value in (*outcomes, *kinds):
        assert re.search(rf"^\| `{value}` \|", text, re.MULTILINE), value
