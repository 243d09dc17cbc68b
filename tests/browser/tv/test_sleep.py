"""Televisions that sleep, freeze and hide, whose clocks are wrong, and those that may not look any more."""

# Scripts for the browser stand in one piece, however long their lines.
# ruff: noqa: E501

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.boards import samples
from tests.browser.tv.stage import Stage, until

pytestmark = pytest.mark.browser
Stages = Callable[..., Stage]

# Every freshness and link the page ever shows, with the instant; the numbers beside them.
WATCHING = """
window.shown = [];
document.addEventListener('DOMContentLoaded', () => {
  const tile = document.querySelector('[data-tile="waiting"]');
  const note = () => window.shown.push([Math.round(performance.now()), tile.dataset.freshness, tile.querySelector('[data-value="site.waiting"]').textContent,
    document.documentElement.dataset.link]);
  new MutationObserver(note).observe(document.documentElement, {attributes: true, characterData: true, subtree: true, attributeFilter: ['data-freshness', 'data-link']});
  note();
});
"""
SLEEPY = "let slept = 0; const wall = Date.now; Date.now = () => wall() + slept; window.sleepFor = (ms) => { slept += ms; };"


def running(stage: Stage) -> Stage:
    """The stage with a clock that goes on from NOW."""
    began = time.monotonic()
    stage.now = lambda: samples.NOW + round((time.monotonic() - began) * 1000)
    return stage


def opened(page: Page, stage: Stage) -> Stage:
    """The board, live."""
    page.add_init_script(WATCHING)
    page.goto(stage.address)
    until(page, "!!window.wallboard && window.wallboard.version() === 41")
    expect(page.locator("html")).to_have_attribute("data-link", "live")
    return stage


@contextmanager
def frozen(page: Page) -> Iterator[None]:
    """Stops every page of this browser. The protocol's own way to freeze one does nothing in a browser that is driven."""
    browser = page.context.browser
    assert browser is not None
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    pages = [int(each["id"]) for each in processes if each["type"] == "renderer"]
    assert pages
    for pid in pages:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pages:
            os.kill(pid, signal.SIGCONT)


def tile(page: Page) -> Any:
    """The tile of those who wait."""
    return page.locator('[data-tile="waiting"]')


@pytest.mark.fault("D3")
def test_after_a_sleep_the_board_is_stale_first_and_right_by_a_new_socket_within_three_seconds(page: Page, stage: Stages) -> None:
    """The machine's wall clock went on without the page; the old socket is not asked, and what it says is not heard."""
    stage = running(stage())
    page.add_init_script(SLEEPY)
    opened(page, stage)
    page.wait_for_timeout(1200)
    dials = stage.dials
    stage.greets = False
    stage.values["site"]["waiting"] = 23
    stage.version = 90
    page.evaluate("window.shown.length = 0; window.sleepFor(8 * 3600000)")
    began = time.monotonic()
    expect(tile(page)).to_have_attribute("data-freshness", "stale", timeout=3000)
    assert page.locator("html").get_attribute("data-link") == "late"
    expect(page.locator('[data-value="site.waiting"]')).to_have_text("2")
    deadline = time.monotonic() + 3
    while stage.dials == dials:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert stage.heard("resync") == []
    stage.snapshot()
    expect(page.locator('[data-value="site.waiting"]')).to_have_text("23", timeout=3000)
    expect(tile(page)).to_have_attribute("data-freshness", "live")
    assert time.monotonic() - began < 5
    assert not [shown for shown in page.evaluate("window.shown") if shown[1] == "live" and shown[3] != "live"]


@pytest.mark.fault("D3")
def test_a_frozen_page_believes_nothing_that_waited_for_it(page: Page, stage: Stages) -> None:
    """Its whole process stands still for seven seconds in which messages came: none of them is shown as live before the new snapshot."""
    stage = running(stage())
    opened(page, stage)
    dials = stage.dials
    with frozen(page):
        stage.values["site"]["waiting"] = 99
        stage.snapshot()
        for number in range(14):
            stage.patch({"site": {"waiting": 100 + number}})
            time.sleep(0.5)
        stage.values["site"]["waiting"] = 31
    expect(page.locator('[data-value="site.waiting"]')).to_have_text("31", timeout=3000)
    expect(tile(page)).to_have_attribute("data-freshness", "live")
    assert stage.dials == dials + 1
    # Whether the doubt is painted before the new snapshot is here, is a matter of milliseconds; that nothing old is called live is not.
    shown = page.evaluate("window.shown")
    assert not [text for _at, freshness, text, _link in shown if freshness == "live" and text not in ("2", "31")]


