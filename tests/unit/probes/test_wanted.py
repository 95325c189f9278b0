"""What becomes of events whose socket is not known yet to be wanted."""

import numpy as np
import pytest

from synscope.events.wire import HALF, PATH_EVENT, HalfFlag, PathKind, Side
from synscope.probes import wanted
from synscope.probes.config import CONFIG
from synscope.probes.wanted import Held, certain

NOBODY = np.empty(0, HALF)


@pytest.fixture
def config():
    row = np.zeros(1, CONFIG)[0]
    row["port"], row["ends"] = 443, 1
    return row


def half(cookie, *, port=0, flags=HalfFlag.PROVISIONAL):
    row = np.zeros(1, HALF)
    row["cookie"], row["side"], row["rport"], row["flags"] = cookie, Side.CLIENT, port, flags
    return row


def events(*cookies):
    rows = np.zeros(len(cookies), PATH_EVENT)
    rows["kind"], rows["cookie"] = PathKind.SENT, cookies
    return rows


def test_those_of_a_half_that_has_left_go(config):
    assert Held(config).take(events(1), NOBODY, half(1))["cookie"].tolist() == [1]


def test_those_of_a_half_that_waits_are_held_until_it_leaves(config):
    held = Held(config)
    assert not held.take(events(1, 1), half(1), NOBODY).size
    assert held.take(events(1), NOBODY, half(1))["cookie"].tolist() == [1, 1, 1]


def test_those_of_a_half_that_is_gone_without_a_word_are_dropped(config):
    held = Held(config)
    held.take(events(1), half(1), NOBODY)
    assert not held.take(events(), NOBODY, NOBODY).size
    assert not held.take(events(), NOBODY, half(1)).size


def test_at_the_end_nothing_waits(config):
    held = Held(config)
    held.take(events(1), half(1), NOBODY)
    assert not held.take(events(), half(1), NOBODY, last=True).size


def test_a_client_that_never_sent_its_syn_is_judged_by_the_end_that_it_named(config):
    both = np.concatenate([half(1, port=443), half(2, port=80)])
    assert certain(both, config)["cookie"].tolist() == [1]


def test_what_can_be_held_no_longer_is_counted(config, monkeypatch):
    monkeypatch.setattr(wanted, "REMEMBERED", 2)
    held, lost = Held(config), {}
    held.take(events(1, 1, 1), half(1), NOBODY)
    held.count_losses(lost)
    assert lost == {"events: held too long": 1}
