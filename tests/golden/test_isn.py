"""`synscope isn` as people see it, kept in `isn/GENERATOR-WIDTH[-ascii].txt`.

After a deliberate change: `pytest tests/golden --update-golden`, then read the difference.
"""

from pathlib import Path

import pytest

from isn_series import GENERATORS, series, trace_of
from synscope.connections.isns import peers
from synscope.tcp.isn.classify import analyse
from synscope.views import Style, plain
from synscope.views.isn import isn

HERE = Path(__file__).with_name("isn")
DRAWN = [*((name, 80, False) for name in GENERATORS), ("linux", 80, True), ("linux", 120, False)]


@pytest.mark.parametrize(("name", "width", "only_ascii"), DRAWN)
def test_looks_as_it_did(name: str, width: int, only_ascii: bool, update_golden: bool) -> None:
    peer = next(one for one in peers(trace_of(series(name))) if one.side == "server")
    drawn = plain(isn(peer, analyse(peer.samples), Style(width=width, ascii=only_ascii)))
    assert max(map(len, drawn.splitlines())) <= width
    assert drawn.isascii() or not only_ascii
    golden = HERE / f"{name}-{width}{'-ascii' if only_ascii else ''}.txt"
    if update_golden:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(drawn)
    assert drawn == golden.read_text()
