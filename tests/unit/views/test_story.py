import samples
from synscope.views import Style
from synscope.views.story import remarkable, story

NEXT = "synscope show t.syn"


def drawn(connections, **footer) -> list[str]:
    return [line.plain for line in story(connections, samples.trace(**footer), Style(), NEXT)]


def titles(lines: list[str]) -> list[str]:
    return [line.split()[0] for line in lines if line.startswith("#")]


def test_the_last_line_is_the_next_command():
    for connections in ([], [samples.healthy()], samples.many()):
        assert drawn(connections)[-1] == f" Next: {NEXT}"


def test_few_have_a_ladder_each_and_their_call_trees():
    lines = drawn([samples.healthy(), samples.refused()])
    assert titles(lines) == ["#1", "#2"]
    assert any("tcp_v4_send_synack" in line for line in lines)


def test_more_than_three_have_a_hint_instead_of_trees():
    lines = drawn([samples.healthy(id=f"c{n}") for n in range(1, 5)])
    assert len(titles(lines)) == 4
    assert not any("tcp_v4_send_synack" in line for line in lines)
    assert any("--view calls" in line for line in lines)


def test_many_have_a_summary_twenty_rows_and_one_ladder():
    lines = drawn(samples.many(40))
    assert titles(lines) == ["#7"]
    assert any("and 20 more" in line for line in lines)
    assert any("40 connections" in line for line in lines)
    assert " The first that failed, #7:" in lines


def test_the_first_failure_is_remarkable_else_the_slowest():
    assert remarkable(samples.many(40))[0].id == "c7"
    established = [c for c in samples.many(40) if c.outcome == "established"]
    chosen, why = remarkable(established)
    assert chosen.id == "c40" and why == "The slowest"


def test_losses_are_said_once_however_many_connections():
    for connections in ([samples.healthy()], samples.many()):
        said = [line for line in drawn(connections, lost={"ring full": 3}) if "ring full" in line]
        assert len(said) == 1
