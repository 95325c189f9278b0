import msgspec
import pytest

import samples
from synscope.connections.model import Finding
from synscope.export import mermaid

HOSTILE = '%%{init: {}}%% $$x$$ end; #35; <script> "q" `c` **b** \\n'


def drawn(*connections, said=None):
    say = [].append if said is None else said.append
    return b"".join(mermaid.write(connections, samples.trace(), say)).decode().splitlines()


def test_states_segments_and_calls_are_in_order_of_time():
    lines = [line.strip() for line in drawn(samples.healthy())]
    assert lines[0] == "sequenceDiagram"
    assert lines[1] == "participant client as client<br/>python3[4711]<br/>127.0.0.1:50164"
    syn = "client->>server: SYN seq 2269068384<br/>+21 µs → +31 µs"
    answer = "server->>client: SYN-ACK seq 829471100 ack 2269068385<br/>+39 µs → +46 µs"
    states = "Note over client: +14 µs  CLOSE → SYN_SENT, tcp_v4_connect"
    accepted = "Note over server: +96 µs  accept()"
    places = [lines.index(line) for line in (states, syn, answer, accepted)]
    assert places == sorted(places)
    assert lines[-1] == "Note over client,server: established in 58 µs"


def test_what_was_dropped_or_not_captured_is_drawn_otherwise():
    first, *others = samples.healthy().segments
    dropped = msgspec.structs.replace(first, dropped="NETFILTER_DROP nft_do_chain")
    lines = drawn(samples.healthy(segments=(dropped, *others)))
    assert sum("client-xserver" in line and "NETFILTER_DROP" in line for line in lines) == 1
    record = samples.SAMPLES["record"]()
    inferred = sum(segment.inferred for segment in record.segments)
    assert sum("-->>" in line and "not captured" in line for line in drawn(record)) == inferred > 0


def test_a_segment_of_unknown_time_comes_after_the_one_before_it():
    arrows = [line.strip()[:6] for line in drawn(samples.server_only()) if ">>" in line]
    assert arrows == ["client", "server", "client"]


def test_findings_are_notes_in_lines_of_readable_length():
    finding = Finding(code="syn-lost", severity="error", summary="word " * 30, remedy="Do this.")
    note = drawn(samples.healthy(findings=(finding,)))[-1]
    assert note.startswith("  Note over client,server: error syn-lost<br/>word word")
    assert note.endswith("<br/>Do this.")
    assert max(map(len, note.partition(": ")[2].split("<br/>"))) <= 60


def test_what_mermaid_would_read_is_escaped():
    finding = Finding(code="x", severity="error", summary=HOSTILE)
    note = drawn(samples.healthy(findings=(finding,)))[-1].partition("x<br/>")[2].replace("<br/>", "")
    assert not set('%{}$;"<>`*\\') & set(note.replace(";", "", note.count("#"))) - {";"}
    assert note.count(";") == note.count("#")


def test_the_first_of_several_is_drawn_and_said_to_be():
    said = []
    assert drawn(samples.healthy(), samples.refused(), said=said) == drawn(samples.healthy())
    assert "c1, of 2" in said[0]


@pytest.mark.parametrize("sample", samples.SAMPLES)
def test_each_line_is_one_of_mermaids(sample):
    head, *lines = drawn(samples.SAMPLES[sample]())
    assert head == "sequenceDiagram"
    assert all(
        line.startswith(("  participant ", "  Note over ", "  client-", "  server-")) for line in lines
    )