@pytest.mark.fault("D11")
def test_a_hidden_page_goes_on_quietly_and_is_right_when_it_is_shown(page: Page, stage: Stages) -> None:
    """Its timers come once a minute, its messages at once: it acknowledges by them, keeps its socket, and is shown without a doubt."""
    stage = running(stage())
    page.add_init_script("let hidden = false; Object.defineProperty(document, 'hidden', {get: () => hidden}); const later = window.setTimeout;"
                         "window.setTimeout = (work, ms) => later(work, hidden ? Math.max(ms, 60000) : ms);"
                         "window.hide = (on) => { hidden = on; document.dispatchEvent(new Event('visibilitychange')); };")  # fmt: skip
    opened(page, stage)
    page.evaluate("window.hide(true)")
    page.wait_for_timeout(1500)
    dials, acks = stage.dials, len(stage.heard("ack"))
    for number in range(12):
        stage.patch({"site": {"waiting": 50 + number}})
        page.wait_for_timeout(350)
    assert stage.heard("ack")[-1]["version"] == stage.version
    assert len(stage.heard("ack")) > acks
    page.evaluate("window.hide(false)")
    expect(page.locator('[data-value="site.waiting"]')).to_have_text("61", timeout=1000)
    assert stage.dials == dials
    assert {shown[1] for shown in page.evaluate("window.shown")} == {"live"}


@pytest.mark.fault("D8", "A16")
def test_waits_are_right_within_a_second_on_a_television_whose_clock_is_wrong_and_steps(page: Page, stage: Stages) -> None:
    """Eight hours off from the start, then an hour back, then an hour forward; never a negative wait."""
    stage = running(stage())
    page.add_init_script(SLEEPY + "window.sleepFor(8 * 3600000);")
    opened(page, stage)
    seen: list[str] = []
    since = int(str(stage.values["queue:111834"]["longest_wait_since"]))

    def wait_is_right() -> None:
        # Asking the browser takes a while itself: what it shows was right at some instant of that while.
        asked = stage.now() - since
        text = page.locator('[data-value="queue:111834.longest_wait"]').inner_text()
        answered = stage.now() - since
        seen.append(text)
        minutes, seconds = text.split(":")
        shown = 1000 * (int(minutes) * 60 + int(seconds))
        assert asked - 1600 <= shown <= answered + 1600, (text, asked, answered)

    for step in (0, -3600000, 3600000):
        page.evaluate(f"window.sleepFor({step})")
        page.wait_for_timeout(1200)
        for _ in range(2):
            expect(tile(page)).to_have_attribute("data-freshness", "live")
            wait_is_right()
            page.wait_for_timeout(500)
    assert not [text for text in seen if "-" in text]
    dials = stage.dials
    page.evaluate("window.sleepFor(-7200000)")
    page.wait_for_timeout(1500)
    assert stage.dials == dials, "a clock that is set back is no sleep"


@pytest.mark.fault("D9")
def test_a_screen_whose_access_ended_shows_and_keeps_nothing_and_comes_back_when_it_may(page: Page, stage: Stages) -> None:
    """Numbers, names and lines go from the page and from memory; it says why; every five minutes it asks."""
    page.clock.install(time=0)
    values = samples.many()
    stage = stage("supervisor", values)
    page.goto(stage.address)
    until(page, "!!window.wallboard && window.wallboard.version() === 41")
    page.clock.run_for(2000)
    # A change on its way to the page when the end comes.
    stage.patch({"site": {"waiting": 987}})
    dials = stage.dials
    stage.refuse_with = 4003
    stage.hang_up(4003)
    expect(page.locator("[data-notice-text]")).to_have_text(re.compile("access has ended. Log in again, or open a new screen link"))
    page.clock.run_for(5000)
    expect(page.locator("html")).to_have_attribute("data-link", "offline")
    shown = page.evaluate("Array.from(document.querySelectorAll('[data-value]')).map((e) => e.firstChild.data)")
    assert set(shown) == {"–"}
    assert set(page.evaluate("Array.from(document.querySelectorAll('main [data-freshness]')).map((e) => e.dataset.freshness)")) == {
        "unknown"
    }
    assert page.locator('[data-tile="waiting"] [data-reason]').inner_text() == "access has ended"
    whole = page.content()
    for word in ("Anna", "Lindqvist", "Kundtjänst", "987", "Lunch"):
        assert word not in whole.replace("Kundtjänst Växjö", "")
    assert page.evaluate("[window.wallboard.version(), window.wallboard.of('site')]") == [None, None]
    assert stage.dials == dials
    page.clock.fast_forward(260_000)
    page.wait_for_timeout(300)
    assert stage.dials == dials, "seldom"
    page.clock.fast_forward(80_000)
    page.wait_for_timeout(500)
    assert stage.dials == dials + 1
    stage.refuse_with = None
    page.clock.fast_forward(340_000)
    pages = stage.pages
    deadline = time.monotonic() + 30
    while stage.pages < pages + 2:
        assert time.monotonic() < deadline, "the page was never fetched anew"
        page.clock.run_for(1000)
        page.wait_for_timeout(100)
    page.wait_for_load_state()
    until(page, "!!window.wallboard && window.wallboard.version() !== null", 20)
    page.clock.run_for(1000)
    expect(page.locator('[data-value="site.waiting"]')).to_have_text("987")
    expect(page.locator('[data-tile="waiting"]')).to_have_attribute("data-freshness", "live")
