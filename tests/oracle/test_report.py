"""The report as Chromium sees it: what runs, what is asked of the network, what a click does."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import samples
from hostile import evil, evil_trace
from support.browser import FOUND, Browser
from support.require import require
from synscope.export import html


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require(FOUND, "chromium is not installed")
    with Browser() as one:
        one.look(1440, 900)
        yield one


@pytest.fixture
def opened(browser: Browser, tmp_path: Path):
    """Opens the report of some connections."""

    def opened(*connections, trace=None) -> Browser:
        path = tmp_path / "report.html"
        path.write_bytes(b"".join(html.write(connections, trace or samples.trace(), lambda _: None)))
        browser.open(path)
        return browser

    return opened


@pytest.mark.parametrize("count", [1, 3, 40])
def test_names_that_are_markup_run_nothing(opened, count):
    page = opened(
        *(msgspec.structs.replace(evil(), id=f"c{n}") for n in range(1, count + 1)), trace=evil_trace()
    )
    story = page.ask("location.hash = '#c1'; new Promise(r => setTimeout(r, 50))")
    assert story is None
    assert page.ask("typeof window.owned") == "undefined"
    assert page.ask("document.querySelectorAll('img').length") == 0
    assert page.complaints() == [] and page.requests() == []


def test_the_policy_refuses_what_someone_puts_into_the_page(opened):
    page = opened(samples.healthy())
    page.ask(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.owned=1><img src=http://127.0.0.1:9/>')"
    )
    page.ask(
        "{const s = document.createElement('script'); s.textContent = 'window.owned = 1';"
        " document.body.append(s)}"
    )
    assert page.ask("new Promise(r => setTimeout(() => r(typeof window.owned), 50))") == "undefined"
    assert any("Content Security Policy" in one for one in page.complaints())


def test_a_moment_lights_up_its_calls_and_a_call_its_moment(opened):
    page = opened(samples.healthy())
    page.ask("document.querySelector('.wide a[href$=c-CLOSE-SYN-SENT]').focus()")
    assert page.ask("document.querySelector('li.lit code').textContent") == "inet_sk_state_store"
    assert "tcp_v4_connect" in page.ask(
        "[...document.querySelectorAll('li.above > * code')].map(c => c.textContent)"
    )
    page.ask("document.querySelector('li[data-k~=c-SYN-SENT-ESTABLISHED] a.at').focus()")
    assert (
        page.ask("document.querySelector('.wide .mark.lit .state').textContent") == "SYN_SENT → ESTABLISHED"
    )


def test_a_line_of_the_list_opens_its_story(opened):
    page = opened(*samples.many(300))
    assert page.ask("document.querySelectorAll('#paper .line').length") < 60
    page.ask("location.hash = '#c271'")
    page.ask(
        "new Promise(done => { const wait = () => document.getElementById('c271')?.open"
        " ? done() : setTimeout(wait, 5); wait() })"
    )
    assert "50271" in page.ask("document.querySelector('#c271 summary').textContent")
    assert page.ask("document.querySelectorAll('#c271 .ladder').length") == 1
    assert page.complaints() == []


def test_of_a_few_a_finding_leads_to_its_story(opened):
    page = opened(samples.healthy(), msgspec.structs.replace(samples.refused(), id="c2"))
    page.ask("document.getElementById('c2').open = false; location.hash = '#c2'")
    page.ask("new Promise(done => setTimeout(done, 0))")
    assert page.ask("document.getElementById('c2').open") is True
    assert page.complaints() == []


def test_who_tabs_through_the_list_keeps_their_place(opened):
    page = opened(*samples.many(300))
    page.ask("document.querySelector('#paper [href=\"#c20\"]').focus()")
    page.ask("document.getElementById('window').scrollTop = 300; new Promise(r => requestAnimationFrame(r))")
    page.ask("new Promise(done => requestAnimationFrame(done))")
    assert page.ask("document.activeElement.hash") == "#c20"


def test_the_list_is_filtered_and_sorted(opened):
    page = opened(*samples.many(300))
    page.ask(
        "{const field = document.getElementById('filter'); field.value = 'refused';"
        " field.dispatchEvent(new Event('input'))}"
    )
    assert page.ask("document.getElementById('matching').textContent") == "42 of 300"
    page.ask(
        "document.getElementById('filter').value = ''; document.querySelectorAll('#order button')[4].click()"
    )
    shown = page.ask(
        "[...document.querySelectorAll('#paper .line')].slice(0, 2).map(l => l.children[4].textContent)"
    )
    assert (
        shown[0].endswith("ms") and page.ask("document.querySelector('[aria-sort]').textContent") == "setup"
    )


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_is_wider_than_its_screen(browser, opened, width):
    browser.look(width, 900)
    try:
        for connections in ([samples.traced()], [samples.timed_out()], samples.many(60)):
            page = opened(*connections)
            assert page.ask("document.documentElement.scrollWidth") <= width
    finally:
        browser.look(1440, 900)


def test_it_prints(opened):
    page = opened(samples.traced())
    assert page.call("Page.printToPDF", preferCSSPageSize=True)["data"]
