"""The report as its file: what it holds without JavaScript, and that nothing foreign gets out of its text.

What a browser makes of it: tests/oracle/test_report.py.
"""

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser

import msgspec
import pytest

import samples
from hostile import EVIL, evil, evil_trace
from synscope.export import html
from synscope.export.report import rows


class Page(HTMLParser):
    """The elements with their attributes, the text outside of scripts, and what scripts hold."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._in: str | None = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in self.raw:
            self._in = tag
            self.raw[tag].append("")

    def handle_endtag(self, tag):
        if tag == self._in:
            self._in = None

    def handle_data(self, data):
        if self._in is not None:
            self.raw[self._in][-1] += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def report(*connections, trace=None) -> tuple[str, list[str]]:
    said: list[str] = []
    pieces = html.write(connections, trace or samples.trace(), said.append)
    return b"".join(pieces).decode(), said


@pytest.mark.parametrize("sample", samples.SAMPLES)
def test_every_kind_of_connection_has_a_report(sample):
    connection = samples.SAMPLES[sample]()
    page, _ = report(connection)
    assert Page(page).text.count("Ladder") >= 1
    assert page.replace("\n", "").isprintable()


def test_the_essentials_are_there_without_javascript():
    text = Page(report(samples.traced())[0]).text
    for words in (
        "established",
        "tcp_v4_connect",
        "SYN_SENT → ESTABLISHED",
        "MSS 65495",
        "net/ipv4/",
        "route",
    ):
        assert words in text


@pytest.mark.parametrize("count", [1, 2, 20])
def test_markup_in_names_stays_text(count):
    connections = [msgspec.structs.replace(evil(), id=f"c{n}") for n in range(1, count + 1)]
    page = report(*connections, trace=evil_trace())[0]
    parsed = Page(page)
    assert not [tag for tag, _ in parsed.elements if tag in ("img", "iframe", "object", "base", "link")]
    assert not [
        name for _, has in parsed.elements for name in has if name.startswith("on") or name == "style"
    ]
    assert all(
        has.get("type") in (None, "application/json", "text/plain")
        for tag, has in parsed.elements
        if tag == "script"
    )
    assert "window.owned=1" not in "".join(parsed.raw["style"])
    ours = [
        raw for raw, (_, has) in zip(parsed.raw["script"], scripts(parsed), strict=True) if "type" not in has
    ]
    assert len(ours) == 1 and "owned" not in ours[0]
    assert EVIL in parsed.text  # as it is, also what would be a template within the template


def scripts(parsed: Page):
    return [(tag, has) for tag, has in parsed.elements if tag == "script"]


def test_the_policy_lets_in_this_style_and_script_and_nothing_else():
    parsed = Page(report(*samples.many(30))[0])
    (policy,) = [
        has["content"] for tag, has in parsed.elements if has.get("http-equiv") == "Content-Security-Policy"
    ]
    kept = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert kept["default-src"] == "'none'"
    script = next(raw for raw, (_, has) in zip(parsed.raw["script"], scripts(parsed), strict=True) if not has)
    for raw, rule in ((parsed.raw["style"][0], "style-src"), (script, "script-src")):
        digest = base64.b64encode(hashlib.sha256(raw.encode()).digest()).decode()
        assert kept[rule] == f"'sha256-{digest}'"
    assert len(parsed.raw["style"]) == 1


def test_nothing_is_asked_of_any_network():
    for connections in ([samples.traced()], samples.many(30)):
        for tag, has in Page(report(*connections)[0]).elements:
            for name in ("src", "href", "action", "data", "srcset"):
                assert (has.get(name) or "#").startswith("#"), (tag, has)


def test_links_lead_somewhere_and_no_name_is_given_twice():
    for connections in ([samples.healthy()], [samples.healthy(), samples.refused()]):
        elements = Page(report(*connections)[0]).elements
        names = [has["id"] for _, has in elements if has.get("id") and not has["id"].startswith("head-")]
        assert len(names) == len(set(names))
        assert {has["href"][1:] for tag, has in elements if tag == "a" and has.get("href")} <= set(names)


def test_each_of_many_has_its_line_and_its_story():
    made = samples.many(120)
    parsed = Page(report(*made)[0])
    held = list(zip(parsed.raw["script"], [has for _, has in scripts(parsed)], strict=True))
    listed = json.loads(next(raw for raw, has in held if has.get("id") == "listed"))
    assert [line[0] for line in listed["rows"]] == [one.id for one in made]
    packs = [
        zlib.decompress(base64.b64decode(raw), -15).decode()
        for raw, has in held
        if has.get("class") == "pack"
    ]
    assert len(packs) == 3
    for at, one in enumerate(made):
        story = unpacked(packs[at // 50], min(50, 120 - at // 50 * 50), at % 50)
        assert story.count('<details class="story"') == 1 and f'id="{one.id}"' in story
        assert story.count("<section") == story.count("</section>") and "</svg>" in story


def unpacked(pack: str, count: int, at: int) -> str:
    """As the page's script does it."""
    return "".join(pack.split("\0")[at::count])


def test_many_are_told_at_a_glance():
    text = Page(report(*samples.many(70))[0]).text
    assert "70 connections" in text and "established 60 85.7 %" in text and "refused 10 14.3 %" in text
    assert "p50 p90 p99 max" in text and "client route 70" in text


def test_of_more_than_are_listed_it_says_which(monkeypatch):
    monkeypatch.setattr(rows, "LISTED", 40)
    page, said = report(*samples.many(100))
    assert said and said[0].startswith("Listed are 40 of 100: ") and said[0] in Page(page).text
    assert "100 connections" in Page(page).text


def test_the_inline_json_begins_no_tag():
    page = report(*[msgspec.structs.replace(evil(), id=f"c{n}") for n in range(1, 30)])[0]
    listed = re.search(r'id="listed">(.*?)</script>', page, re.DOTALL)
    assert listed is not None and "<" not in listed[1]
    assert any(EVIL in word for word in json.loads(listed[1])["words"])


def test_a_trace_without_connections_says_so():
    text = Page(report()[0]).text
    assert "No TCP connection was seen" in text


def test_deep_calls_do_not_break_it():
    deep = samples.chain(*(f"f{n}" for n in range(900)))
    page = report(samples.healthy(calls=(deep,)))[0]
    assert "f899" in page
    tags = re.findall(r"<(/?)ul", page)
    assert tags.count("") == tags.count("/")
