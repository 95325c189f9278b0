"""`synscope socket` as people see it, kept in `socket/CASE-WIDTH[-ascii].txt`.

After a deliberate change: `pytest tests/golden --update-golden`, then read the difference.
"""

from pathlib import Path

import pytest

from synscope.tcp.socket_call import decide
from synscope.tcp.socket_decision import Call, Caller, Kernel
from synscope.tcp.socket_report import outcome, report
from synscope.views import Style, plain
from synscope.views.socket_call import socket_call

HERE = Path(__file__).with_name("socket")
KERNEL = Kernel(
    protocols=("TCP", "UDP", "RAW", "PING", "MPTCP", "UDP-Lite", "TCPv6", "UDPv6", "RAWv6", "PINGv6"),
    ipproto_max=263,
    can_load=True,
)
ROOT = Caller(net_raw=True, groups=(0,))
NOBODY = Caller(net_raw=False, groups=(65534,))
SCTP = Kernel(protocols=("TCP",), ipproto_max=263, can_load=True, modules={"net-pf-2-proto-132": ("sctp",)})
CASES = {
    "tcp": (Call(2, 1, 0), ROOT, KERNEL),
    "sctp": (Call(2, 1, 132), ROOT, KERNEL),
    "sctp-loaded": (Call(2, 1, 132), ROOT, SCTP),
    "raw": (Call(10, 3, 255), ROOT, KERNEL),
    "raw-nobody": (Call(2, 3, 1), NOBODY, KERNEL),
    "ping-nobody": (Call(2, 2, 1), NOBODY, KERNEL),
    "raw-zero": (Call(2, 3, 0), ROOT, KERNEL),
}
DRAWN = [*((name, 80, False) for name in CASES), ("sctp", 80, True), ("tcp", 120, False)]


@pytest.mark.parametrize(("name", "width", "only_ascii"), DRAWN)
def test_looks_as_it_did(name: str, width: int, only_ascii: bool, update_golden: bool) -> None:
    call, caller, kernel = CASES[name]
    decision = decide(call, caller, kernel)
    assert decision.errno is not None
    found = report(decision, caller, outcome(decision.errno, decision.socket))
    who = "this user" if caller is ROOT else "nobody"
    text = plain(socket_call(found, who, Style(width=width, ascii=only_ascii)))
    path = HERE / f"{name}-{width}{'-ascii' * only_ascii}.txt"
    if update_golden:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_golden_file_is_of_a_case() -> None:
    known = {f"{name}-{width}{'-ascii' * a}.txt" for name, width, a in DRAWN}
    assert {path.name for path in HERE.glob("*.txt")} == known
