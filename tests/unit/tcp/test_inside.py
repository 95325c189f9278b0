import pytest

from synscope.tcp.inside import Isns, isns

VALUES = {"snd_una": 1_001, "bytes_acked": 1, "rcv_nxt": 51, "bytes_received": 0, "sk_max_ack_backlog": 0}


@pytest.mark.parametrize("state", ["CLOSE", "LISTEN"])
def test_nothing_is_chosen_yet(state):
    assert isns(state, VALUES) is None


def test_the_syn_is_not_acknowledged_yet():
    assert isns("SYN_SENT", VALUES) == Isns(own=1_001)


def test_counted_back_from_what_was_acknowledged_and_received():
    """connect(): the SYN counts among `bytes_acked`."""
    later = VALUES | {"snd_una": 1_101, "bytes_acked": 101, "rcv_nxt": 551, "bytes_received": 500}
    assert isns("ESTABLISHED", VALUES) == isns("FIN_WAIT1", later) == Isns(1_000, 50, "active")


def test_a_child_of_a_listener_starts_one_above():
    assert isns("ESTABLISHED", VALUES | {"bytes_acked": 0, "sk_max_ack_backlog": 128}) == Isns(
        1_000, 50, "passive"
    )


def test_numbers_wrap():
    values = VALUES | {"snd_una": 5, "bytes_acked": 10, "rcv_nxt": 0}
    assert isns("ESTABLISHED", values) == Isns((1 << 32) - 5, (1 << 32) - 1, "active")
