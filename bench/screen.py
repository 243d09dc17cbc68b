"""(c) How long a frame takes from the vendor's socket to the page: the whole product, and Chromium looking at the team board.

Each new incoming call raises `site.calls_in` by one. The upstream notes when it wrote the frame that told it; the page notes, by
the clock of the same machine, when the element's text had risen that far.
"""

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.figures import Figure
from bench.processes import Child
from bench.product import product
from tests.chromium import LAUNCH_ARGUMENTS, find_browser

AIM_P95_MS = 500
BOARD, SHOWN = "team", "site.calls_in"
SETTLE_S = 3.0
_WATCH = """(name) => {
  const element = document.querySelector(`[data-value="${name}"]`);
  window.seen = [];
  const note = () => window.seen.push([performance.timeOrigin + performance.now(), element.textContent]);
  new MutationObserver(note).observe(element, { childList: true, characterData: true, subtree: true });
  note();
}"""


class NoBrowser(RuntimeError):
    """There is no Chromium to measure with."""


def measure(frames: Path, first: int, rates: Sequence[tuple[int, float]]) -> list[Figure]:
    """For each (frames a second, seconds): the percentiles of all calls told meanwhile."""
    path = find_browser()
    if path is None:
        raise NoBrowser("no Chromium; `python -m tests.chromium` installs one")
    figures: list[Figure] = []
    with Child("-m", "bench.upstream", "--frames", str(frames)) as upstream:
        at = upstream.hear("ready")
        with product(at["live"], at["historic"]) as running, sync_playwright() as playwright:
            upstream.order(f"send {first}")
            upstream.hear("sent")
            (token,) = running.screen_tokens(BOARD, 1)
            browser = playwright.chromium.launch(executable_path=path, args=LAUNCH_ARGUMENTS)
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            page.goto(f"{running.address}/s/{token}/")
            page.wait_for_selector('html[data-link="live"]', timeout=30_000)
            page.wait_for_timeout(SETTLE_S * 1000)
            for rate, seconds in rates:
                waits = _waits(upstream, page, rate, seconds)
                for share, aim in ((50, None), (95, AIM_P95_MS), (99, None)):
                    name = f"frame to page at {rate} frames a second, p{share}"
                    figures.append(Figure(bench="screen", name=name, unit="ms", rounds=[percentile(waits, share)], aim=aim))
                figures.append(Figure(bench="screen", name=f"calls timed at {rate} frames a second", unit="", rounds=[len(waits)]))
            browser.close()
    return figures


def _waits(upstream: Child, page: Page, rate: int, seconds: float) -> list[float]:
    before = len(_marks(upstream))
    page.evaluate(_WATCH, SHOWN)
    upstream.order(f"send {round(rate * seconds)} {rate}")
    upstream.hear("sent")
    time.sleep(SETTLE_S)
    seen: list[tuple[float, int]] = [(at, number_in(text)) for at, text in page.evaluate("window.seen")]
    marks = _marks(upstream)[before:]
    base = seen[0][1]
    assert seen[-1][1] == base + len(marks), (seen[0], seen[-1], len(marks))
    shown = iter(seen)
    at, number = next(shown)
    waits: list[float] = []
    for count, told in enumerate(marks, base + 1):
        while number < count:
            at, number = next(shown)
        waits.append(at - told)
    return waits


def _marks(upstream: Child) -> list[Any]:
    upstream.order("marks")
    marks: list[Any] = upstream.hear("marks")["marks"]
    return marks


def number_in(text: str) -> int:
    """The count an element shows, however its digits are grouped; 0 for a dash."""
    return int(re.sub(r"\D", "", text) or 0)


def percentile(values: Sequence[float], share: int) -> float:
    """The nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, -(-share * len(ordered) // 100) - 1)]
