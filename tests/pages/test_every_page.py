"""What is asked of every page alike: nothing for axe to find, no width that does not fit, no key that leads nowhere, no name that acts."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from stats.clock import now_ms
from stats.domain.records import Party
from tests.pages.site_map import OPEN_PAGES, PAGES
from tests.pages.test_in_a_browser import chromium, log_in, opened
from tests.push.floor import ANNA, SALES, SUPPORT, ended_call, ready, waiting_call
from tests.push.web import Server, serving

__all__ = ["chromium"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOSTILE = (
    '<img src=x onerror="document.title=1;alert(1)">',
    '"><script>alert(1)</script>',
    "'-alert(1)-'{{7*7}}${alert(1)}",
    "javascript:alert(1)//‮\u2066evil",
    "</title><svg onload=alert(1)>",
)
# The pages' own words about a telephone system that has reported nothing yet would hide everything else.
KEYS_PRESSED = 260
REACHABLE = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
  .filter((e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: false }) && !e.disabled && e.tabIndex >= 0
                 && !(e.type === 'radio' && !e.checked) && !e.closest('dialog:not([open])') && !e.closest('[inert]'))
  .map((e) => e.outerHTML.slice(0, 160))"""
FOCUSED = "() => document.activeElement === document.body ? null : document.activeElement.outerHTML.slice(0, 160)"
MADE = "() => document.querySelectorAll('img[src=x], svg[onload], [onerror], body script:not([src])').length"
TOO_WIDE = """() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1
  ? [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1
      && !e.closest('.scroll, [role=group][tabindex], svg')).slice(0, 4).map((e) => e.outerHTML.slice(0, 140)) : []"""


@pytest.fixture
async def web(var_dir: Path, free_port: int) -> AsyncIterator[Server]:
    """A real web process, an answered call, a waiting and an abandoned one, an agent; a worker that goes on reporting."""
    async with serving(var_dir, free_port) as found:
        now = now_ms()
        # The web process took its time to begin; the lease is taken again.
        await found.worker.report()
        await found.worker.tell(
            ended_call("one", since=now - 600_000),
            ended_call("three", SALES, since=now - 300_000, wait_ms=40_000, answered=False),
            waiting_call("two", SALES, since=now - 10_000),
            ready(),
        )
        yield found


async def goto(page: Page, web: Server, path: str) -> int:
    """Opens a page and lets its scripts begin; the status."""
    answer = await page.goto(web.origin + path, wait_until="load")
    await page.wait_for_timeout(150)
    assert answer is not None
    return answer.status


