"""A television and a desk at a real Daphne: paired without a key pressed, back alone after a restart, empty when its key is revoked."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from stats.clock import now_ms
from tests.chromium import LAUNCH_ARGUMENTS, find_browser
from tests.push.floor import SALES, ended_call, ready, waiting_call
from tests.push.web import PASSWORD, Server, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EMPTY_WITHIN_MS = 15_000
BACK_WITHIN_MS = 30_000


@pytest.fixture
async def web(var_dir: Path, free_port: int) -> AsyncIterator[Server]:
    """A real web process with a few calls."""
    async with serving(var_dir, free_port) as found:
        now = now_ms()
        # Its lease may have run out while the web process began.
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


async def at_the_desk(chromium: Browser, address: str) -> Page:
    """A page at this address, reached through the login."""
    page = await (await chromium.new_context()).new_page()
    await page.goto(address)
    await page.locator('[name="username"]').fill("admin")
    await page.locator('[name="password"]').fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(address)
    return page


async def test_a_television_is_paired_comes_back_alone_and_is_emptied(web: Server, chromium: Browser) -> None:
    complaints: list[str] = []
    hall = await chromium.new_context(viewport={"width": 1920, "height": 1080})
    tv = await hall.new_page()
    tv.on("pageerror", lambda error: complaints.append(str(error)))
    await tv.goto(web.origin + "/tv/")
    code = await tv.locator("[data-code-first]").inner_text() + await tv.locator("[data-code-second]").inner_text()
    # The address its QR code leads to.
    desk = await at_the_desk(chromium, f"{web.origin}/pair/?code={code[:4]}-{code[4:]}")
    await expect(desk.get_by_text("This television shows it")).to_be_visible()
    await desk.get_by_role("button", name="Pair the television").click()
    waiting = tv.locator('[data-value="queue:111835.waiting"]')
    await expect(waiting).to_have_text("1", timeout=BACK_WITHIN_MS)
    await expect(tv.locator("html")).to_have_attribute("data-link", "live", timeout=BACK_WITHIN_MS)

    # Another process, as after a deploy.
    await asyncio.to_thread(web.end, signal.SIGTERM)
    web.begin()
    await web.worker.report()
    await web.worker.tell(waiting_call("three", SALES, since=now_ms()))
    await expect(waiting).to_have_text("2", timeout=BACK_WITHIN_MS)

    # A power cut, after which the browser has forgotten its cookies.
    await tv.close()
    await hall.clear_cookies()
    tv = await hall.new_page()
    await tv.goto(web.origin + "/tv/")
    await expect(tv.locator('[data-value="queue:111835.waiting"]')).to_have_text("2", timeout=BACK_WITHIN_MS)

    await desk.goto(web.origin + "/screens/")
    card = desk.locator(".screen")
    await card.get_by_text("Unpair", exact=True).click()
    await card.get_by_role("button", name="Unpair Screen 1").click()
    await expect(tv.locator('[data-value="site.waiting"]')).to_have_text("–", timeout=EMPTY_WITHIN_MS)
    await expect(tv.locator("[data-code-first]")).to_be_visible(timeout=60_000)
    assert complaints == []


async def test_the_page_of_screens_changes_by_itself_and_by_the_keyboard(web: Server, chromium: Browser) -> None:
    desk = await at_the_desk(chromium, f"{web.origin}/screens/")
    await expect(desk.get_by_role("heading", name="No television is paired yet")).to_be_visible()
    codes = []
    for _ in range(2):
        tv = await (await chromium.new_context()).new_page()
        await tv.goto(web.origin + "/tv/")
        codes.append(await tv.locator("[data-code-first]").inner_text() + await tv.locator("[data-code-second]").inner_text())
    other = await (desk.context).new_page()
    for code in codes:
        await other.goto(f"{web.origin}/pair/?code={code}")
        await other.locator("#name").press("Enter")
        await other.wait_for_url(web.origin + "/screens/**")
    await expect(desk.locator(".screen")).to_have_count(2, timeout=BACK_WITHIN_MS)
    await expect(desk.locator(".screen .words").first).to_have_text("On.", timeout=BACK_WITHIN_MS)
    await desk.get_by_role("link", name="Screen 1").focus()
    await desk.keyboard.press("ArrowRight")
    await expect(desk.get_by_role("link", name="Screen 2")).to_be_focused()
    for width in (1920, 390):
        await desk.set_viewport_size({"width": width, "height": 844})
        assert await desk.evaluate("document.documentElement.scrollWidth") <= width
