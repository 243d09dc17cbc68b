"""Whole boards in a real browser, fed over a real socket."""

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

pytestmark = pytest.mark.browser
Stages = Callable[..., Stage]

SHOWN = """() => ({
  values: Array.from(document.querySelectorAll('[data-value]')).filter((e) => e.dataset.format !== 'since').map((e) => [e.dataset.value, e.textContent]),
  fresh: Array.from(document.querySelectorAll('[data-freshness]')).map((e) => e.dataset.freshness),
  severity: Array.from(document.querySelectorAll('[data-severity]')).map((e) => e.dataset.severity),
  said: Array.from(document.querySelectorAll('[data-reason],[data-word],[data-hero-note],[data-second],[data-notice-text],[data-standing],[data-more],[data-page],[data-off]')).map((e) => e.textContent.replace(/^\\d+ s/, 's')),
  over: Array.from(document.querySelectorAll('[data-over]')).map((e) => e.dataset.over),
  filled: Array.from(document.querySelectorAll('[data-filled]')).map((e) => e.dataset.filled + e.dataset.good + e.dataset.blank),
  glyphs: Array.from(document.querySelectorAll('use')).map((e) => e.getAttribute('href')),
})"""
# Queues change places in the page only by `order`, so that the page's own order stays the server's.


def running(stage: Stage) -> Stage:
    """The stage with a clock that goes on from NOW."""
    began = time.monotonic()
    stage.now = lambda: samples.NOW + round((time.monotonic() - began) * 1000)
    return stage


def value(page: Page, address: str) -> Any:
    """The element that shows a value."""
    return page.locator(f'[data-value="{address}"]')


def until_heard(stage: Stage, message: dict[str, Any]) -> None:
    """Until the newest message of its type that a browser sent is this one."""
    deadline = time.monotonic() + 15
    while stage.heard(message["type"])[-1:] != [message]:
        assert time.monotonic() < deadline, stage.received[-3:]
        time.sleep(0.03)


def until_dialled(page: Page, stage: Stage) -> None:
    """Pushes the page's clock second by second until it has a socket, and no further."""
    deadline = time.monotonic() + 30
    while not stage.sockets:
        assert time.monotonic() < deadline, "never dialled"
        page.clock.run_for(1000)
        page.wait_for_timeout(50)


@pytest.mark.parametrize("slug", ["team", "supervisor"])
@pytest.mark.parametrize("state", sorted(samples.STATES))
def test_the_browser_shows_exactly_what_the_server_drew(page: Page, stage: Stages, complaints: list[str], slug: str, state: str) -> None:
    # The server's clock stands, so that no limit is passed between the drawing and the look at it.
    stage = stage(slug, samples.STATES[state]())
    page.add_init_script("window.WebSocket = class { constructor() { this.readyState = 0; } close() {} };")
    page.goto(stage.address)
    drawn = page.evaluate(SHOWN)
    live = page.context.new_page()
    live.goto(stage.address)
    until(live, "!!window.wallboard && window.wallboard.version() === 41")
    live.wait_for_timeout(700)
    assert live.evaluate(SHOWN) == drawn


def test_a_patch_changes_the_number_and_is_acknowledged(page: Page, stage: Stages, complaints: list[str]) -> None:
    stage = running(stage())
    page.goto(stage.address)
    expect(page.locator("html")).to_have_attribute("data-link", "live")
    until_heard(stage, {"type": "ack", "version": 41})
    stage.patch({"queue:111834": {"waiting": 9, "waiting:severity": "attention"}})
    expect(value(page, "queue:111834.waiting")).to_have_text("9")
    expect(value(page, "queue:111834.waiting")).to_have_attribute("data-severity", "attention")
    until_heard(stage, {"type": "ack", "version": 42})


def test_acknowledgements_come_once_a_second_while_messages_come(page: Page, stage: Stages) -> None:
    stage = running(stage())
    page.goto(stage.address)
    until(page, "!!window.wallboard && window.wallboard.version() === 41")
    for _ in range(20):
        stage.patch({"site": {"waiting": 3}})
        page.wait_for_timeout(150)
    assert 3 <= len(stage.heard("ack")) <= 7
    page.wait_for_timeout(1200)
    quiet = len(stage.heard("ack"))
    page.wait_for_timeout(2500)
    assert len(stage.heard("ack")) == quiet
    stage.heartbeat()
    page.wait_for_timeout(1300)
    assert len(stage.heard("ack")) == quiet + 1


