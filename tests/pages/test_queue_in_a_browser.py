"""The page of one queue in a real Chromium: bars grow and stop, reasons are opened by the keyboard, and it fits a telephone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from stats.clock import now_ms
from stats.domain.records import Party
from stats.live.codec import pack_source
from tests.pages.test_in_a_browser import chromium, log_in, opened
from tests.push.floor import ANNA, SALES, SOURCE, SUPPORT, ended_call, ready, waiting_call
from tests.push.web import Server, serving

__all__ = ["chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
ADDRESS = f"/queues/{SUPPORT.id}/"
LONG = Party(id=924399, account_id=3467699, name="Wolfeschlegelsteinhausenbergerdorff-Götaland af Överkalix Nedertorneå")


@pytest.fixture
async def web(var_dir: Path, free_port: int) -> AsyncIterator[Server]:
    """A real web process; two wait, one was answered, Anna and somebody with a long name are ready."""
    async with serving(var_dir, free_port) as found:
        now = now_ms()
        await found.worker.report()  # the start may have taken longer than a lease
        await found.worker.tell(
            ended_call("answered", since=now - 120_000),
            ended_call("sold", SALES, since=now - 100_000),
            waiting_call("first", since=now - 50_000),
            waiting_call("second", since=now - 4_000),
            ready(),
            ready(LONG),
        )
        yield found


async def silent(web: Server, since: int) -> None:
    """The worker lives, and has had no sign of life from the telephone system since an instant."""
    worker = web.worker
    assert worker.road is not None
    for socket in worker.facts.sockets.values():
        socket.alive_at = since
    worker.road.report(SOURCE, pack_source(replace(worker.facts, written_at=now_ms())))
    await worker.flush()


async def width_of(page: Page, row: str) -> float:
    """How long a bar is, of a thousand."""
    return float(await page.locator(f'[data-row="{row}"] .waited').get_attribute("width") or "nan")


async def test_a_bar_grows_turns_and_freezes_when_nobody_reports_any_more(web: Server, chromium: Browser) -> None:
    page = await opened(chromium, complaints := [], viewport={"width": 1280, "height": 720})
    await log_in(page, web)
    await page.goto(web.origin + ADDRESS)
    await page.evaluate("window.stays = true")
    await expect(page.locator("html")).to_have_attribute("data-link", "live")
    rows = page.locator("table.lane tbody tr")
    await expect(rows).to_have_count(2)
    before, first = await width_of(page, "second"), page.locator('[data-row="first"]')
    # The wait passes a minute while the page stands open: no message says so, and the bar turns.
    for _ in range(30):
        await web.worker.report()
        if await first.get_attribute("data-severity") == "attention" and await width_of(page, "second") > before:
            break
        await asyncio.sleep(1)
    assert await width_of(page, "second") > before
    await expect(first).to_have_attribute("data-severity", "attention")
    await expect(first.locator(".word")).to_have_text("Attention")
    await web.worker.tell(waiting_call("third", since=now_ms()))
    await expect(rows).to_have_count(3, timeout=8000)
    await expect(rows.nth(2)).to_have_attribute("data-row", "third")
    assert await page.evaluate("window.stays") is True
    # The connections have been silent for two minutes: nothing is believed, bars and clocks stand.
    await silent(web, now_ms() - 120_000)
    lane = page.locator('[data-part="lane"]')
    await expect(lane).to_have_attribute("data-freshness", "stale", timeout=10_000)
    await expect(page.locator('[data-row="first"]')).to_have_attribute("data-severity", "unknown")
    await expect(lane.locator("[data-why]")).not_to_have_text("")
    frozen, text = await width_of(page, "second"), await page.locator('[data-row="second"] [data-since]').text_content()
    await asyncio.sleep(2.5)
    assert await width_of(page, "second") == frozen
    assert await page.locator('[data-row="second"] [data-since]').text_content() == text
    assert complaints == []


async def test_a_reason_is_opened_by_the_keyboard_and_stays_open_while_the_page_goes_on(web: Server, chromium: Browser) -> None:
    page = await opened(chromium, complaints := [], viewport={"width": 1280, "height": 720})
    await log_in(page, web)
    await page.goto(web.origin + ADDRESS)
    row = page.locator(f'.people [data-row="{ANNA.id}"]')
    await row.locator("summary").focus()
    await page.keyboard.press("Enter")
    await expect(row.locator("ol")).to_contain_text("Available, and logged in to a queue: ready.")
    await web.worker.report()
    await web.worker.tell(waiting_call("another", since=now_ms()))
    await expect(page.locator("table.lane tbody tr")).to_have_count(3, timeout=8000)
    await expect(row.locator("ol")).to_be_visible()
    assert await page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert complaints == []


async def test_the_page_fits_a_telephone_and_axe_finds_nothing_in_either_theme(web: Server, chromium: Browser) -> None:
    page = await opened(chromium, complaints := [], viewport={"width": 390, "height": 844}, color_scheme="dark", reduced_motion="reduce")
    await log_in(page, web)
    await page.goto(web.origin + ADDRESS)
    await expect(page.locator("html")).to_have_attribute("data-link", "live")
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
    for each in await page.locator("main details > summary").all():
        await each.click()
    for theme in ("dark", "light"):
        await page.emulate_media(color_scheme=theme)
        found = await Axe().run(page)
        assert [(v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in found.response["violations"]] == [], theme
    assert complaints == []
