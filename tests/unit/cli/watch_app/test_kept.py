import numpy as np
import pytest

import rows
from synscope.capture.file import read
from synscope.cli.watch_app.kept import KeptRows
from synscope.errors import SynscopeError
from synscope.events.trace import Footer
from synscope.events.wire import FUNCTION_CALL, PATH_EVENT

NOTHING = np.empty(0, PATH_EVENT), np.empty(0, FUNCTION_CALL)
HEADER = rows.trace([]).header


def test_what_came_can_be_saved_again_and_again(tmp_path):
    kept = KeptRows()
    kept.add(rows.client_row(), *NOTHING)
    assert kept.save(tmp_path / "a.syn", HEADER, Footer(), False) == 1
    kept.add(rows.server_row(), *NOTHING)
    assert kept.save(tmp_path / "a.syn", HEADER, Footer(), True) == 2
    trace = read(tmp_path / "a.syn")
    assert (len(trace.halves), trace.footer.complete, trace.footer.lost) == (2, True, {})


def test_the_oldest_are_forgotten_and_the_file_says_so(tmp_path):
    kept = KeptRows(limit=3 * rows.client_row().nbytes)
    for cookie in range(1, 6):
        kept.add(rows.client_row(cookie=cookie), *NOTHING)
    kept.save(tmp_path / "a.syn", HEADER, Footer(), False)
    trace = read(tmp_path / "a.syn")
    assert trace.halves["cookie"].tolist() == [3, 4, 5]
    assert trace.footer.lost == {"live view: forgotten before it was saved": 2}


def test_a_file_that_is_there_is_not_replaced_unasked(tmp_path):
    (tmp_path / "a.syn").write_text("mine")
    with pytest.raises(SynscopeError, match=r"cannot write .*a\.syn"):
        KeptRows().save(tmp_path / "a.syn", HEADER, Footer(), False)
    assert (tmp_path / "a.syn").read_text() == "mine"
