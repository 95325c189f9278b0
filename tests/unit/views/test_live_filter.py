import msgspec
import pytest

import samples
from synscope.connections.model import Finding
from synscope.errors import Exit, SynscopeError
from synscope.views.live_filter import HELP, parse

FOUND = msgspec.structs.replace(
    samples.refused(), findings=(Finding(code="refused-no-listener", severity="error", summary="s"),)
)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", "healthy refused inet6 server_only"),
        ("outcome:failed", "refused"),
        ("outcome:established", "healthy inet6 server_only"),
        ("outcome:Refused", "refused"),
        ("port:8080", "healthy"),
        ("port:9", "refused"),
        ("addr:127.0.0.1", "healthy refused"),
        ("addr:127.0.0.0/8 port:9", "refused"),
        ("addr:::/0", "inet6"),
        ("comm:PYTHON outcome:failed", "refused"),
        ("comm:nginx", "server_only"),
        ("pid:4711", "healthy refused inet6"),
        ("state:syn-sent", "healthy refused inet6"),
        ("finding:refused-no-listener", "refused"),
        ("finding:warning", "refused"),
        ("econnrefused", "refused"),
        ("127.0.0.1:9", "refused"),
        ("refused-no", "refused"),
        ("::1", ""),
        ("no-such-word", ""),
    ],
)
def test_what_holds(text, holds):
    given = {
        "healthy": samples.healthy(),
        "refused": FOUND,
        "inet6": samples.inet6(),
        "server_only": samples.server_only(),
    }
    test = parse(text)
    assert " ".join(name for name, connection in given.items() if test(connection)) == holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("phase:accept_queue", True),
        ("phase:accept_queue>1us", True),
        ("phase:accept_queue>=10ms", False),
        ("phase:accept_queue<0.5s", True),
        ("phase:accept_queue<=1ns", False),
        ("phase:neighbour", False),
    ],
)
def test_phases(text, holds):
    assert parse(text)(samples.healthy()) == holds


def test_a_name_with_a_blank_is_quoted():
    spaced = samples.healthy(client=samples.client(comm="Web Content"))
    assert parse("comm:'web c'")(spaced)
    assert not parse("comm:'web c'")(samples.healthy())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("outcme:failed", "there is no key 'outcme'; outcome?"),
        ("outcome:refsed", "there is no such outcome; refused?"),
        ("port:http", "it is no number"),
        ("port:٣", "it is no number"),
        ("addr:10.0.0", "it is neither an IP address nor a network"),
        ("state:OPEN", "there is no such state"),
        ("finding:slow", "there is no such finding"),
        ("phase:accept_queue>10", "it should look like phase:accept_queue>10ms"),
        ("phase:acceptqueue", "there is no such phase; accept_queue?"),
        ("pid:", "nothing stands after the colon"),
        ("comm:'x", "no closing quotation"),
    ],
)
def test_what_means_nothing_is_refused(text, why):
    with pytest.raises(SynscopeError) as caught:
        parse(text)
    assert why in caught.value.why
    assert caught.value.code == Exit.USAGE


@pytest.mark.parametrize("example", [example for example, _ in HELP])
def test_each_example_of_the_help_is_a_filter(example):
    parse(example)
