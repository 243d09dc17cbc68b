"""The bar of reports in a real Chromium: keys and controls change the address and the page under it, and the focus stays where it is."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from stats.clock import now_ms
from tests.pages.test_in_a_browser import chromium, log_in, opened
from tests.push.floor import SALES, ZONE, ended_call, ready
from tests.push.web import PASSWORD, Server, serving
from tests.reports_pages.past import back

__all__ = ["chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG_MS = 30_000


@pytest.fixture
async def web(var_dir: Path, free_port: int) -> AsyncIterator[Server]:
    """A real web process and two calls of today."""
    async with serving(var_dir, free_port) as found:
        now = now_ms()
        await found.worker.report()
        await found.worker.tell(
            ended_call("one", since=now - 60_000), ended_call("two", SALES, since=now - 30_000, wait_ms=12_000), ready()
        )
        yield found


async def report(chromium: Browser, web: Server, complaints: list[str], **wishes: Any) -> Page:
    """The report of today, marked so that a page that was loaded anew is known from one that was not."""
    page = await opened(chromium, complaints, **wishes)
    page.set_default_timeout(LONG_MS)
    await log_in(page, web)
    await page.goto(f"{web.origin}/reports/interval/", wait_until="load")
    await page.evaluate("window.here = true")
    return page


async def at(page: Page, web: Server, query: str) -> None:
    """The address has become this, the page says so, and it was not loaded anew."""
    await page.wait_for_url(f"{web.origin}/reports/interval/?{query}", timeout=LONG_MS)
    await expect(page.locator("[data-report]")).not_to_have_attribute("aria-busy", "true", timeout=LONG_MS)
    assert await page.evaluate("window.here === true")


async def test_keys_choose_the_period_and_compare_and_the_browsers_history_leads_back(web: Server, chromium: Browser) -> None:
    complaints: list[str] = []
    page = await report(chromium, web, complaints)
    for key, query in (
        ("7", "period=7d"),
        ("3", "period=30d"),
        ("w", "period=week"),
        ("m", "period=month"),
        ("e", "period=yesterday"),
        ("x", "period=yesterday&compare=weekdays"),
        ("ArrowLeft", f"from={back(2)}&to={back(2)}&compare=weekdays"),
        ("ArrowRight", "period=yesterday&compare=weekdays"),
        ("x", "period=yesterday"),
        ("d", ""),
    ):
        await page.keyboard.press(key)
        await at(page, web, query)
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("c")
    await expect(page.locator("#from")).to_be_focused()
    # In a field a letter is a letter, and Alt with an arrow is the browser's.
    await page.keyboard.press("7")
    await page.keyboard.press("Escape")
    await page.go_back()
    await at(page, web, "period=yesterday")
    await expect(page.locator("[data-period]")).to_contain_text("Yesterday")
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_contain_text("The period before, the period after")
    assert complaints == []


async def test_filters_are_chosen_in_a_form_and_taken_off_one_by_one_and_the_focus_stays(web: Server, chromium: Browser) -> None:
    complaints: list[str] = []
    page = await report(chromium, web, complaints)
    queues = page.locator("details.drop", has=page.locator("#find-queue"))
    await queues.locator("summary").press("Enter")
    await expect(page.locator("#find-queue")).to_be_focused()
    await page.keyboard.type("forsalj")
    await expect(queues.locator(".tick:visible")).to_have_count(1)
    await queues.locator(".tick:visible input").check()
    await queues.locator("button.loud").click()
    await at(page, web, f"queue={SALES.id}")
    await expect(queues.locator("summary")).to_be_focused()
    await expect(page.locator(".filters-on")).to_contain_text("Queue: Försäljning")
    await expect(page.locator('[data-sheet=""] [data-row="whole"] [data-number="offered"]')).to_have_text("1")
    # A queue's name in the table of queues is the same filter.
    await page.locator('[data-sheet="queues"] th a[data-step]').click()
    await at(page, web, "")
    await expect(page.locator('[data-sheet=""] [data-row="whole"] [data-number="offered"]')).to_have_text("2")
    assert not await page.locator(f'input[name="queue"][value="{SALES.id}"]').is_checked()
    # From number to number by the arrows.
    await page.locator('[data-row="whole"] [data-number="offered"]').first.focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator('[data-row="whole"] [data-number="answered"]').first).to_be_focused()
    assert complaints == []


async def test_on_a_telephone_the_bar_is_folded_and_on_paper_it_is_gone(web: Server, chromium: Browser) -> None:
    complaints: list[str] = []
    page = await report(chromium, web, complaints, viewport={"width": 390, "height": 844})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await expect(page.locator(".periods")).to_be_hidden()
    await page.locator(".report-bar > summary").click()
    await page.locator(".periods a", has_text="7 days").click()
    await at(page, web, "period=7d")
    await expect(page.locator(".periods")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.emulate_media(media="print", color_scheme="dark")
    for gone in (".bar", ".report-bar", ".report-tabs", ".explain"):
        await expect(page.locator(gone).first).to_be_hidden()
    await expect(page.locator("h1")).to_contain_text("7 days")
    await expect(page.locator(".stamp")).to_contain_text(ZONE)
    style = "(e) => [getComputedStyle(e).textDecorationLine, getComputedStyle(e).color]"
    assert await page.locator("[data-number=offered]").first.evaluate(style) == ["none", "rgb(0, 0, 0)"]
    assert await page.locator("[data-sheet]").first.evaluate("(e) => getComputedStyle(e).maxHeight") == "none"
    assert complaints == []


async def test_without_a_script_every_control_is_a_link_or_a_form(web: Server, chromium: Browser) -> None:
    page = await opened(chromium, [], java_script_enabled=False)
    page.set_default_timeout(LONG_MS)
    await page.goto(web.origin + "/login/?next=/reports/interval/")
    await page.fill("[name=username]", "admin")
    await page.fill("[name=password]", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/reports/interval/")
    await page.locator("summary", has_text="Hours").click()
    await page.select_option("#opens", "08:00")
    await page.uncheck("#weekday-7")
    await page.locator(".hours button").click()
    await expect(page.locator(".filters-on")).to_contain_text("08:00–24:00, Mon–Sat")
    await page.locator(".periods a", has_text="Week").click()
    await page.wait_for_url("**/reports/interval/?period=week&hours=08%3A00-24%3A00&weekdays=123456")
    await page.locator(".filters-on a").click()
    await page.wait_for_url("**/reports/interval/?period=week")
