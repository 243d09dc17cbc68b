"""The overview, the search box and the keys in a real Chromium: what a supervisor's hands and eyes meet."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from stats.clock import now_ms
from stats.domain.records import Party
from tests.pages.test_in_a_browser import chromium, log_in, opened
from tests.push.floor import PER, SALES, ended_call, ready, waiting_call
from tests.push.web import Server, serving

__all__ = ["chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
SUPPORTS, SALESS = "queue:111834", "queue:111835"


@pytest.fixture
async def web(var_dir: Path, free_port: int) -> AsyncIterator[Server]:
    """A real web process; somebody has waited a moment in Support, and nobody in the other queue."""
    async with serving(var_dir, free_port) as found:
        now = now_ms()
        # A slow machine takes longer to start than a lease lasts.
        await found.worker.report()
        await found.worker.tell(
            ended_call("one", since=now - 60_000),
            ended_call("two", SALES, PER, since=now - 90_000),
            waiting_call("waits", since=now - 3_000),
            ready(),
            ready(PER, SALES),
        )
        yield found


async def rows(page: Page) -> list[str]:
    """The queues in the order in which they stand."""
    order: list[str] = await page.eval_on_selector_all("[data-queues] > tr", "rows => rows.map(row => row.dataset.row)")
    return order


async def until(page: Page, wanted: list[str]) -> None:
    """The queues stand so."""
    for _ in range(100):
        if await rows(page) == wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(await rows(page))


async def test_the_most_urgent_queue_comes_first_and_the_tab_says_so(web: Server, chromium: Browser) -> None:
    page = await opened(chromium, complaints := [])
    await log_in(page, web)
    await until(page, [SUPPORTS, SALESS])
    await expect(page).to_have_title("(1) Support")
    assert "icons/calm.svg" in str(await page.get_attribute('link[rel="icon"]', "href"))
    await page.locator(f'[data-row="{SUPPORTS}"] th a').focus()

    await web.worker.report()
    await web.worker.tell(waiting_call("urgent", SALES, since=now_ms() - 300_000))
    await until(page, [SALESS, SUPPORTS])
    assert await page.evaluate("document.activeElement.closest('tr').dataset.row") == SUPPORTS, "the focus is where it was"
    await expect(page).to_have_title("(2) Försäljning ⬣")
    assert "icons/act.svg" in str(await page.get_attribute('link[rel="icon"]', "href"))
    alarm = page.locator(f'[data-alarm="{SALESS}.longest_wait"] a')
    await expect(alarm).to_contain_text("Longest wait")
    await expect(alarm).to_contain_text("Act now")
    await expect(alarm).to_have_attribute("href", "/queues/111835/")

    # A queue nobody has heard of before comes by itself.
    await web.worker.tell(waiting_call("new", Party(id=111900, name="Nya kön"), since=now_ms()))
    await expect(page.locator('[data-row="queue:111900"] th')).to_have_text("Nya kön", timeout=8000)
    assert complaints == []


async def test_a_paused_page_stands_still_says_since_when_and_goes_on(web: Server, chromium: Browser) -> None:
    page = await opened(chromium, complaints := [])
    await log_in(page, web)
    waiting = page.locator(f'[data-value="{SUPPORTS}.waiting"]')
    longest = page.locator(f'[data-value="{SUPPORTS}.longest_wait"]')
    await expect(page.locator("html")).to_have_attribute("data-link", "live")
    await page.keyboard.press("p")
    await expect(page.locator("[data-paused-since]")).to_contain_text("Paused since")
    await expect(page.locator("[data-standing]")).to_have_text("paused")
    await expect(page.get_by_role("button", name="Go on")).to_be_visible()
    frozen = await longest.text_content()
    await web.worker.report()
    await web.worker.tell(waiting_call("w2", since=now_ms()))
    await asyncio.sleep(2.5)
    await expect(waiting).to_have_text("1")
    assert await longest.text_content() == frozen
    await expect(page.locator(".figure", has=waiting)).to_have_attribute("data-freshness", "stale")
    assert (await page.title()).startswith("⏸")
    await page.get_by_role("button", name="Go on").click()
    await expect(waiting).to_have_text("2")
    await expect(page.locator("[data-paused-since]")).to_have_text("")
    await expect(page.locator(".figure", has=waiting)).to_have_attribute("data-freshness", "live")
    await expect(page).to_have_title("(2) Support")
    assert complaints == []


async def test_everything_can_be_reached_by_the_keyboard(web: Server, chromium: Browser) -> None:
    page = await opened(chromium, complaints := [])
    await log_in(page, web)
    keys, box = page.locator("dialog#keys"), page.locator("dialog#search-box")

    await page.keyboard.press("?")
    await expect(keys).to_be_visible()
    await expect(keys).to_contain_text("Pause the numbers")
    await page.keyboard.press("p")
    await expect(page.locator("html")).not_to_have_attribute("data-paused", "yes")
    await page.keyboard.press("Escape")
    await expect(keys).to_be_hidden()

    await page.keyboard.press("j")
    first = await page.evaluate("document.activeElement.textContent")
    await page.keyboard.press("ArrowDown")
    second = await page.evaluate("document.activeElement.textContent")
    await page.keyboard.press("k")
    assert [first, second, await page.evaluate("document.activeElement.textContent")] == ["Support", "Försäljning", "Support"]

    await page.keyboard.press("/")
    await page.keyboard.type("per")
    words = box.get_by_role("combobox")
    await expect(words).to_have_attribute("aria-expanded", "true")
    await expect(words).to_have_value("per")
    chosen = box.get_by_role("option", selected=True)
    await expect(chosen).to_contain_text("Per Öst")
    await expect(words).to_have_attribute("aria-activedescendant", str(await chosen.get_attribute("id")))
    await page.keyboard.press("Escape")
    await expect(box).to_be_hidden()
    await page.keyboard.press("/")
    await words.fill("Försäljning")
    await expect(chosen).to_contain_text("Försäljning")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/queues/111835/")

    await page.keyboard.press("g")
    await page.keyboard.press("a")
    await page.wait_for_url("**/agents/")
    await page.locator("#q").focus()
    await page.keyboard.type("g/?o")
    await expect(page.locator("#q")).to_have_value("g/?o")
    assert page.url.endswith("/agents/")

    # Switched off, single keys do nothing, and that is kept.
    await page.locator("details.account summary").click()
    await page.get_by_role("button", name="Keys").click()
    await keys.get_by_label("Single keys").uncheck()
    await page.keyboard.press("Escape")
    await page.goto(web.origin + "/")
    for key in ("?", "/", "p", "g", "a"):
        await page.keyboard.press(key)
    await expect(page.locator("dialog[open]")).to_have_count(0)
    await expect(page.locator("html")).not_to_have_attribute("data-paused", "yes")
    assert page.url == web.origin + "/"
    assert complaints == []


async def test_on_a_telephone_nothing_is_wider_than_it_and_the_menu_is_one_button(web: Server, chromium: Browser) -> None:
    page = await opened(chromium, complaints := [], viewport={"width": 390, "height": 844}, color_scheme="dark")
    await log_in(page, web)
    for address in ("/", "/?view=table", "/agents/", "/search/?q=per", "/search/"):
        await page.goto(web.origin + address)
        await page.wait_for_timeout(300)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390, address
    menu = page.get_by_role("button", name="Menu")
    await expect(page.get_by_role("link", name="Agents", exact=True)).to_be_hidden()
    await menu.press("Enter")
    await expect(menu).to_have_attribute("aria-expanded", "true")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.get_by_role("navigation", name="Pages").get_by_role("link", name="Agents").click()
    await page.wait_for_url("**/agents/")

    # What was chosen once is shown the next time.
    await page.goto(web.origin + "/")
    await page.get_by_role("link", name="Table", exact=True).click()
    await expect(page.locator(".desk")).to_have_attribute("data-view", "table")
    assert page.url.endswith("/?view=table")
    await page.goto(web.origin + "/")
    await expect(page.locator(".desk")).to_have_attribute("data-view", "table")
    assert complaints == []
