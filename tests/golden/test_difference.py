"""What `synscope diff` draws, kept as text in `difference/CASE-WIDTH[-ascii].txt`."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import samples
from samples import chain
from synscope.connections.compare import alone, compare, pairs
from synscope.connections.model import Call, Connection
from synscope.views import Style, plain
from synscope.views.differences import Tally, differences, headings

HERE = Path(__file__).parent / "difference"
LISTEN = ("__sys_listen", "inet_listen")
STARTS = ("inet_csk_listen_start", "inet_sk_state_store")


def older() -> Connection:
    """As 6.1 has it: no __inet_listen_sk, an older name, another order, a call elsewhere."""
    own = {"side": "server", "context": "process"}
    create = chain("__sock_create", "inet_create", leaf=(Call(function="sock_init_data", **own),), **own)
    return samples.healthy(calls=(create, chain(*LISTEN, *STARTS, **own), *connecting(False)))


def newer() -> Connection:
    """The same, as a newer kernel has it."""
    own = {"side": "server", "context": "process"}
    create = chain("__sock_create", "inet_create", leaf=(Call(function="sock_init_data_uid", **own),), **own)
    return samples.healthy(
        calls=(create, chain(*LISTEN, "__inet_listen_sk", *STARTS, **own), *connecting(True))
    )


def connecting(late: bool) -> tuple[Call, ...]:
    steps = ["inet_hash_connect", "tcp_set_state", "secure_tcp_seq"]
    leaf = tuple(Call(function=name) for name in (sorted(steps) if late else steps))
    timer = (Call(function="sk_reset_timer"),)
    send = chain("tcp_connect", "__tcp_transmit_skb", leaf=() if late else timer)
    call = chain("tcp_v4_connect", leaf=(*leaf, send, *(timer if late else ())))
    return (Call(function="__x64_sys_connect", enter_ns=10, exit_ns=50_010 + late * 9_000, children=(call,)),)


PAIRS: dict[str, Callable[[], tuple[list[Connection], list[Connection]]]] = {
    "kernels": lambda: ([older()], [newer()]),
    "same": lambda: ([samples.healthy()], [samples.healthy()]),
    "refused": lambda: ([samples.healthy()], [samples.refused()]),
    "many": lambda: (samples.many(20), [*samples.many(13), samples.timed_out()]),
    "none": lambda: ([], []),
    "hostile": lambda: ([samples.healthy()], [samples.hostile()]),
}
CASES = [
    ("kernels", 80, False),
    ("kernels", 120, False),
    ("kernels", 80, True),
    ("same", 80, False),
    ("refused", 80, False),
    ("many", 80, False),
    ("none", 80, False),
    ("hostile", 80, False),
]


def drawn(case: str, style: Style) -> str:
    a, b = PAIRS[case]()
    trace = samples.trace()
    newer_trace = msgspec.structs.replace(trace, header=msgspec.structs.replace(trace.header, kernel="6.19"))
    told = (
        (
            (one, two),
            compare(one, two, lambda _: True, True) if one and two else alone(one, two),
        )
        for one, two in pairs(a, b)
    )
    lines = headings(["a.syn", "b.syn"], [trace, newer_trace], style)
    return plain([*lines, *differences(told, Tally(), 2, style)])


@pytest.mark.parametrize(("case", "width", "only_ascii"), CASES)
def test_looks_as_it_did(case: str, width: int, only_ascii: bool, update_golden: bool) -> None:
    text = drawn(case, Style(width=width, ascii=only_ascii))
    path = HERE / f"{case}-{width}{'-ascii' * only_ascii}.txt"
    if update_golden:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_golden_file_is_of_a_case() -> None:
    known = {f"{case}-{width}{'-ascii' * a}.txt" for case, width, a in CASES}
    assert {path.name for path in HERE.glob("*.txt")} == known


@pytest.mark.parametrize("width", [60, 72, 80, 100, 120])
@pytest.mark.parametrize("case", PAIRS)
def test_no_line_is_wider_than_the_terminal(case: str, width: int) -> None:
    lines = drawn(case, Style(width=width)).splitlines()
    assert max(map(len, lines)) <= max(width, 72)
    assert "\x1b" not in "".join(lines)
    assert drawn(case, Style(ascii=True)).isascii()
