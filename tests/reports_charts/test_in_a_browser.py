"""The trend in a real Chromium: it is walked by keys and zoomed by the pointer, and without a script or on paper there is its drawing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from stats.clock import now_ms
from tests.pages.test_in_a_browser import chromium, log_in, opened
from tests.push.floor import SALES, ended_call, ready
from tests.push.web import PASSWORD, Server, serving
from tests.reports_pages.past import back

__all__ = ["chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG_MS = 30_000
CHART = "[data-trend-keys] canvas"


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


async def trend(chromium: Browser, web: Server, complaints: list[str], query: str) -> Page:
    """The trend, once it is drawn by the browser."""
    page = await opened(chromium, complaints, viewport={"width": 1280, "height": 900})
    page.set_default_timeout(LONG_MS)
    await log_in(page, web)
    await page.goto(f"{web.origin}/reports/trend/?{query}", wait_until="load")
    await expect(page.locator(CHART)).to_be_visible(timeout=LONG_MS)
    await page.evaluate("window.here = true")
    return page


async def at(page: Page, web: Server, query: str) -> None:
    """The address has become this, the chart is drawn anew, and the page was not loaded anew."""
    await page.wait_for_url(f"{web.origin}/reports/trend/?{query}", timeout=LONG_MS)
    await expect(page.locator("[data-report]")).not_to_have_attribute("aria-busy", "true", timeout=LONG_MS)
    assert await page.evaluate("window.here === true")


async def test_points_are_reached_by_keys_and_told_and_a_part_is_zoomed_into_by_the_pointer(web: Server, chromium: Browser) -> None:
    complaints: list[str] = []
    page = await trend(chromium, web, complaints, "period=7d")
    points = page.locator("[data-points] tr")
    words = [await points.nth(number).get_attribute("data-words") or "" for number in range(7)]
    assert words[6].endswith(": 2, in progress")
    await page.locator("[data-trend-keys]").focus()
    for key, number in (("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 6), ("ArrowRight", 6)):
        await page.keyboard.press(key)
        await expect(page.locator("[data-spoken]")).to_have_text(words[number])
        await expect(page.locator("[data-told-here]")).to_have_text(words[number])
    await page.keyboard.press("Enter")
    await at(page, web, f"from={back(0)}&to={back(0)}")
    # Within a day it is the hours that are zoomed into.
    await expect(page.locator(CHART)).to_be_visible()
    hours = await page.locator("[data-points] tr").last.get_attribute("data-hours") or ""
    await page.locator("[data-trend-keys]").focus()
    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    await at(page, web, f"from={back(0)}&to={back(0)}&hours={hours.replace(':', '%3A')}")
    # A part that is brushed becomes the period.
    await page.goto(f"{web.origin}/reports/trend/?period=7d&metric=answered", wait_until="load")
    await expect(page.locator(CHART)).to_be_visible()
    await page.evaluate("window.here = true")
    box = await page.locator("[data-trend-keys] .u-over").bounding_box()
    assert box is not None
    # Of six steps between seven days, from the middle of the second to the middle of the fourth.
    await page.mouse.move(box["x"] + box["width"] * 1.5 / 6, box["y"] + 50)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 3.5 / 6, box["y"] + 60, steps=4)
    await page.mouse.up()
    await at(page, web, f"metric=answered&from={back(5)}&to={back(3)}")
    await expect(page.locator("[data-row=nothing]")).to_contain_text("No call came on these days.")
    await page.go_back()
    await at(page, web, "period=7d&metric=answered")
    await expect(page.locator("[data-points] tr")).to_have_count(7)
    assert await page.locator("[data-made]").count() == 1
    assert complaints == []


async def test_without_a_script_and_on_paper_there_is_the_servers_drawing(web: Server, chromium: Browser) -> None:
    page = await trend(chromium, web, [], "period=7d")
    await expect(page.locator("[data-drawn]")).to_be_hidden()
    await page.emulate_media(media="print")
    await expect(page.locator("[data-drawn] .trend-svg")).to_be_visible()
    await expect(page.locator(CHART)).to_be_hidden()
    plain = await opened(chromium, [], java_script_enabled=False)
    plain.set_default_timeout(LONG_MS)
    await plain.goto(web.origin + "/login/?next=/reports/trend/%3Fperiod%3D7d")
    await plain.fill("[name=username]", "admin")
    await plain.fill("[name=password]", PASSWORD)
    await plain.keyboard.press("Enter")
    await plain.wait_for_url("**/reports/trend/?period=7d")
    await expect(plain.locator("[data-drawn] .trend-svg")).to_be_visible()
    await plain.locator("#metric").select_option("calls_in")
    await plain.locator(".metric-choice button").click()
    await plain.wait_for_url("**/reports/trend/?period=7d&metric=calls_in")
    await expect(plain.locator("h2#trend")).to_have_text("Calls in")
