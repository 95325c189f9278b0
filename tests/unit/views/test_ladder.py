"""Tests that say what a reader must be able to read off a ladder; how it looks is in tests/golden."""

import re

import msgspec

import samples
from synscope.views import VIEWS, Style


def drawn(connection, **style) -> list[str]:
    return [line.plain for line in VIEWS["ladder"].render([connection], samples.trace(), Style(**style))]


def row(lines: list[str], *words: str) -> str:
    """The one line that has all these words."""
    found = [line for line in lines if all(word in line for word in words)]
    assert len(found) == 1, (words, found)
    return found[0]


def test_title_names_both_ends_outcome_and_owners():
    (title,) = [line for line in drawn(samples.healthy(), width=120) if line.startswith("#1")]
    assert title == (
        "#1  127.0.0.1:50164 → 127.0.0.1:8080   established in 58 µs   python3[4711] → python3[4710]"
    )


def test_a_segment_has_its_senders_time_at_the_tail_and_the_receivers_at_the_head():
    lines = drawn(samples.healthy())
    assert re.fullmatch(r" SYN ─+ \+21 µs ┊  \+31 µs ─+►", row(lines, "SYN ─"))
    assert re.fullmatch(r" ◄─+ \+46 µs ┊  \+39 µs ─+ SYN-ACK", row(lines, "◄"))


def test_each_state_change_names_its_function_and_stands_on_its_side():
    lines = drawn(samples.healthy(), width=120)
    line = row(lines, "SYN_SENT → ESTABLISHED")
    assert line.startswith(" SYN_SENT → ESTABLISHED  by tcp_finish_connect") and "+58 µs ┊" in line
    line = row(lines, "LISTEN → SYN_RECV")
    assert line.endswith("┊  +70 µs  LISTEN → SYN_RECV  by tcp_v4_syn_recv_sock")


def test_every_clock_runs_downward():
    units = {"µs": 1, "ms": 1e3, "s": 1e6}
    for make in (samples.healthy, samples.crossing, samples.wrong_ack, samples.timed_out):
        left, right = [], []
        for line in drawn(make()):
            before, bar, after = line.partition("┊")
            for text, clock, pattern in (
                (before, left, r"([+−][\d.]+) (µs|ms|s) $"),
                (after, right, r"^ +([+−][\d.]+) (µs|ms|s)"),
            ):
                if bar and (match := re.search(pattern, text)):
                    clock.append(float(match[1].replace("−", "-")) * units[match[2]])
        assert len(left) > 2
        assert left == sorted(left) and right == sorted(right)


def test_milestones_that_a_segment_or_a_state_shows_are_not_told_twice():
    text = "\n".join(drawn(samples.healthy()))
    assert "sends the SYN" not in text and "SYN arrives" not in text
    assert text.count("ESTABLISHED") == 2 and "established" not in text.split("ESTABLISHED")[1]


def test_ack_is_checked_against_the_peers_isn():
    lines = drawn(samples.wrong_ack())
    row(lines, "ack 2269068384 ✗ ISN+0, not ISN+1")
    row(lines, "ack 829471101 = ISN+1 ✓")


def test_retransmissions_are_numbered_and_drops_end_in_a_cross():
    lines = drawn(samples.timed_out())
    assert row(lines, "SYN, retransmission 2").endswith("+2.028 s ┊ ──✗")
    assert sum("dropped: NETFILTER_DROP nf_hook_slow" in line for line in lines) == 3
    row(lines, "timed out after 3.050 s · ETIMEDOUT · 2 retransmissions")


def test_a_missing_half_is_said_once_and_its_side_stays_empty():
    lines = drawn(samples.client_only())
    assert sum("not seen here" in line for line in lines) == 1
    assert row(lines, "SYN ─").endswith("+21 µs ┊ ──►")


def test_without_connect_zero_is_explained():
    lines = drawn(samples.server_only())
    row(lines, "connect() was not seen: t = 0 is when the SYN arrived.")


def test_a_segment_is_drawn_in_two_lines_when_something_happens_before_it_arrives():
    lines = drawn(samples.crossing())
    leaves = next(at for at, line in enumerate(lines) if line.endswith("+21 µs ┊ ──…"))
    listens = next(at for at, line in enumerate(lines) if "listen()" in line)
    arrives = next(at for at, line in enumerate(lines) if "SYN … ── ┊  +400 ms" in line)
    assert leaves < listens < arrives


def test_accept_says_how_long_it_queued_and_the_listener_how_full_it_is():
    lines = drawn(samples.healthy())
    row(lines, "accept()", "queued for 21 µs")
    row(lines, "request", "backlog 0/128")


def test_an_accept_queue_that_is_full_is_said_so_without_colour():
    listener = samples.Listener(backlog_at_syn=129, backlog_max=128)
    row(drawn(samples.healthy(server=samples.server(listener=listener))), "backlog 129/128, full")


def test_inferred_segments_are_dotted_with_one_footnote():
    lines = drawn(samples.record_detail())
    assert "┈┈┈ +20 µs ┊" in row(lines, "SYN ┈")
    assert sum("not captured" in line for line in lines) == 1
    assert not any("not captured" in line for line in drawn(samples.healthy()))


def test_segments_without_times_stand_before_what_they_brought_about():
    lines = drawn(samples.untimed())
    syn = next(at for at, line in enumerate(lines) if "SYN ┈" in line)
    request = next(at for at, line in enumerate(lines) if "request" in line and "┊" in line)
    assert syn < request
    assert sum("seq" in line for line in lines) == 3


def test_errors_of_the_socket_are_told_unless_the_outcome_has():
    assert not any("sk_err" in line for line in drawn(samples.refused()))
    soft = samples.client(sk_err_soft="EHOSTUNREACH")
    row(drawn(samples.healthy(client=soft)), "client sk_err_soft EHOSTUNREACH")


def test_a_connection_about_which_nothing_is_known_is_drawn():
    assert drawn(samples.Connection(id="c1", outcome=None))[0] == "#1  ? → ?   outcome not known"


def test_order_of_segments_given_does_not_matter():
    connection = samples.healthy()
    backwards = msgspec.structs.replace(connection, segments=connection.segments[::-1])
    assert drawn(backwards) == drawn(connection)
