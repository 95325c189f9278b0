"""Linux's table against RFC 9293's figure, typed from the RFC's text, and against the catalogue."""

import pytest

from synscope.tcp.catalogue import find
from synscope.tcp.rfc9293 import FIGURE_5, NOT_IN_LINUX
from synscope.tcp.states import RFC_NAMES, State
from synscope.tcp.transitions import ABORTS, FILES, LINUX, figure, maker, makers

# RFC 9293 section 3.3.2, figure 5 and its notes 1 and 2, read arrow by arrow from the top.
FIGURE = """
CLOSED        passive OPEN         LISTEN        create TCB
LISTEN        CLOSE                CLOSED        delete TCB
CLOSED        active OPEN          SYN-SENT      create TCB, snd SYN
SYN-SENT      CLOSE                CLOSED        delete TCB
LISTEN        rcv SYN              SYN-RECEIVED  snd SYN,ACK
LISTEN        SEND                 SYN-SENT      snd SYN
SYN-RECEIVED  rcv RST              LISTEN
SYN-SENT      rcv SYN              SYN-RECEIVED  snd SYN,ACK
SYN-RECEIVED  rcv ACK of SYN       ESTABLISHED
SYN-SENT      rcv SYN,ACK          ESTABLISHED   snd ACK
SYN-RECEIVED  CLOSE                FIN-WAIT-1    snd FIN
ESTABLISHED   CLOSE                FIN-WAIT-1    snd FIN
ESTABLISHED   rcv FIN              CLOSE-WAIT    snd ACK
FIN-WAIT-1    rcv ACK of FIN       FIN-WAIT-2
FIN-WAIT-1    rcv FIN              CLOSING       snd ACK
FIN-WAIT-1    rcv FIN, ACK of FIN  TIME-WAIT     snd ACK
FIN-WAIT-2    rcv FIN              TIME-WAIT     snd ACK
CLOSING       rcv ACK of FIN       TIME-WAIT
CLOSE-WAIT    CLOSE                LAST-ACK      snd FIN
LAST-ACK      rcv ACK of FIN       CLOSED
TIME-WAIT     Timeout=2MSL         CLOSED        delete TCB
"""
EVENTS = {
    "passive OPEN": "listen()",
    "active OPEN": "connect()",
    "CLOSE": "close()",
    "Timeout=2MSL": "2MSL timeout",
}


def rfc_rows():
    for line in FIGURE.strip().splitlines():
        parts = [part.strip() for part in line.split("  ") if part.strip()]
        yield (*parts, "") if len(parts) == 3 else tuple(parts)


def test_the_table_of_the_rfc_is_its_figure():
    assert [tuple(row) for row in FIGURE_5] == list(rfc_rows())


@pytest.mark.parametrize("row", list(rfc_rows()), ids=lambda row: f"{row[0]} {row[1]}")
def test_linux_has_each_arrow_with_its_event_and_segment(row):
    source, event, target, action = row
    if (source, target) in NOT_IN_LINUX:
        return
    sends = action.rpartition("snd ")[2].replace(",", "-") if "snd" in action else ""
    expected = (EVENTS.get(event, event.replace("SYN,ACK", "SYN-ACK")), sends)
    found = [
        (one.event, one.sends)
        for one in LINUX
        if (RFC_NAMES[one.source], RFC_NAMES[one.target]) == (source, target)
    ]
    assert expected in found


def test_what_linux_draws_beyond_the_figure_is_its_own_split_state_and_the_cookie():
    arrows = {(source, target) for source, _, target, _ in rfc_rows()}
    beyond = {way for way in figure() if tuple(RFC_NAMES[state] for state in way) not in arrows}
    assert beyond == {("NEW_SYN_RECV", "SYN_RECV")}
    assert {(a, b) for a, b in figure() if a == "LISTEN"} == {
        ("LISTEN", "CLOSE"), ("LISTEN", "NEW_SYN_RECV"), ("LISTEN", "SYN_RECV"),
    }  # fmt: skip


def test_every_state_of_the_kernel_is_there():
    assert set(RFC_NAMES) == {state.name for state in State}
    assert {state for row in LINUX for state in (row.source, row.target)} == set(RFC_NAMES)


@pytest.mark.parametrize("name", FILES)
def test_functions_are_in_the_files_that_the_catalogue_names(name):
    known = find(name)
    assert known is None or known.source == FILES[name]


def test_every_function_has_its_file():
    assert {name for row in (*LINUX, *ABORTS) for name in row.by} == set(FILES)


def test_what_no_row_has_is_illegal():
    assert makers("CLOSE", "ESTABLISHED") == frozenset()
    assert makers("LISTEN", "ESTABLISHED") == frozenset()
    assert makers("TIME_WAIT", "ESTABLISHED") == frozenset()
    assert "tcp_finish_connect" in makers("SYN_SENT", "ESTABLISHED")
    assert "tcp_disconnect" in makers("CLOSE_WAIT", "CLOSE")


def test_a_state_stored_again_is_no_illegal_change():
    """As shutdown() and close() make it: the whole of tcp_close_state()'s table that maps to itself."""
    assert "__tcp_close" in makers("FIN_WAIT1", "FIN_WAIT1")
    assert makers("ESTABLISHED", "ESTABLISHED") == frozenset()


@pytest.mark.parametrize(
    ("function", "name"),
    [("tcp_fin", "tcp_fin"), ("tcp_fin.isra.0", "tcp_fin"), ("return_to_handler", None), (None, None)],
)
def test_the_makers_own_name(function, name):
    assert maker(function) == name
