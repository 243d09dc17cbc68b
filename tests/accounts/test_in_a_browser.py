"""Signing in with a code, making a token and inviting somebody, in a real Chromium, by keyboard and at the width of a telephone."""

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from django_otp.oath import TOTP
from playwright.async_api import ConsoleMessage, Page, async_playwright, expect

from tests.chromium import LAUNCH_ARGUMENTS, find_browser
from tests.push.web import PASSWORD, Server, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]
KEY = bytes(range(20)).hex()
ENROL = f"""
import django; django.setup()
from django.contrib.auth.models import User
from django_otp.plugins.otp_totp.models import TOTPDevice
TOTPDevice.objects.create(user=User.objects.get(username="admin"), key="{KEY}", name="app")
"""


@pytest.fixture
async def web(var_dir: Path, free_port: int) -> AsyncIterator[Server]:
    """A real web process whose admin has switched the second step on."""
    async with serving(var_dir, free_port) as found:
        found.run(ENROL)
        yield found


@pytest.fixture
async def page(web: Server) -> AsyncIterator[Page]:
    """A page as wide as a telephone; no word of complaint may be left in its console."""
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium; `python -m tests.chromium` installs one")
    complaints: list[str] = []

    def keep(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=LAUNCH_ARGUMENTS)
        opened = await (await browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")).new_page()
        opened.on("console", keep)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        yield opened
        await browser.close()
    assert complaints == []


async def fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390, page.url


async def test_the_way_in_and_the_pages_of_an_admin_work_by_keyboard_on_a_telephone(web: Server, page: Page) -> None:
    await page.goto(f"{web.origin}/people/")
    await page.keyboard.type("admin")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(web.origin + "/login/code/")
    await fits(page)
    totp = TOTP(bytes.fromhex(KEY))
    totp.time = time.time()
    await page.keyboard.type(f"{totp.token():06d}")
    await page.keyboard.press("Enter")
    await page.wait_for_url(web.origin + "/people/")
    await expect(page.get_by_role("heading", name="1 member")).to_be_visible()
    await fits(page)

    await page.get_by_label("E-mail address").fill("a.very.long.address.of.a.new.person@subsidiary.example.org")
    await page.get_by_label("Only these:").last.focus()
    await page.keyboard.press("ArrowUp")
    await page.get_by_role("button", name="Make the invitation").press("Enter")
    link = await page.get_by_label("Link", exact=True).input_value()
    assert re.fullmatch(web.origin + r"/join/[\w-]{40,}/", link)
    await fits(page)

    await page.goto(f"{web.origin}/tokens/")
    await page.get_by_label("Name of the program").fill("Report")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Token", exact=True)).to_have_value(re.compile("^wb_"))
    await fits(page)
    for address in ("/account/", "/audit/"):
        await page.goto(web.origin + address)
        await fits(page)
    await expect(page.locator("[data-action='tokens.made']")).to_be_visible()
