"""What keys do: driven as a person would, without a terminal or a session."""

from pathlib import Path

import samples
from support.screens import drawn, play
from synscope.cli.watch_app.lines import Lines
from unit.cli.watch_app.conftest import diagnosed


def numbers(app):
    """Of the connections on the screen, from the top."""
    rows = [line.split() for line in drawn(app).splitlines()[6:-2]]
    return [int(words[0]) for words in rows if words]


def said(app):
    return drawn(app).splitlines()[-2].strip()


def test_the_newest_stand_at_the_top_as_they_come(watched):
    async def act(pilot):
        await watched.come(pilot, samples.many(3))
        assert numbers(pilot.app) == [3, 2, 1]
        await watched.come(pilot, samples.many(5)[3:])
        assert numbers(pilot.app) == [5, 4, 3, 2, 1]

    play(watched.app, act)


def test_the_cursor_stays_on_its_connection(watched):
    async def act(pilot):
        await watched.come(pilot, samples.many(30))
        await pilot.press("down", "down")
        await watched.come(pilot, samples.many(80)[30:])
        assert pilot.app.query_one(Lines).chosen.number == 28
        assert 28 in numbers(pilot.app)
        await pilot.press("home")
        await watched.come(pilot, samples.many(81)[80:])
        assert numbers(pilot.app)[0] == pilot.app.query_one(Lines).chosen.number == 81

    play(watched.app, act)


def test_it_scrolls_to_the_end(watched):
    async def act(pilot):
        await watched.come(pilot, samples.many(40))
        await pilot.press("end")
        assert numbers(pilot.app) == list(range(16, 0, -1))
        await pilot.press("pageup", "pageup")
        assert 17 in numbers(pilot.app)

    play(watched.app, act)


def test_sorting_and_reversing(watched):
    async def act(pilot):
        await watched.come(pilot, samples.many(9))
        await pilot.press(*"ooooo")
        assert numbers(pilot.app) == [9, 8, 6, 5, 4, 3, 2, 1, 7]  # by setup: the refused took 41 µs
        await pilot.press("r")
        assert numbers(pilot.app)[0] == 7
        await pilot.press("O")
        assert numbers(pilot.app)[0] == 7  # by outcome: ECONNREFUSED

    play(watched.app, act)


def test_a_filter_holds_while_it_is_typed_and_for_what_comes(watched):
    async def act(pilot):
        await watched.come(pilot, samples.many(8))
        await pilot.press("slash", *"outcome:failed")
        assert numbers(pilot.app) == [7]
        await pilot.press("enter")
        await watched.come(pilot, samples.many(15)[8:])
        assert numbers(pilot.app) == [14, 7]
        assert said(pilot.app) == "filter: outcome:failed"

    play(watched.app, act)


def test_a_wrong_filter_is_told_and_escape_brings_back_the_last(watched):
    async def act(pilot):
        await watched.come(pilot, samples.many(8))
        await pilot.press("slash", *"outcme:q", "enter")
        assert said(pilot.app) == "cannot filter by outcme:q: there is no key 'outcme'; outcome?"
        await pilot.press("escape")
        assert numbers(pilot.app) == list(range(8, 0, -1))
        await pilot.press("q")
        assert not pilot.app.is_running

    play(watched.app, act)


def test_enter_opens_the_ladder_of_a_finding_too(watched):
    async def act(pilot):
        await watched.come(pilot, diagnosed(samples.many(14)))
        await pilot.press("2", "down", "enter")
        assert "#7  127.0.0.1:50166 → 127.0.0.1:9" in drawn(pilot.app)
        watched.feed.ask(lambda: "saved meanwhile")
        await pilot.press("tab")  # is not for the panels below
        await watched.come(pilot, samples.many(15)[14:])
        await pilot.press("q")
        assert "7 error refused-no-listener" in drawn(pilot.app)
        assert said(pilot.app) == "saved meanwhile"

    play(watched.app, act)


def test_tab_goes_through_the_panels(watched):
    async def act(pilot):
        await watched.come(pilot, samples.many(3))
        headings = []
        for _ in range(4):
            await pilot.press("tab")
            headings.append(drawn(pilot.app).splitlines()[5].split()[0])
        assert headings == ["no", "phase", "listener", "-#"]

    play(watched.app, act)


def test_saving_asks_before_it_replaces(watched, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("b").touch()

    async def act(pilot):
        await pilot.press("s", "ctrl+u", "a", "enter")
        await pilot.press("s", "ctrl+u", "b", "enter")
        assert said(pilot.app) == "b exists; replace it? y or n"
        await pilot.press("escape")
        assert not said(pilot.app)
        await pilot.press("s", "ctrl+u", "b", "enter", "n", "enter")
        assert said(pilot.app) == "not saved"
        await pilot.press("s", "ctrl+u", "b", "enter", "y", "enter")

    play(watched.app, act)
    assert watched.saved == [(Path("a"), False), (Path("b"), True)]


def test_what_others_named_is_harmless_and_no_markup(watched):
    bold = samples.healthy(id="c1", client=samples.client(comm="[bold]x[/]"))
    evil = samples.healthy(id="c2", client=samples.client(comm=samples.HOSTILE))

    async def act(pilot):
        await watched.come(pilot, [bold, evil])
        screen = drawn(pilot.app)
        assert "[bold]" in screen
        assert "\\x1b]0;x" in screen
        assert all(line.isprintable() for line in screen.splitlines())

    play(watched.app, act, (120, 24))


def test_it_ends_when_there_will_be_no_more(watched):
    async def act(pilot):
        watched.over = True
        watched.app._tick()
        await pilot.pause()
        assert not pilot.app.is_running

    play(watched.app, act)


def test_ctrl_c_ends_it_while_a_question_is_open(watched):
    async def act(pilot):
        await pilot.press("slash", "x", "ctrl+c")
        await pilot.pause()
        assert not pilot.app.is_running

    play(watched.app, act)


def test_a_small_terminal_is_drawn_all_the_same(watched):
    async def act(pilot):
        await watched.come(pilot, samples.many(30))
        await pilot.resize_terminal(40, 8)
        await pilot.press("4", "1", "end", "enter", "escape")
        assert len(drawn(pilot.app).splitlines()) == 8

    play(watched.app, act)
