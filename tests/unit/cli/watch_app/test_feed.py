import samples
from synscope.cli.live_lines import Tally
from synscope.cli.watch_app.feed import Feed
from synscope.views.live_rows import LIMIT


def test_connections_are_handed_on_once_and_counted():
    tally = Tally(())
    feed = Feed(tally)
    feed(samples.many(7))
    assert [one.id for one in feed.take()] == [f"c{number}" for number in range(1, 8)]
    assert feed.take() == []
    assert tally.outcomes == {"established": 6, "refused": 1}


def test_a_screen_that_stands_still_keeps_only_the_newest_waiting():
    feed = Feed(Tally(()))
    feed([samples.healthy(id=f"c{number}") for number in range(1, 4)] * (LIMIT // 2))
    assert len(feed.take()) == LIMIT


def test_jobs_are_done_where_connections_come_from():
    feed = Feed(Tally(()))
    done = []
    feed.ask(lambda: done.append(1) or "saved")
    assert (done, feed.said()) == ([], None)
    feed([])
    assert (done, feed.said(), feed.said()) == ([1], "saved", None)
