import numpy as np
import pytest

from synscope.events.trace import Footer, Header, Trace
from synscope.events.wire import HALF, PATH_EVENT
from synscope.lab.handover import packed, unpacked
from synscope.probes.aftermath import Addresses

HEADER = Header(synscope="0", kernel="6.1", machine="x86_64", started_mono_ns=1, started_wall_ns=2)


def test_what_is_handed_over_arrives():
    halves, events = np.zeros(2, HALF), np.zeros(3, PATH_EVENT)
    halves["cookie"], events["stack"] = [5, 6], [1, 2, -1]
    given = Trace(header=HEADER, halves=halves, events=events, footer=Footer(lost={"ring": 1}))
    addresses = Addresses({1: [0xFFFFFFFF81000000, 2]}, [3], [("sk_prot", 4)])
    trace, found = unpacked(packed(given, addresses))
    assert (trace.header, trace.footer, found) == (HEADER, given.footer, addresses)
    assert (trace.halves.tobytes(), trace.events.tobytes()) == (halves.tobytes(), events.tobytes())


@pytest.mark.parametrize(
    "content", [b"", b"no zlib", packed(Trace(header=HEADER), Addresses({}, [], []))[:-9]]
)
def test_what_is_damaged_is_an_error(content: bytes):
    with pytest.raises(ValueError, match="Error -"):
        unpacked(content)
