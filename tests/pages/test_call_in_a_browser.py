"""The page of a call in a real Chromium: what a screen reader is told, where the keys lead, and how a living call goes on."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from stats.clock import now_ms
from tests.pages.test_call_page import ZONE, example
from tests.pages.test_in_a_browser import chromium, log_in, opened
from tests.push.floor import SUPPORT, ended_call, ready, waiting_call
from tests.push.web import Server, serving

__all__ = ["chromium"]

# Long beside what is promised (two seconds), for machines that do much else.
SOON_MS = 20_000

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
async def web(var_dir: Path, free_port: int) -> AsyncIterator[Server]:
    """A real web process that knows the vendor's worked example."""
    async with serving(var_dir, free_port) as found:
        await found.worker.report()
        await found.worker.tell(example(), ready())
        await found.worker.move_to(ZONE)
        yield found


async def accessible(page: Page) -> dict[str, dict[str, Any]]:
    """Chromium's accessibility tree: nodes by id, what is ignored left in."""
    session = await page.context.new_cdp_session(page)
    tree = await session.send("Accessibility.getFullAXTree")
    return {node["nodeId"]: node for node in tree["nodes"]}


def told(nodes: dict[str, dict[str, Any]], *roles: str, inside: str | None = None) -> Iterator[dict[str, Any]]:
    """Nodes with these roles in the order in which they are read, from the whole page or inside one node."""
    root = nodes[inside] if inside is not None else next(node for node in nodes.values() if "parentId" not in node)
    if root["role"]["value"] in roles and not root.get("ignored"):
        yield root
    for child in root.get("childIds", ()):
        if child in nodes:
            yield from told(nodes, *roles, inside=child)


def name(node: dict[str, Any]) -> str:
    """What a node is called."""
    return str(node.get("name", {}).get("value", ""))


@pytest.mark.acceptance("TX-04")
async def test_a_screen_reader_is_told_the_vendors_example_in_the_right_order_with_the_right_seconds(
    web: Server, chromium: Browser
) -> None:
    complaints: list[str] = []
    page = await opened(chromium, complaints)
    await log_in(page, web)
    await page.goto(f"{web.origin}/calls/worked-example/")
    nodes = await accessible(page)
    lanes = next(node for node in told(nodes, "list") if any(True for _ in told(nodes, "image", "img", inside=node["nodeId"])))
    assert [name(segment) for segment in told(nodes, "image", "img", inside=lanes["nodeId"])] == [
        "+46 ··· ·· 06 05: On the line, 2 minutes 50 seconds, 12:00:00 to 12:02:50. the caller hung up",
        "Huvudmeny: In the menu, 8 seconds, 12:00:00 to 12:00:08. pressed 1",
        "Ett: Waiting in the queue, 32 seconds, 12:00:08 to 12:00:40. Overflowed",
        "A1: Phone rings, 15 seconds, 12:00:10 to 12:00:25. No answer",
        "A2: Phone rings, 15 seconds, 12:00:25 to 12:00:40. No answer",
        "Två: Waiting in the queue, 10 seconds, 12:00:40 to 12:00:50. Answered",
        "A3: Phone rings, 8 seconds, 12:00:42 to 12:00:50. Answered",
        "A3: Talking, 2 minutes, 12:00:50 to 12:02:50",
    ]
    rows = [
        [name(cell) for cell in told(nodes, "cell", "gridcell", "rowheader", "columnheader", inside=row["nodeId"])]
        for row in told(nodes, "row")
    ]
    assert rows == [
        ["Time", "What", "Who", "How long", "How it ended"],
        ["12:00:00", "The call begins", "+46 ··· ·· 06 05", "", ""],
        ["12:00:00", "In the menu", "Huvudmeny", "8 seconds", "pressed 1"],
        ["12:00:08", "Waiting in the queue", "Ett", "32 seconds", "Overflowed"],
        ["12:00:10", "Phone rings", "A1", "15 seconds", "No answer"],
        ["12:00:25", "Phone rings", "A2", "15 seconds", "No answer"],
        ["12:00:40", "Waiting in the queue", "Två", "10 seconds", "Answered"],
        ["12:00:42", "Phone rings", "A3", "8 seconds", "Answered"],
        ["12:00:50", "Talking", "A3", "2 minutes", ""],
        ["12:02:50", "The call ends", "", "2 minutes 50 seconds in all", "the caller hung up"],
    ]
    headings = [name(heading) for heading in told(nodes, "heading")]
    assert headings == ["Call +46 ··· ·· 06 05", "What happened", "On one line", "Step by step", "The same number", "As we hold it"]
    assert complaints == []


