"""The health page in a real Chromium: it renews itself in place, says when it cannot, and fits every screen."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from stats.clock import now_ms
from tests.pages.test_in_a_browser import chromium, log_in, opened
from tests.push.floor import ended_call, ready
from tests.push.web import Server, serving

__all__ = ["chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.heavy]


@pytest.fixture
async def web(var_dir: Path, free_port: int) -> AsyncIterator[Server]:
    """A real web process and a worker that reports."""
    async with serving(var_dir, free_port) as found:
        await found.worker.tell(ended_call("one", since=now_ms() - 60_000), ready())

        async def go_on() -> None:
            while True:
                await found.worker.report()
                await asyncio.sleep(2)

        reporting = asyncio.create_task(go_on())
        yield found
        reporting.cancel()


async def test_the_page_follows_what_happens_without_a_reload_and_says_when_nobody_answers(web: Server, chromium: Browser) -> None:
    """Texts change in place: whoever stands in the page stays there."""
    complaints: list[str] = []
    page = await opened(chromium, complaints, viewport={"width": 1280, "height": 720}, locale="en-GB")
    await log_in(page, web)
    await page.goto(web.origin + "/health/")
    verdict = page.locator("[data-headline]")
    await expect(verdict).to_contain_text("Everything works.")
    await expect(page.get_by_role("status")).to_contain_text("Everything works.")
    await page.evaluate("window.here = true")
    region = page.get_by_role("group", name="Feeds of telavox")
    await region.focus()
    web.worker.facts = replace(web.worker.facts, state="auth_error")
    await expect(verdict).to_contain_text("refuses our token", timeout=15_000)
    assert await page.evaluate("window.here"), "it was loaded anew"
    assert await page.evaluate("document.activeElement.getAttribute('aria-label')") == "Feeds of telavox"
    for width, height in ((1920, 1080), (1280, 720), (390, 844)):
        await page.set_viewport_size({"width": width, "height": height})
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{width} wide, it scrolls sideways"
    assert complaints == []
    await page.route("**/health/?part", lambda route: route.abort())
    await expect(page.get_by_role("alert")).to_contain_text("has not been renewed since", timeout=15_000)
    await page.unroute("**/health/?part")
    await expect(page.locator("[data-stale]")).to_be_hidden(timeout=15_000)
