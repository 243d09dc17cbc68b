"""A source is added, let post to us, paused and taken away in a real Chromium, at the real product and a real look-alike."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from stats.providers.voxloud.simulator import VoxloudSimulator
from tests.pages.test_in_a_browser import chromium, log_in, opened
from tests.push.web import Server, serving

__all__ = ["chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG = "Försäljning och kundtjänst för företag i norra Sverige, kvällar och helger"


@pytest.fixture
async def web(var_dir: Path, free_port: int, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """The product, which lets a look-alike on this machine be named in its forms."""
    monkeypatch.setenv("SOURCE_HOSTS", "127.0.0.1")
    async with serving(var_dir, free_port) as found:
        await found.worker.report()
        yield found


async def is_fine(page: Page, wrong: list[str], where: str) -> None:
    """Nobody is left alone by it: axe in both themes, and 390 px."""
    for theme in ("dark", "light"):
        await page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        found: list[dict[str, Any]] = (await Axe().run(page)).response["violations"]
        wrong += [f"{where}, {theme}: {each['id']}: {each['nodes'][0]['html'][:120]}" for each in found]
    await page.set_viewport_size({"width": 390, "height": 844})
    width = await page.evaluate("document.documentElement.scrollWidth")
    if width > 390:
        wrong.append(f"{where} is {width} wide")
    await page.set_viewport_size({"width": 1280, "height": 720})


async def test_a_source_is_added_by_its_keys_and_lives_until_it_is_taken_away(web: Server, chromium: Browser) -> None:
    async with VoxloudSimulator(start=False) as voxloud:
        wrong: list[str] = []
        complaints: list[str] = []
        page = await opened(chromium, complaints, viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
        await log_in(page, web)
        await page.goto(web.origin + "/sources/")
        await page.get_by_role("link", name="Add a telephone system").click()
        await page.get_by_role("link", name="Add Voxloud", exact=True).click()

        # Wrong first: what was typed stays, and where it is wrong is said.
        await page.get_by_label("Name of the source").fill("Two Words")
        await page.get_by_label("API key").fill("not-the-key")
        await page.get_by_text("Addresses and country").click()
        await page.get_by_label("Address of the vendor").fill(voxloud.api_url)
        await page.get_by_label("Name of the queue").fill(LONG)
        await page.get_by_role("button", name="Another row").click()
        await expect(page.get_by_label("Name of the queue").nth(1)).to_be_focused()
        await page.get_by_label("API key").press("Enter")
        await expect(page.get_by_text("small letters, digits and hyphens")).to_be_visible()
        await is_fine(page, wrong, "form with a fault")
        await page.get_by_label("Name of the source").fill("voxloud-nord")
        await page.get_by_label("API key").press("Enter")
        verdict = page.locator("[data-verdict]")
        await expect(verdict).to_have_attribute("data-result", "refused", timeout=30_000)
        assert await page.get_by_label("Name of the queue").first.input_value() == LONG
        await page.get_by_label("API key").fill(next(iter(voxloud.keys)))
        await page.get_by_label("API key").press("Enter")
        await expect(verdict).to_have_attribute("data-result", "ok", timeout=30_000)
        await expect(page.locator("[data-step=greeting]")).to_contain_text("Exempelbolaget")
        await is_fine(page, wrong, "tested")
        await page.get_by_role("button", name="Keep this token").click()

        await page.wait_for_url("**/sources/voxloud-nord/hooks/")
        await page.get_by_role("button", name="Connect").click()
        await expect(page.locator("[data-fault]")).to_contain_text("PUBLIC_URL")
        await page.get_by_label("The vendor finds this wallboard at").check()
        await page.get_by_role("button", name="Connect").click()
        await expect(verdict).to_have_attribute("data-result", "ok", timeout=30_000)
        assert all(each.callback_url.startswith(f"{web.origin}/hooks/voxloud/") for each in voxloud.posting.subscriptions.values())
        await is_fine(page, wrong, "connected")

        await page.get_by_role("link", name="To the source", exact=True).click()
        await expect(page.get_by_role("button", name="Pause it")).to_be_visible()
        await is_fine(page, wrong, "source")
        await page.get_by_role("button", name="Pause it").click()
        await expect(page.get_by_text("Paused by admin since").first).to_be_visible()
        await page.get_by_role("button", name="Let it go on").click()
        await page.get_by_label("Name of the queue").first.fill("Sales")
        await page.get_by_role("button", name="Save the options").click()
        await expect(page.get_by_label("Name of the queue").first).to_have_value("Sales")
        await page.get_by_role("link", name="Take this source away").click()
        await expect(page.get_by_label("Type voxloud-nord to go on")).to_be_visible()
        await is_fine(page, wrong, "take away")
        await page.get_by_label("Type voxloud-nord to go on").fill("voxloud-nord")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Put it back")).to_be_visible(timeout=30_000)
        assert not voxloud.posting.subscriptions
        await page.get_by_role("button", name="Put it back").click()
        await page.wait_for_url("**/sources/voxloud-nord/")
        assert (wrong, [said for said in complaints if "status of 40" not in said]) == ([], [])
