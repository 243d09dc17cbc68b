"""Receipts, lost callers and explanations in a real Chromium: what happens on the floor is in the list without a reload."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from stats.clock import now_ms
from tests.pages.test_in_a_browser import chromium, log_in, opened
from tests.push.floor import ended_call, ready
from tests.push.web import Server, serving

__all__ = ["chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE_MS = 20_000


@pytest.fixture
async def web(var_dir: Path, free_port: int) -> AsyncIterator[Server]:
    """A real web process, and one call that was answered."""
    async with serving(var_dir, free_port) as found:
        await found.worker.report()
        await found.worker.tell(ended_call("one", since=now_ms() - 60_000), ready())
        yield found


async def test_a_list_a_lost_caller_and_a_definition_as_a_person_meets_them(web: Server, chromium: Browser) -> None:
    """One visit to three pages: the list grows, a caller is handled with a note, a label explains itself and gives the focus back."""
    complaints: list[str] = []
    page = await opened(chromium, complaints)
    await log_in(page, web)

    await page.goto(f"{web.origin}/numbers/queue:111834/offered/?window=today")
    await expect(page.locator("[data-receipt=value]")).to_have_text("1")
    await page.evaluate("window.here = true")
    await web.worker.report()
    await web.worker.tell(ended_call("two", since=now_ms() - 50_000, wait_ms=30_000, answered=False))
    await expect(page.locator("[data-receipt=value]")).to_have_text("2", timeout=PATIENCE_MS)
    await expect(page.locator("table.receipt tbody tr")).to_have_count(2)
    await expect(page.locator("[data-agrees=yes]")).to_contain_text("2")
    assert await page.evaluate("window.here"), "it was not loaded anew"

    await page.goto(f"{web.origin}/callers/")
    await expect(page.get_by_role("heading", name="1 to call back")).to_be_visible()
    await page.get_by_text("Handled …").click()
    await page.get_by_label("Note").fill("will call at four")
    await page.get_by_role("button", name="Mark as handled").click()
    await expect(page.get_by_role("heading", name="0 to call back")).to_be_visible()
    await page.get_by_text("1 handled").click()
    await expect(page.get_by_text("will call at four")).to_be_visible()

    await web.worker.report()
    await page.goto(f"{web.origin}/agents/924328/")
    mark = page.get_by_role("link", name="What is Missed?")
    await mark.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="What is Missed?")
    await expect(dialog).to_contain_text("Rings that rang out at the agent.")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(mark).to_be_focused()
    assert complaints == []
