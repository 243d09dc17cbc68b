"""A first run in a real Chromium, from the printed address to a token that is kept; by its keys, for everybody."""

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from stats.providers.telavox.simulator import DEFAULT_TOKEN, TelavoxSimulator
from stats.providers.telavox.simulator.switches import Switches
from tests.conftest import ROOT, environment_of
from tests.pages.test_in_a_browser import chromium, opened

__all__ = ["chromium"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "four plain words here"


@pytest.fixture
async def vendor() -> AsyncIterator[TelavoxSimulator]:
    """A contact centre that tells what it has as soon as somebody listens."""
    switches = Switches()
    switches.set("snapshot_on_connect", "true")
    async with TelavoxSimulator(seed=3, agents=8, history_ms=600_000, switches=switches) as running:
        yield running


@pytest.fixture
async def first_run(var_dir: Path, free_port: int, vendor: TelavoxSimulator) -> AsyncIterator[tuple[str, str]]:
    """The whole product, started by somebody who gave it nothing; the address of the product and the one it printed."""
    told = var_dir / "told"
    upstream = {"TELAVOX_LIVE_URL": vendor.live_url, "TELAVOX_HISTORIC_URL": vendor.historic_url}
    environment = environment_of(var_dir, PORT=str(free_port), LOG_LEVEL="warning", **upstream)
    with told.open("wb") as output:
        command = [sys.executable, "manage.py", "up", "--port", str(free_port)]
        start = partial(subprocess.Popen, command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        process: subprocess.Popen[bytes] = await asyncio.to_thread(start)
    try:
        printed = None
        for _ in range(450):
            printed = re.search(r"first run\s+(\S+)", told.read_text())
            if printed is not None:
                break
            assert process.poll() is None, told.read_text()
            await asyncio.sleep(0.2)
        assert printed is not None, told.read_text()
        yield f"http://127.0.0.1:{free_port}", printed[1]
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(process.wait, 15)
        process.kill()


async def accusations(page: Page) -> list[str]:
    """What axe finds."""
    return [f"{page.url} {each['id']}: {each['nodes'][0]['html'][:120]}" for each in (await Axe().run(page)).response["violations"]]


async def test_a_first_run_goes_from_the_printed_address_to_live_numbers(
    first_run: tuple[str, str], vendor: TelavoxSimulator, chromium: Browser
) -> None:
    """By the keyboard where a form is sent; a wrong token first; nobody is left alone by axe in either theme, or at 390 px."""
    home, printed = first_run
    complaints: list[str] = []
    page = await opened(chromium, complaints, viewport={"width": 1280, "height": 720}, color_scheme="dark", reduced_motion="reduce")
    await page.goto(printed)
    assert "code=" not in page.url
    wrong = await accusations(page)
    await page.get_by_label("User name").fill("anna")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_label("Password again").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{home}/setup/organisation/")
    wrong += await accusations(page)
    await page.get_by_label("Name", exact=True).fill("Ekströms")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{home}/setup/source/")

    token = page.get_by_label("Statistics Token")
    await token.fill("a-wrong-token")
    await page.keyboard.press("Enter")
    verdict = page.locator("[data-verdict]")
    await expect(verdict).to_have_attribute("data-result", "refused", timeout=30_000)
    await expect(page.get_by_text("Keep it although the test failed")).to_be_visible()
    wrong += await accusations(page)

    await token.fill(DEFAULT_TOKEN)
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-step=calls][data-state=ok]")).to_be_visible(timeout=30_000)
    assert not await page.locator("[data-keep]").is_visible(), "it is shown as it goes on"
    await expect(verdict).to_have_attribute("data-result", "ok", timeout=30_000)
    await expect(page.locator("[data-glimpses] tbody tr").first).to_be_visible()
    assert DEFAULT_TOKEN not in await page.content()
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    wrong += await accusations(page)
    await page.get_by_role("button", name="Keep this token").click()
    await page.wait_for_url(f"{home}/")
    for _ in range(300):
        if all(vendor.sockets.connections().values()):
            break
        await asyncio.sleep(0.2)
    assert all(vendor.sockets.connections().values()), "the collector has taken the token over"

    await page.emulate_media(color_scheme="light")
    for address in ("/privacy/person/", "/sources/telavox/token/"):
        await page.goto(home + address)
        wrong += await accusations(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390, address
    assert wrong == []
    assert complaints == []
    stranger = await opened(chromium, complaints)
    await stranger.goto(printed)
    assert stranger.url.startswith(f"{home}/login/"), "the first run is over"