@pytest.mark.fault("D5")
def test_a_gap_asks_for_a_snapshot_and_shows_it(page: Page, stage: Stages) -> None:
    stage = running(stage())
    page.goto(stage.address)
    until(page, "!!window.wallboard && window.wallboard.version() === 41")
    stage.values["site"]["waiting"] = 17
    stage.version = 50
    stage.say({"type": "patch", "epoch": "e1", "from": 49, "to": 50, "server_time": stage.now(), "values": {"site": {"waiting": 99}}})
    expect(value(page, "site.waiting")).to_have_text("17")
    assert stage.heard("resync") == [{"type": "resync"}]


@pytest.mark.fault("D8", "A16")
def test_the_longest_wait_ticks_by_the_servers_clock_however_wrong_the_device_is(page: Page, stage: Stages) -> None:
    stage = running(stage())
    page.add_init_script("const now = Date.now; Date.now = () => now() - 3 * 3600000;")
    page.goto(stage.address)
    until(page, "!!window.wallboard && window.wallboard.version() === 41")
    page.wait_for_timeout(1500)
    shown = value(page, "queue:111834.longest_wait").inner_text()
    true = (stage.now() - int(str(stage.values["queue:111834"]["longest_wait_since"]))) // 1000
    assert shown in (f"0:{true:02d}", f"0:{true - 1:02d}")
    expect(page.locator("[data-clock]")).to_have_text("14:02")


def test_waits_turn_when_their_limits_pass_without_a_message(page: Page, stage: Stages) -> None:
    values = samples.normal()
    soon = samples.NOW + 3000
    values["queue:111834"]["longest_wait:limits"] = values["site"]["longest_wait:limits"] = [samples.NOW - 1000, soon]
    stage = running(stage("team", values))
    page.goto(stage.address)
    tile = page.locator('[data-tile="longest_wait"]')
    expect(tile).to_have_attribute("data-severity", "attention")
    expect(tile).to_have_attribute("data-severity", "act", timeout=6000)
    expect(tile).to_have_attribute("data-filled", "yes")
    expect(tile.locator("[data-word]")).to_have_text("Act now")
    expect(page.locator('[data-row="queue:111834"]')).to_have_attribute("data-severity", "act")


def test_never_more_than_two_tiles_are_filled(page: Page, stage: Stages) -> None:
    stage = running(stage("team", samples.flood()))
    page.goto(stage.address)
    until(page, "!!window.wallboard && window.wallboard.version() === 41")
    assert page.locator('[data-tile][data-severity="act"]').count() == 3
    assert page.locator('[data-filled="yes"]').count() == 2


@pytest.mark.fault("A9")
def test_a_dying_feed_goes_late_stale_and_then_loses_its_numbers(page: Page, stage: Stages) -> None:
    page.clock.install(time=0)
    stage = stage()
    at = [samples.NOW]
    stage.now = lambda: at[0]

    def pass_s(seconds: int, *, beat: bool = True) -> None:
        for _ in range(seconds):
            at[0] += 1000
            if beat:
                stage.heartbeat()
            page.wait_for_timeout(5)
            page.clock.run_for(1000)

    page.goto(stage.address)
    until(page, "window.wallboard && window.wallboard.version() === 41")
    pass_s(2)
    tile = page.locator('[data-tile="longest_wait"]')
    expect(tile).to_have_attribute("data-freshness", "live")
    stage.patch(
        {
            f"feed:telavox:{feed}": {"level": "late", "alive_at": at[0] - 16_000, "reason": "silent"}
            for feed in ("calls", "presence", "agents")
        }
    )
    pass_s(2)
    expect(tile).to_have_attribute("data-freshness", "late")
    expect(tile.locator("[data-reason]")).to_have_text(re.compile(r"^1[78] s old$"))
    # The server says nothing more of it; the browser goes on by itself.
    page.clock.run_for(100)
    at[0] += 45_000
    stage.heartbeat()
    page.clock.fast_forward(45_000)
    pass_s(4)
    expect(tile).to_have_attribute("data-freshness", "stale")
    expect(tile).to_have_attribute("data-severity", "unknown")
    stopped = value(page, "site.longest_wait").inner_text()
    pass_s(3)
    assert value(page, "site.longest_wait").inner_text() == stopped != "–"
    expect(page.locator("[data-notice-text]")).to_have_text(re.compile("live feed silent since 14:0"))
    at[0] += 240_000
    stage.heartbeat()
    page.clock.fast_forward(240_000)
    pass_s(4)
    expect(tile).to_have_attribute("data-freshness", "unknown")
    expect(value(page, "site.waiting")).to_have_text("–")
    expect(value(page, "site.longest_wait")).to_have_text("–")
    expect(tile.locator("[data-reason]")).to_have_text(re.compile("silent since 14:0"))


