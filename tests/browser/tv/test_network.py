"""Televisions whose network goes, lies or swallows everything; and tiles that are as fresh as what they stand on."""

# Scripts for the browser stand in one piece, however long their lines.
# ruff: noqa: E501

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.boards import samples
from tests.browser.tv.stage import Stage, until
from tests.browser.tv.test_sleep import running

pytestmark = pytest.mark.browser
Stages = Callable[..., Stage]
LINK_SAID_WITHIN_S = 25.0


@pytest.mark.heavy
@pytest.mark.fault("D4")
@pytest.mark.timeout(120)
def test_a_screen_without_network_says_so_in_time_keeps_its_numbers_and_comes_back_alone(page: Page, stage: Stages) -> None:
    """In real time, with the browser's own network taken away."""
    stage = running(stage())
    page.goto(stage.address)
    until(page, "!!window.wallboard && window.wallboard.version() === 41")
    link = page.locator("html")
    expect(link).to_have_attribute("data-link", "live")
    page.context.set_offline(True)
    # What hangs in the air when a cable is pulled: an open socket, and nothing on it.
    stage.refuse_with = 503
    began = time.monotonic()
    expect(link).not_to_have_attribute("data-link", "live", timeout=LINK_SAID_WITHIN_S * 1000)
    expect(link).to_have_attribute("data-link", "offline", timeout=LINK_SAID_WITHIN_S * 1000 + 2000)
    assert time.monotonic() - began <= LINK_SAID_WITHIN_S + 2
    expect(page.locator("[data-notice-text]")).to_have_text(re.compile("This screen is offline – showing 14:0"))
    expect(page.locator('[data-value="site.waiting"]')).to_have_text("2")
    assert page.locator('[data-tile="waiting"]').get_attribute("data-freshness") in ("late", "stale")
    stage.refuse_with = None
    stage.values["site"]["waiting"] = 6
    page.context.set_offline(False)
    expect(page.locator('[data-value="site.waiting"]')).to_have_text("6", timeout=15_000)
    expect(link).to_have_attribute("data-link", "live")


@pytest.mark.fault("D4", "D10")
def test_somebody_elses_network_that_answers_everything_is_offline_and_never_shown(page: Page, stage: Stages) -> None:
    """A guest network answers 200 with a page of its own: no message, and no answer to trust the board's place to."""
    page.clock.install(time=0)
    stage = stage("team", samples.one_queue())
    page.goto(stage.address)
    until(page, "!!window.wallboard && window.wallboard.version() === 41")
    # The board has changed, so the page wants to be loaded anew as soon as it may.
    stage.values["queue:7"] = samples.queue("Ny kö", 7)
    stage.snapshot()
    page.wait_for_timeout(200)
    stage.portal = True
    stage.hang_up(1006)
    for _ in range(40):
        page.clock.run_for(1000)
        page.wait_for_timeout(20)
    expect(page.locator("html")).to_have_attribute("data-link", "offline")
    assert stage.pages == 1
    assert page.locator("[data-tile]").count() > 0
    assert page.url == stage.address
    stage.portal = False
    deadline = time.monotonic() + 30
    while stage.pages < 3:
        assert time.monotonic() < deadline
        page.clock.run_for(1000)
        page.wait_for_timeout(50)
    page.wait_for_load_state()
    expect(page.locator('[data-row="queue:7"]')).to_have_count(1)


@pytest.mark.fault("D10")
def test_a_board_is_not_exchanged_for_a_page_that_refuses_it(page: Page, stage: Stages) -> None:
    """The server is well, but would answer this address with something else: the old board stays and is true."""
    page.clock.install(time=0)
    stage = stage("team", samples.one_queue())
    page.goto(stage.address)
    until(page, "!!window.wallboard && window.wallboard.version() === 41")
    page.evaluate("window.never = 'reloaded'")
    stage.page_status = 403
    stage.values["queue:7"] = samples.queue("Ny kö", 7)
    stage.snapshot()
    deadline = time.monotonic() + 30
    while stage.pages < 2:
        assert time.monotonic() < deadline, "it never looked"
        page.clock.run_for(1000)
        page.wait_for_timeout(30)
    for _ in range(5):
        page.clock.run_for(1000)
        page.wait_for_timeout(30)
    assert page.evaluate("window.never") == "reloaded"