async def accusations(page: Page) -> list[str]:
    """What axe finds, in a line each."""
    found = (await Axe().run(page)).response["violations"]
    return [f"{each['id']}: {each['help']}: {each['nodes'][0]['html'][:160]}" for each in found]


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_axe_finds_nothing_on_any_page_and_every_page_fits_a_telephone(web: Server, chromium: Browser, theme: str) -> None:
    complaints: list[str] = []
    page = await opened(chromium, complaints, viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    await page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    wrong: list[str] = []
    for name, path in OPEN_PAGES.items():
        await goto(page, web, path)
        wrong += [f"{name}: {said}" for said in await accusations(page)]
    await log_in(page, web)
    for name, path in PAGES.items():
        status = await goto(page, web, path)
        expected = 404 if name == "nothing here" else 200
        if status != expected:
            wrong.append(f"{name}: status {status}")
            continue
        wrong += [f"{name}: {said}" for said in await accusations(page)]
        await page.set_viewport_size({"width": 390, "height": 844})
        wrong += [f"{name} at 390: {said}" for said in await page.evaluate(TOO_WIDE)]
        await page.set_viewport_size({"width": 1280, "height": 720})
    refused = [said for said in complaints if "404" not in said]
    assert (wrong, refused) == ([], []), "\n".join([*wrong, *refused])


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_what_is_stale_is_grey_enough_to_be_read(web: Server, chromium: Browser, theme: str) -> None:
    """Nothing has been heard for more than a minute: numbers, clocks, lines of calls."""
    page = await opened(chromium, [], viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    await page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    # Before anybody looks: a sign of life that was heard stays heard.
    await web.worker.report(at=now_ms() - 70_000)
    await log_in(page, web)
    wrong: list[str] = []
    agent, receipts = PAGES["agent"], (PAGES["receipt of a count"], PAGES["receipt of a ratio"], PAGES["receipt of an agent's time"])
    for name in ("/", "/?view=table", "/queues/111835/", "/agents/", agent, "/calls/two/", *receipts, "/health/"):
        await goto(page, web, name)
        if name == "/health/":
            # As its script has it when nobody answers.
            await page.evaluate("document.querySelector('[data-health]').classList.add('old')")
        elif await page.locator('[data-freshness="stale"]').count() == 0:
            wrong.append(f"{name}: nothing is stale")
        wrong += [f"{name}: {said}" for said in await accusations(page)]
    assert wrong == [], "\n".join(wrong)


async def test_everything_on_every_page_is_reached_by_the_tab_key(web: Server, chromium: Browser) -> None:
    page = await opened(chromium, [], viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    await log_in(page, web)
    wrong: list[str] = []
    for name, path in PAGES.items():
        await goto(page, web, path)
        wanted = set(await page.evaluate(REACHABLE))
        seen: set[str] = set()
        await page.evaluate("document.activeElement && document.activeElement.blur()")
        for _ in range(min(KEYS_PRESSED, 3 * len(wanted) + 10)):
            await page.keyboard.press("Tab")
            where = await page.evaluate(FOCUSED)
            if where is not None:
                seen.add(where)
            if wanted <= seen:
                break
        missed = wanted - seen
        # Texts that change by the second are other strings a moment later.
        if len(missed) > max(2, len(wanted) // 20):
            wrong.append(f"{name}: {len(missed)} of {len(wanted)}: {sorted(missed)[:3]}")
    assert not wrong, "\n".join(wrong)


async def test_a_name_is_text_on_every_page_whatever_it_says(var_dir: Path, free_port: int, chromium: Browser) -> None:
    async with serving(var_dir, free_port) as web:
        now = now_ms()
        queue, other = Party(id=111834, account_id=998877, name=HOSTILE[0]), Party(id=111835, account_id=998878, name=HOSTILE[1])
        await web.worker.report()
        agents = [replace(ANNA, name=HOSTILE[4])] + [Party(id=924330 + at, name=name) for at, name in enumerate(HOSTILE)]
        await web.worker.tell(
            ended_call("one", queue, agents[0], since=now - 600_000),
            ended_call("three", other, agents[1], since=now - 300_000, wait_ms=40_000, answered=False),
            waiting_call("two", other, since=now - 10_000),
            *(replace(ready(agent, queue), profile_name=HOSTILE[at % 5]) for at, agent in enumerate(agents)),
        )
        complaints: list[str] = []
        acted: list[str] = []
        page = await opened(chromium, complaints, viewport={"width": 1280, "height": 720})
        page.on("dialog", lambda dialog: asyncio.ensure_future(_note(dialog, acted)))
        await log_in(page, web)
        for board in ("/boards/team/", "/boards/supervisor/"):
            await goto(page, web, board)
        for path in PAGES.values():
            await goto(page, web, path)
            made = await page.evaluate(
                "() => document.querySelectorAll('img[src=x], svg[onload], [onerror], body script:not([src])').length"
            )
            assert made == 0, path
        # Long enough for the socket's own words to be put in place.
        await goto(page, web, "/")
        await page.wait_for_timeout(1500)
        assert acted == []
        assert [said for said in complaints if "404" not in said] == []
        assert HOSTILE[0] in (await page.inner_text("main"))


async def _note(dialog: Any, acted: list[str]) -> None:
    acted.append(dialog.message)
    await dialog.dismiss()


def test_the_floor_has_what_the_pages_ask_for() -> None:
    """The ids of the site map are those of the floor."""
    assert (SUPPORT.id, ANNA.id) == (111834, 924328)
