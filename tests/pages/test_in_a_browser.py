"""The pages and the boards in a real Chromium, at a real Daphne: what happens on the floor is on every screen."""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from stats.clock import now_ms
from tests.chromium import LAUNCH_ARGUMENTS, find_browser
from tests.push.floor import SALES, ended_call, ready, waiting_call
from tests.push.web import API_TOKEN, PASSWORD, Server, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
async def web(var_dir: Path, free_port: int) -> AsyncIterator[Server]:
    """A real web process, a few calls, and a worker that goes on reporting."""
    async with serving(var_dir, free_port) as found:
        now = now_ms()
        # A slow machine takes longer to start than a lease lasts.
        await found.worker.report()
        await found.worker.tell(ended_call("one", since=now - 60_000), waiting_call("two", SALES, since=now - 10_000), ready())
        yield found


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A browser; without one the test is skipped."""
    path = await asyncio.to_thread(find_browser)
    if path is None:
        pytest.skip("no Chromium; `python -m tests.chromium` installs one")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=LAUNCH_ARGUMENTS)
        yield browser
        await browser.close()


async def opened(browser: Browser, complaints: list[str], **wishes: Any) -> Page:
    """A page whose complaints are kept."""
    page = await (await browser.new_context(**wishes)).new_page()

    def keep(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", keep)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


async def log_in(page: Page, web: Server) -> None:
    """By the keyboard alone."""
    await page.goto(web.origin + "/")
    # The browser may set the focus a moment after the page is there, and what is typed before is lost.
    await expect(page.locator("[name=username]")).to_be_focused()
    await page.keyboard.type("admin")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(web.origin + "/")


def live_answer(web: Server) -> dict[str, Any]:
    """What a program is told."""
    asked = urllib.request.Request(web.origin + "/api/v1/live", headers={"Authorization": f"Bearer {API_TOKEN}"})
    with urllib.request.urlopen(asked, timeout=5) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


@pytest.mark.acceptance("TX-21")
async def test_two_televisions_the_overview_and_a_program_hold_the_same_numbers(web: Server, chromium: Browser) -> None:
    complaints: list[str] = []
    screens = [await opened(chromium, complaints, viewport={"width": 1920, "height": 1080}) for _ in range(2)]
    for screen in screens:
        await screen.goto(f"{web.origin}/s/{web.key}/")
    desk = await opened(chromium, complaints)
    await log_in(desk, web)
    for number in range(1, 6):
        await web.worker.report()
        await web.worker.tell(waiting_call(f"w{number}", SALES, since=now_ms()))
        for page in (*screens, desk):
            await expect(page.locator('[data-value="queue:111835.waiting"]').first).to_have_text(str(number + 1), timeout=3000)
    told = await asyncio.to_thread(live_answer, web)
    assert next(queue for queue in told["queues"] if queue["id"] == 111835)["now"]["waiting"] == 6
    await expect(desk.locator("[data-sentence]")).to_contain_text("6 callers are waiting, the longest for")
    assert complaints == []


async def test_the_overview_says_when_the_collector_falls_silent(web: Server, chromium: Browser) -> None:
    page = await opened(chromium, complaints := [])
    await web.worker.report()
    await log_in(page, web)
    waiting = page.locator(".figure", has=page.locator('[data-value="site.waiting"]'))
    await expect(waiting).to_have_attribute("data-freshness", "live")
    await expect(waiting).to_have_attribute("data-freshness", "late", timeout=16_000)
    await expect(page.locator("[data-notice]")).to_contain_text("Our collector is silent")
    await web.worker.close()
    assert complaints == []


async def test_no_page_is_wider_than_its_screen_or_breaks_its_policy(web: Server, chromium: Browser) -> None:
    complaints: list[str] = []
    for width, height, scheme in ((1920, 1080, "dark"), (1280, 720, "light"), (390, 844, "dark"), (390, 844, "light")):
        page = await opened(chromium, complaints, viewport={"width": width, "height": height}, color_scheme=scheme)
        await log_in(page, web)
        for address in ("/", "/sources/", "/queues/111834/", "/calls/one/", "/screens/"):
            await page.goto(web.origin + address)
            await page.wait_for_load_state("load")
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)
        await page.context.close()
    assert complaints == []


async def test_a_chosen_theme_stays(web: Server, chromium: Browser) -> None:
    page = await opened(chromium, [], color_scheme="dark")
    await log_in(page, web)
    await page.locator("details.account summary").press("Enter")
    await page.get_by_role("button", name="Light").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
    await page.goto(web.origin + "/sources/")
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
    await page.locator("details.account summary").press("Enter")
    await expect(page.get_by_role("button", name="Dark")).to_be_visible()