@pytest.mark.fault("D4")
def test_a_socket_that_swallows_everything_is_replaced_and_the_numbers_grow_old_meanwhile(page: Page, stage: Stages) -> None:
    """Open on both ends and dead between: late at fifteen seconds, offline and dialled anew at twenty-five."""
    page.clock.install(time=0)
    stage = stage()
    page.goto(stage.address)
    until(page, "window.wallboard && window.wallboard.version() === 41")
    page.clock.run_for(1000)
    stage.deaf, stage.greets = True, False
    told: list[tuple[int, Any, Any]] = []
    for second in range(1, 30):
        page.clock.run_for(1000)
        page.wait_for_timeout(10)
        told.append(
            (second, page.locator("html").get_attribute("data-link"), page.locator('[data-tile="waiting"]').get_attribute("data-freshness"))
        )
    late = next(second for second, link, _fresh in told if link == "late")
    offline = next(second for second, link, _fresh in told if link == "offline")
    assert late <= 16
    assert offline <= 26
    assert all(fresh != "live" for second, _link, fresh in told if second > 17)
    assert stage.dials >= 2
    assert page.locator('[data-value="site.waiting"]').inner_text() == "2"


FEEDS = {
    "team": {"calls": "queue:111834.waiting", "agents": "queue:111834.agents_ready"},
    "supervisor": {"calls": "queue:111834.waiting", "agents": "queue:111834.agents_ready", "presence": "agent:{agent}.state_since"},
}
FRESH = "(value) => { const e = document.querySelector(`[data-value=\"${value}\"]`); return [e.closest('[data-freshness]').dataset.freshness, e.firstChild.data]; }"


def shown(page: Page, value: str) -> tuple[str, str]:
    """The freshness and the text of a value."""
    fresh, text = page.evaluate(f"({FRESH})({value!r})")
    return str(fresh), str(text)


@pytest.mark.fault("A9")
@pytest.mark.parametrize("slug", ["team", "supervisor"])
def test_each_number_is_as_fresh_as_the_feed_it_stands_on(page: Page, stage: Stages, slug: str) -> None:
    """Late from 15 s, stale from 60 s with the last number, unknown without one; the other feed's numbers stay live."""
    stage = stage(slug)
    page.goto(stage.address)
    until(page, "!!window.wallboard && window.wallboard.version() === 41")
    someone = next(scope for scope in stage.values if scope.startswith("agent:")).removeprefix("agent:")
    feeds = {feed: value.replace("{agent}", someone) for feed, value in FEEDS[slug].items()}
    steps = (("late", 20, "late"), ("late", 70, "stale"), ("stale", 70, "stale"), ("stale", 400, "unknown"), ("unknown", None, "unknown"))
    for feed, value in feeds.items():
        others = [other for name, other in feeds.items() if name != feed]
        for told, age_s, expected in steps:
            alive_at = None if age_s is None else samples.NOW - age_s * 1000
            stage.patch({f"feed:telavox:{feed}": {"level": told, "alive_at": alive_at, "reason": "silent", "state": "stale"}})
            until(page, f"({FRESH})({value!r})[0] === {expected!r}", 10)
            assert (shown(page, value)[1] == "–") == (expected == "unknown")
            assert {shown(page, other)[0] for other in others} == {"live"}
        stage.patch({f"feed:telavox:{feed}": {"level": "live", "alive_at": None, "reason": "ok", "state": "live"}})
        until(page, f"({FRESH})({value!r})[0] === 'live'", 10)


@pytest.mark.fault("A9")
def test_of_two_sources_one_that_dies_takes_only_its_own_rows_and_the_sums_with_it(page: Page, stage: Stages) -> None:
    """A sum is as good as its worst part; a queue of the other telephone system stays live."""
    values = samples.normal()
    values["queue:7"] = {**samples.queue("Växel", 7, waiting=1, wait_s=3), "source": "second"}
    for scope in ("source:", "feed:"):
        for name in [name for name in values if name.startswith(f"{scope}telavox")]:
            values[name.replace("telavox", "second")] = dict(values[name])
    stage = stage("team", values)
    page.goto(stage.address)
    until(page, "!!window.wallboard && window.wallboard.version() === 41")
    assert {shown(page, value)[0] for value in ("queue:7.waiting", "queue:111834.waiting", "site.waiting")} == {"live"}
    stage.patch({"feed:second:calls": {"level": "stale", "alive_at": samples.NOW - 80_000, "reason": "socket_away", "state": "down"}})
    until(page, f"({FRESH})('queue:7.waiting')[0] === 'stale'")
    assert [shown(page, value)[0] for value in ("queue:7.waiting", "queue:111834.waiting", "site.waiting")] == ["stale", "live", "stale"]
    expect(page.locator("[data-notice-text]")).to_have_text(re.compile("Second"))
