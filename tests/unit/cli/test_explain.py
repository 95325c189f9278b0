import pytest

from synscope.diagnosis.page import HEADINGS
from synscope.diagnosis.registry import codes
from synscope.errors import Exit


def test_every_code_is_listed(cli):
    result = cli("explain")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines() if not line.startswith(" ")] == [*codes()]
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


@pytest.mark.parametrize("code", codes())
def test_a_page_has_every_heading(cli, code):
    result = cli("explain", code)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{code}: ")
    assert [line for line in result.stdout.splitlines() if line in HEADINGS] == [*HEADINGS]
    assert all(len(line) <= 80 for line in result.stdout.splitlines()[1:])


def test_a_wrong_code_gets_a_hint(cli):
    result = cli("explain", "syn-dropt-output")
    assert result.exit_code == Exit.USAGE
    assert "Try: synscope explain syn-dropped-output" in result.stderr
    assert "synscope explain, to list them" in cli("explain", "?").stderr
