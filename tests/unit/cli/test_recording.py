import numpy as np
import pytest

import rows
from synscope.capture.file import read
from synscope.cli.recording import Recording
from synscope.errors import SynscopeError
from synscope.events.trace import Footer
from synscope.events.wire import FUNCTION_CALL, PATH_EVENT

NONE, CALLS = np.empty(0, PATH_EVENT), np.empty(0, FUNCTION_CALL)


def test_without_a_path_it_does_nothing():
    recording = Recording(None)
    recording.open(rows.trace([]).header)
    recording.write(rows.client_row(), NONE, CALLS)
    recording.close(Footer())
    assert recording.error is None


def test_what_is_written_can_be_read(tmp_path):
    recording = Recording(tmp_path / "t.syn")
    recording.open(rows.trace([]).header)
    recording.write(rows.client_row(), NONE, CALLS)
    recording.write(rows.server_row(), NONE, CALLS)
    recording.close(Footer(exit_status=3))
    trace = read(tmp_path / "t.syn")
    assert trace.halves["cookie"].tolist() == [1, 2]
    assert (trace.footer.exit_status, trace.footer.complete) == (3, True)


@pytest.mark.parametrize(
    ("name", "why"), [("there", "it exists"), ("folder", "directory"), ("no/such", "directory")]
)
def test_a_path_that_cannot_be_written_is_refused_at_once(tmp_path, name, why):
    (tmp_path / "there").write_text("precious")
    (tmp_path / "folder").mkdir()
    with pytest.raises(SynscopeError) as raised:
        Recording(tmp_path / name)
    assert why in raised.value.why
    assert raised.value.remedy
    assert (tmp_path / "there").read_text() == "precious"


def test_force_overwrites(tmp_path):
    (tmp_path / "t.syn").write_text("old")
    recording = Recording(tmp_path / "t.syn", force=True)
    assert (tmp_path / "t.syn").read_text() == "old"
    recording.open(rows.trace([]).header)
    recording.close(Footer())
    assert read(tmp_path / "t.syn").footer.complete


def test_a_full_disk_does_not_end_the_trace():
    from pathlib import Path

    recording = Recording(None)
    recording.path = Path("/dev/full")
    recording._writer = Refusing()
    recording.write(rows.client_row(), NONE, CALLS)
    recording.write(rows.client_row(), NONE, CALLS)
    recording.close(Footer())
    assert recording.error.why == "No space left on device"
    assert recording._writer.calls == 1


class Refusing:
    calls = 0

    def halves(self, _rows):
        self.calls += 1
        raise SynscopeError("cannot write to t.syn", "No space left on device")

    close = halves
