"""What holds of every view, whatever it is given."""

import ast
import unicodedata
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

import samples
import synscope.views
from synscope.connections.model import Call, Connection, Half, Segment, Transition
from synscope.events.trace import Hook
from synscope.views import VIEWS, Style, plain
from synscope.views.story import story

ALL = {**{name: view.render for name, view in VIEWS.items()}, "story": story}
each_view = pytest.mark.parametrize("name", ALL)
FOREIGN = st.text(max_size=20) | st.sampled_from([samples.HOSTILE, "\x1b[2J", "a\nb", "\u202e", "名" * 16])


def lines_of(name, connections, style, trace=None):
    return [line.plain for line in ALL[name](connections, trace or samples.trace(), style)]


def assert_harmless(lines, style):
    for line in lines:
        assert cell_len(line) <= style.columns, line
        assert not any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") for sign in line), line
        assert line.isascii() or not style.ascii, line


def test_registry_has_every_view_of_the_issue_with_its_line():
    assert list(VIEWS) == ["ladder", "calls", "states", "timeline", "table", "summary"]
    assert all(view.ONE_LINE and len(view.ONE_LINE) < 80 for view in VIEWS.values())


def test_every_module_with_a_name_is_in_the_registry():
    folder = Path(synscope.views.__file__).parent
    views = {path.stem for path in folder.glob("*.py") if "\nNAME = " in path.read_text()}
    assert views == set(VIEWS)


@each_view
@pytest.mark.parametrize("only_ascii", [False, True])
@pytest.mark.parametrize("width", [72, 80, 100, 120, 200])
def test_no_line_is_longer_than_the_width(name, width, only_ascii):
    style = Style(width=width, ascii=only_ascii)
    for make in samples.SAMPLES.values():
        assert_harmless(lines_of(name, [make()], style), style)
    assert_harmless(lines_of(name, samples.many(), style), style)


@each_view
def test_colour_carries_nothing(name):
    for line in ALL[name](samples.many(12), samples.trace(), Style()):
        assert "\x1b" not in line.plain


@each_view
def test_an_empty_trace_is_said_to_be_empty(name):
    text = "\n".join(lines_of(name, [], Style()))
    assert "No TCP connection was seen." in text
    assert "UDP" in text


@st.composite
def hostile_connections(draw):
    """A connection in which every text that is not of a fixed set is foreign."""
    word = draw(FOREIGN)
    other = draw(FOREIGN)
    half = Half(
        address=word,
        port=1,
        pid=1,
        comm=other,
        cookie=1,
        sk_err=word,
        sk_err_soft=other,
        drop_reason=word,
        drop_location=other,
        peer_address=other,
    )
    change = Transition(side="client", source=word, target=other, t_ns=samples.at(3), by=word)
    segment = Segment(
        n=1,
        source=draw(st.sampled_from(["client", "server"])),
        flags=word,
        seq=1,
        ack=draw(st.none() | st.integers(0, 2**32 - 1)),
        options={word: other, "mss": word},
        sent_ns=draw(st.none() | st.just(samples.at(5))),
        received_ns=draw(st.none() | st.just(samples.at(9))),
        dropped=draw(st.none() | st.just(other)),
        inferred=draw(st.booleans()),
    )
    child = Call(function=other, evidence="tail_call", marks=(word, other), seen_ns=samples.at(1))
    return Connection(
        id="c" + word,
        outcome=draw(st.sampled_from(["established", "refused", None])),
        errno=word,
        client=half,
        server=draw(st.none() | st.just(half)),
        milestones=samples.marks("client", **{"connect": 0, word: 4}),
        transitions=(change,),
        segments=(segment,),
        calls=(Call(function=word, ret=other, children=(child,)),),
        lost={word: 1},
    )


@each_view
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(connection=hostile_connections(), word=FOREIGN, width=st.integers(40, 130), only_ascii=st.booleans())
def test_nothing_foreign_reaches_the_terminal(name, connection, word, width, only_ascii):
    style = Style(width=width, ascii=only_ascii)
    trace = samples.trace(lost={word: 3}, left_out={word: 1})
    header = msgspec.structs.replace(
        trace.header, kernel=word, machine=word, command=[word], hooks=[Hook(word, False, word)]
    )
    trace = msgspec.structs.replace(trace, header=header)
    for given_ in ([connection], [connection] * (11 if name == "story" else 2), []):
        assert_harmless(lines_of(name, given_, style, trace), style)


def test_plain_ends_every_line():
    assert plain([]) == ""
    assert plain(VIEWS["table"].render([samples.refused()], samples.trace(), Style())).count("\n") == 2


def test_views_are_pure():
    """No view imports what could read a clock, a file or a terminal."""
    for path in Path(synscope.views.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {"os", "sys", "time", "pathlib", "rich.console"} & set(names), path
