"""Every rule has what `registry.Rule` asks for, a whole page, and a test; the reference page is not stale."""

import importlib.util
from pathlib import Path

import pytest

from synscope.diagnosis.page import HEADINGS, page, related
from synscope.diagnosis.registry import all_rules, codes
from synscope.diagnosis.verdict import SEVERITIES

ROOT = Path(__file__).parents[3]
RULES = {rule.CODE: rule for rule in all_rules()}
# Zeek, scripts/base/protocols/conn/main.zeek
CONN_STATES = {"S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH"}


def module_of(code):
    return code.replace("-", "_")


@pytest.mark.parametrize("code", RULES)
def test_the_code_is_the_modules_name(code):
    assert RULES[code].__name__ == f"synscope.diagnosis.rules.{module_of(code)}"


@pytest.mark.parametrize("code", RULES)
def test_the_constants_are_of_their_kinds(code):
    rule = RULES[code]
    assert rule.SEVERITY in SEVERITIES
    assert rule.ROLE in ("cause", "otherwise", "besides")
    assert rule.CONN_STATE is None or rule.CONN_STATE in CONN_STATES
    assert rule.ERROR_TYPE is None or rule.ERROR_TYPE.strip() == rule.ERROR_TYPE
    assert (rule.ERROR_TYPE is None) <= (rule.SEVERITY != "error")


@pytest.mark.parametrize("code", RULES)
def test_the_page_has_every_heading_in_order(code):
    title, sections = page(RULES[code])
    assert title and len(title) <= 110
    assert tuple(sections) == HEADINGS
    assert all(sections.values())


@pytest.mark.parametrize("code", RULES)
def test_related_codes_are_codes(code):
    assert related(RULES[code])
    assert set(related(RULES[code])) <= set(codes()) - {code}


@pytest.mark.parametrize("code", RULES)
def test_it_has_a_test_of_its_own(code):
    assert (Path(__file__).parent / f"rules/test_{module_of(code)}.py").exists()


def test_the_reference_page_is_what_the_tool_writes():
    spec = importlib.util.spec_from_file_location("write_findings", ROOT / "tools/write_findings.py")
    assert spec and spec.loader
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.PAGE.read_text() == tool.text(), "run tools/write_findings.py"
