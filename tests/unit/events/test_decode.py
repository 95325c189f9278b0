"""Helpers over rows: the last row of each half, addresses that compare equal across families."""

import numpy as np
import pytest

from rows import T0, client_row, listener_row, server_row
from synscope.events.decode import address_text, canonical, first_seen, is_loopback, is_mapped, latest
from synscope.events.wire import HALF, Fate


def test_the_last_row_of_a_half_is_kept_in_the_order_of_the_rows() -> None:
    rows = [client_row(cookie=9), server_row(), client_row(cookie=9, fate=Fate.CLOSED), listener_row()]
    kept = latest(np.concatenate(rows))
    assert kept["cookie"].tolist() == [2, 9, 3]
    assert kept["fate"].tolist() == [Fate.ACCEPTED, Fate.CLOSED, Fate.LISTENING]


def test_each_attempt_of_a_socket_is_a_half() -> None:
    rows = np.concatenate([client_row(attempt=1), client_row(attempt=2), client_row(attempt=2, error=5)])
    kept = latest(rows)
    assert list(zip(kept["attempt"].tolist(), kept["error"].tolist(), strict=True)) == [(1, 0), (2, 5)]


def test_rows_without_a_cookie_are_not_taken_for_one() -> None:
    assert len(latest(np.concatenate([client_row(cookie=0)] * 3))) == 3


def test_without_repetitions_nothing_is_copied() -> None:
    rows = np.concatenate([client_row(), server_row()])
    assert latest(rows) is rows
    assert len(latest(np.empty(0, HALF))) == 0


def test_a_mapped_address_equals_the_plain_one() -> None:
    rows = np.concatenate(
        [client_row(local="10.1.2.3"), client_row(local="::ffff:10.1.2.3"), client_row(local="2001:db8::1")]
    )
    high, low = canonical(rows["local"], rows["family"])
    words = list(zip(high.tolist(), low.tolist(), strict=True))
    assert words[0] == words[1] != words[2]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("128.0.0.1", False),
        ("10.0.0.127", False),
        ("::2", False),
        ("1::1", False),
        ("::7f00:1", False),
    ],
)
def test_loopback(address: str, expected: bool) -> None:
    row = client_row(local=address)
    assert is_loopback(*canonical(row["local"], row["family"])).tolist() == [expected]


def test_first_seen_is_the_earliest_milestone() -> None:
    rows = np.concatenate([client_row(t={"syn_out": 9, "connect": 4, "decided": 1}), client_row(t={})])
    assert first_seen(rows).tolist() == [T0 + 4, 2**64 - 1]


def test_addresses_as_text() -> None:
    mapped = client_row(local="::ffff:192.0.2.1")[0]["local"].tobytes()
    assert address_text(mapped, 10) == "192.0.2.1"
    assert is_mapped(mapped, 10)
    assert address_text(b"\x0a\0\0\x01".ljust(16, b"\0"), 2) == "10.0.0.1"
    assert address_text(bytes(15) + b"\1", 10) == "::1"
    assert address_text(bytes(16), 0) is None