@pytest.mark.fault("D4")
def test_a_screen_that_loses_its_server_says_so_and_keeps_its_last_numbers(page: Page, stage: Stages) -> None:
    page.clock.install(time=0)
    stage = stage()
    page.goto(stage.address)
    until(page, "window.wallboard && window.wallboard.version() === 41")
    page.clock.run_for(2000)
    stage.refuse_with = 503
    for _ in range(16):
        page.clock.run_for(1000)
    expect(page.locator("html")).to_have_attribute("data-link", "late")
    expect(page.locator('[data-tile="waiting"]')).to_have_attribute("data-freshness", "late")
    for _ in range(12):
        page.clock.run_for(1000)
    expect(page.locator("html")).to_have_attribute("data-link", "offline")
    expect(page.locator("[data-notice-text]")).to_have_text("This screen is offline – showing 14:02")
    expect(value(page, "site.waiting")).to_have_text("2")
    for _ in range(36):
        page.clock.run_for(1000)
    expect(page.locator('[data-tile="waiting"]')).to_have_attribute("data-freshness", "stale")
    expect(value(page, "site.waiting")).to_have_text("2")
    stage.refuse_with = None
    stage.now = lambda: samples.NOW + 70_000
    stage.values["site"]["waiting"] = 4
    # The next dial comes by chance within ten seconds; past it this clock must not be pushed, or the silence after it is long again.
    until_dialled(page, stage)
    expect(page.locator("html")).to_have_attribute("data-link", "live")
    expect(value(page, "site.waiting")).to_have_text("4")
    expect(page.locator('[data-tile="waiting"]')).to_have_attribute("data-freshness", "live")


def test_a_page_whose_socket_never_opens_does_not_call_its_numbers_fresh(page: Page, stage: Stages) -> None:
    page.clock.install(time=0)
    stage = stage()
    stage.refuse_with = 503
    page.goto(stage.address)
    until(page, "!!window.wallboard")
    assert page.locator("html").get_attribute("data-link") == "late"
    for _ in range(17):
        page.clock.run_for(1000)
    expect(page.locator('[data-tile="waiting"]')).to_have_attribute("data-freshness", "late")
    for _ in range(46):
        page.clock.run_for(1000)
    expect(page.locator('[data-tile="waiting"]')).to_have_attribute("data-freshness", "stale")
    expect(page.locator("html")).to_have_attribute("data-link", "offline")
    expect(value(page, "site.waiting")).to_have_text("2")


@pytest.mark.fault("D4")
def test_a_server_that_went_silent_behind_an_open_socket_is_dialled_anew(page: Page, stage: Stages) -> None:
    page.clock.install(time=0)
    stage = stage()
    page.goto(stage.address)
    until(page, "window.wallboard && window.wallboard.version() === 41")
    for _ in range(27):
        page.clock.run_for(1000)
    deadline = time.monotonic() + 15
    while stage.dials < 2:
        assert time.monotonic() < deadline, "not dialled anew"
        page.wait_for_timeout(50)


def test_a_new_queue_makes_the_page_fetch_itself_anew(page: Page, stage: Stages) -> None:
    stage = running(stage("team", samples.one_queue()))
    page.goto(stage.address)
    until(page, "!!window.wallboard && window.wallboard.version() === 41")
    stage.values["queue:7"] = samples.queue("Ny kö", 7)
    stage.snapshot()
    expect(page.locator('[data-row="queue:7"]')).to_have_count(1, timeout=20_000)
    # Once to see that it is there, once to be shown.
    assert stage.pages == 3


@pytest.mark.fault("D10", "C13")
def test_a_page_is_not_thrown_away_while_the_server_is_unwell(page: Page, stage: Stages) -> None:
    stage = running(stage("team", samples.one_queue()))
    stage.healthy = False
    page.goto(stage.address)
    until(page, "!!window.wallboard && window.wallboard.version() === 41")
    stage.values["queue:7"] = samples.queue("Ny kö", 7)
    stage.snapshot()
    page.wait_for_timeout(15_000)
    assert stage.pages == 1


def test_text_of_strangers_is_text(page: Page, stage: Stages, complaints: list[str]) -> None:
    values = samples.whole(
        [samples.queue("<img src=x onerror=alert(1)>", 5)],
        [samples.agent('"><script>alert(1)</script>', 9, "away", profile="<b>Lunch</b>")],
    )
    stage = running(stage("supervisor", values))
    page.goto(stage.address)
    until(page, "!!window.wallboard && window.wallboard.version() === 41")
    stage.patch({"agent:9": {"profile": "<i>Möte</i>"}})
    expect(page.locator("[data-second]")).to_have_text("<i>Möte</i>")
    assert page.locator("img, main script, .second i").count() == 0