async def test_the_page_is_worked_by_keys_and_buttons_and_complete_without_javascript_and_on_paper(web: Server, chromium: Browser) -> None:
    page = await opened(chromium, [], viewport={"width": 390, "height": 844})
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=web.origin)
    await log_in(page, web)
    await page.goto(f"{web.origin}/calls/worked-example/")
    await page.locator("[data-lanes] .seg").first.focus()
    said = page.locator("[data-readout]")
    for key, begins in (
        ("ArrowRight", "Huvudmeny: In the menu"),
        ("ArrowRight", "Ett: Waiting"),
        ("ArrowRight", "A1: Phone rings"),
        ("ArrowDown", "A2: Phone rings"),
        ("ArrowLeft", "A1: Phone rings"),
        ("End", "A3: Talking"),
        ("ArrowUp", "Två: Waiting"),
        ("Home", "+46"),
    ):
        await page.keyboard.press(key)
        await expect(said).to_contain_text(begins)
    # One stop among the tabs for the whole line.
    assert await page.locator('[data-lanes] .seg[tabindex="0"]').count() == 1
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.locator(".records summary").nth(2).click()
    copy = page.locator("[data-copy-from=json-offers]")
    await copy.click()
    await expect(copy).to_have_text("Copied")
    assert '"NO_ANSWER"' in await page.evaluate("navigator.clipboard.readText()")
    await page.get_by_role("button", name="Show number").click()
    await expect(page.locator("h1")).to_have_text("Call +46701740605")
    await page.goto(f"{web.origin}/calls/worked-example/")
    assert "46701740605" not in await page.content()
    cookies: Any = await page.context.cookies()
    bare = await chromium.new_context(java_script_enabled=False, color_scheme="dark")
    await bare.add_cookies(cookies)
    sheet = await bare.new_page()
    await sheet.goto(f"{web.origin}/calls/worked-example/")
    assert await sheet.locator("[data-lanes] .seg").count() == 8
    await sheet.locator(".records summary").first.click()
    await expect(sheet.locator("#json-call")).to_be_visible()
    await sheet.emulate_media(media="print")
    await expect(sheet.locator("[data-steps]")).to_be_visible()
    await expect(sheet.locator("body > header")).to_be_hidden()
    assert await sheet.evaluate("getComputedStyle(document.body).backgroundColor") in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")


async def test_a_call_that_goes_on_ticks_grows_and_ends_without_a_reload(web: Server, chromium: Browser) -> None:
    complaints: list[str] = []
    since = now_ms() - 65_000
    page = await opened(chromium, complaints)
    await log_in(page, web)
    await web.worker.report()
    await web.worker.tell(waiting_call("alive", SUPPORT, since=since))
    await page.goto(f"{web.origin}/calls/alive/")
    await page.evaluate("window.never_reloaded = true")
    clock, wait = page.locator(".now .num"), page.locator('[data-bar="wait"] .inside')
    before, waited = await clock.inner_text(), await wait.text_content() or ""
    await page.locator(".records summary").first.click()
    await expect(clock).not_to_have_text(before, timeout=SOON_MS)
    await expect(wait).not_to_have_text(waited, timeout=SOON_MS)
    await web.worker.tell(ended_call("alive", since=since, wait_ms=66_000))
    await expect(page.locator("[data-story]")).to_contain_text("They talked for 10 seconds.", timeout=SOON_MS)
    await expect(page.locator("[data-going-on]")).to_have_count(0)
    await expect(page.locator('[data-step="end"]')).to_have_count(1)
    assert await page.evaluate("window.never_reloaded"), "the page was loaded anew"
    assert await page.locator(".records details[open]").count() == 1, "what somebody has opened stays open"
    assert complaints == []
