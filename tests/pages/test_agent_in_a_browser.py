"""The page of one agent in a real Chromium: it goes on without a reload, is stepped through by the keyboard, and fits a telephone."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from stats.clock import now_ms
from stats.domain.records import ActiveCall, Party
from tests.pages.test_every_page import TOO_WIDE
from tests.pages.test_in_a_browser import chromium, log_in, opened
from tests.push.floor import ANNA, SUPPORT, ended_call, ready
from tests.push.web import Server, serving

__all__ = ["chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
ADDRESS = f"/agents/{ANNA.id}/"


@pytest.fixture
async def web(var_dir: Path, free_port: int) -> AsyncIterator[Server]:
    """A real web process; Anna is ready, and answered two calls."""
    async with serving(var_dir, free_port) as found:
        now = now_ms()
        await found.worker.report()  # the start may have taken longer than a lease
        await found.worker.tell(ended_call("first", since=now - 120_000), ended_call("second", since=now - 60_000), ready())
        yield found


async def test_state_numbers_and_timeline_go_on_without_a_reload_and_stop_when_nobody_reports(web: Server, chromium: Browser) -> None:
    page = await opened(chromium, complaints := [], viewport={"width": 1280, "height": 720})
    await log_in(page, web)
    await page.goto(web.origin + ADDRESS)
    await page.evaluate("window.stays = true")
    state, answered = page.locator("[data-state-words]"), page.locator('[data-value="agent:924328.answered"]')
    await expect(state).to_have_text("Ready")
    await expect(answered).to_have_text("2")
    await expect(page.locator("html")).to_have_attribute("data-link", "live")
    now = now_ms()
    call = ActiveCall(id_call="live", answered=True, queue=SUPPORT, started_at=now - 5000, answered_at=now)
    await web.worker.report()
    await web.worker.tell(replace(ready(), active_call=call, told_at=now), ended_call("third", since=now - 30_000))
    await expect(state).to_have_text("Talking", timeout=8000)
    await expect(answered).to_have_text("3", timeout=8000)
    await expect(page.locator("[data-rings] tbody tr")).to_have_count(3)
    line = page.locator("[data-now-line]")
    first = await line.get_attribute("x1")
    await web.worker.report()
    await expect(line).not_to_have_attribute("x1", first or "", timeout=8000)
    assert await page.evaluate("window.stays") is True
    # Nobody reports any more: it is late, then its clock stands.
    held = page.locator("p.state[data-feed]")
    await expect(held).not_to_have_attribute("data-freshness", "live", timeout=25_000)
    assert complaints == []


async def test_the_timeline_is_stepped_through_by_the_keyboard_and_read_out(web: Server, chromium: Browser) -> None:
    page = await opened(chromium, complaints := [], viewport={"width": 1280, "height": 720})
    await log_in(page, web)
    await page.goto(web.origin + ADDRESS)
    detail, chosen = page.locator("[data-detail]"), page.locator(".piece[data-current]")
    await page.locator("[data-chart]").focus()
    await page.keyboard.press("ArrowLeft")
    await expect(detail).to_contain_text("so far: Ready, profile Tillgänglig")
    await expect(detail).to_have_attribute("aria-live", "polite")
    await page.keyboard.press("ArrowDown")
    await expect(detail).to_contain_text("Logged in to Support")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("End")
    await expect(detail).to_contain_text("10 seconds: Talked, Support")
    await page.keyboard.press("ArrowLeft")
    await expect(detail).to_contain_text("Rang for Support: Answered")
    await page.keyboard.press("Home")
    await expect(detail.get_by_role("link", name="Open the call")).to_have_attribute("href", "/calls/first/")
    # What is chosen stays chosen when the drawing is renewed, and so does the focus.
    row = await chosen.get_attribute("data-row")
    await web.worker.report()
    await web.worker.tell(ended_call("third", since=now_ms() - 20_000))
    await expect(page.locator("[data-rings] tbody tr")).to_have_count(3, timeout=12_000)
    await expect(chosen).to_have_attribute("data-row", row or "")
    assert await page.evaluate("document.activeElement.matches('[data-chart]')")
    await page.keyboard.press("Enter")
    await page.wait_for_url(web.origin + "/calls/first/")
    assert complaints == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_a_long_name_fits_a_telephone_and_axe_finds_nothing(web: Server, chromium: Browser, scheme: str) -> None:
    name = "Wolfeschlegelsteinhausenbergerdorff-" * 4
    queue = Party(id=111900, name=f"Kundtjänst {name}")
    agent = Party(id=924400, name=f"Maximilian {name}")
    away = replace(ready(agent, queue), profile_name=f"Utbildning {name}", told_at=now_ms() - 300_000)
    await web.worker.report(presence_lost_at=now_ms() - 200_000)
    await web.worker.tell(away, ended_call("long", queue, agent, since=now_ms() - 90_000, wait_ms=20_000, answered=False))
    page = await opened(chromium, complaints := [], viewport={"width": 390, "height": 844}, color_scheme=scheme)
    await log_in(page, web)
    for query in ("", "?zoom=day", "?zoom=hour"):
        await page.goto(web.origin + "/agents/924400/" + query)
        await page.locator("details.segments summary").click()
        assert await page.evaluate(TOO_WIDE) == []
        found = (await Axe().run(page)).response["violations"]
        assert [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found] == []
    assert complaints == []
