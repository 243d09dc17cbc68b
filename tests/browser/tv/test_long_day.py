"""A television left alone for a day: it sleeps, wakes, loses its network, meets deploys and midnight, and nobody ever touches it."""

import json
import random
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.sync_api import Error, Page

from tests.boards import samples
from tests.browser.tv.stage import Stage
from wallboard.boards.board import board_for

pytestmark = pytest.mark.browser
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
# 2026-05-18 08:00 in Stockholm.
START = samples.NOW - (6 * 3600 + 2 * 60 + 13) * SECOND
DAY = 24 * HOUR
MIDNIGHT = 16 * HOUR
SETTLED = 30 * SECOND
Event = dict[str, Any]


class Home(Stage):
    """The stage, whose page is drawn for the instant that the browser's cookie tells."""

    day: list[Event] = []

    async def _page(self, request: web.Request) -> web.Response:
        at = int(request.cookies.get("now", "0"))
        self.values = deepcopy(samples.normal())
        for event in self.day:
            if event["at"] <= at and event["kind"] == "patch":
                for scope, news in event["values"].items():
                    self.values.setdefault(scope, {}).update(news)
        self.now = lambda: START + at
        return await super()._page(request)


def a_day(seed: int) -> tuple[list[Event], list[tuple[int, int]]]:
    """What happens, in order; and the spans in which everything has been well for half a minute."""
    dice = random.Random(seed)
    events: list[Event] = []
    bad: list[tuple[int, int]] = []

    def trouble(at: int, lasts: int, *more: Event) -> None:
        bad.append((at, at + lasts))
        events.extend(more)

    # The two long nights of the television, and its naps; some machines' steady clocks sleep with them.
    for at, lasts, steady in ((10 * HOUR, 5 * HOUR + 30 * MINUTE, False), (16 * HOUR + 30 * MINUTE, 2 * HOUR + 40 * MINUTE, True)):
        trouble(at, lasts, {"at": at, "kind": "sleep", "ms": lasts, "steady": steady})
    awake = [(0, 10 * HOUR), (15 * HOUR + 31 * MINUTE, 16 * HOUR + 29 * MINUTE), (19 * HOUR + 11 * MINUTE, DAY)]
    slots = [
        at for begin, end in awake for at in range(begin + 10 * MINUTE, end - 25 * MINUTE, 25 * MINUTE) if abs(at - MIDNIGHT) > 6 * MINUTE
    ]
    for number, slot in enumerate(slots):
        at = slot + dice.randrange(5 * MINUTE)
        lasts = dice.choice((2, 9, 40, 120, 600)) * SECOND
        kind = ("cut", "hole", "deploy", "nap", "clock", "rotate", "build")[number % 7]
        if kind in ("cut", "hole"):
            trouble(at, lasts, {"at": at, "kind": "net", "is": kind}, {"at": at + lasts, "kind": "net", "is": "up"})
        elif kind == "deploy":
            lasts = dice.choice((2, 4, 15)) * SECOND
            trouble(at, lasts, {"at": at, "kind": "deploy"}, {"at": at + lasts, "kind": "net", "is": "up"})
        elif kind == "nap":
            trouble(at, lasts, {"at": at, "kind": "sleep", "ms": lasts, "steady": dice.random() < 0.5})
        elif kind == "clock":
            trouble(at, SECOND, {"at": at, "kind": "clock", "by": dice.choice((-HOUR, HOUR))})
        else:
            trouble(at, 20 * SECOND, {"at": at, "kind": kind})
    calls, at = 128, 0
    while at < DAY:
        at += dice.choice((3, 300, 700, 9_000, 15_000, 25_000, 40_000))
        calls += dice.randrange(3)
        waiting = dice.randrange(9)
        since = START + at - dice.randrange(200_000) if waiting else None
        values = {
            "site": {"waiting": waiting, "calls_in": calls if at < MIDNIGHT else calls - 5000, "longest_wait_since": since},
            "queue:111834": {"waiting": waiting, "longest_wait_since": since},
        }
        # Over midnight the day begins anew.
        if at >= MIDNIGHT > 0 and calls < 5000:
            calls = 5000
            values["site"]["calls_in"] = 0
        events.append({"at": at, "kind": "patch", "values": values, "lost": dice.random() < 0.01, "twice": dice.random() < 0.01})
    events.sort(key=lambda event: event["at"])
    calm: list[tuple[int, int]] = []
    begin = SETTLED
    for start, end in sorted(bad):
        if start > begin:
            calm.append((begin, start))
        begin = max(begin, end + SETTLED)
    return events, [*calm, (begin, DAY)]


def after_the_reload(page: Page, number: int) -> int:
    """The instant at which the page lives again."""
    deadline = time.monotonic() + 20
    while True:
        try:
            seen = page.evaluate("window.wallboard && window.found()")
            if seen and seen["reloads"] >= number:
                return int(seen["t"])
        except Error:
            # Between two pages there is nobody to ask.
            pass
        assert time.monotonic() < deadline, "the page did not come back"
        time.sleep(0.05)


@pytest.fixture
def home() -> Iterator[Home]:
    """The stage of the day."""
    with Home("team") as made:
        yield made


@pytest.mark.heavy
@pytest.mark.fault("D3", "D4", "D7", "D8", "D10", "A16", "C13")
@pytest.mark.timeout(240)
def test_a_board_left_for_a_day_is_right_without_a_click(page: Page, home: Home) -> None:
    """Right and live whenever all has been well for half a minute; never wrong and live for longer than fifteen seconds; no heavier."""
    events, calm = a_day(1)
    home.day = events
    values = samples.normal()
    board = board_for("team", values, "en", samples.ZONE).as_message()
    script = (Path(__file__).parent / "long_day.js").read_text(encoding="utf-8")
    for name, text in (("START", str(START)), ("VALUES", json.dumps(values)), ("BOARD", json.dumps(board))):
        script = script.replace("{{" + name + "}}", text.replace("\\", "\\\\").replace("'", "\\'"))
    page.add_init_script(script)
    page.goto(home.address)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    found: list[dict[str, Any]] = []
    heaps = []
    began, t, reloads = time.monotonic(), 0, 0
    while t < DAY:
        until = min((t // HOUR + 1) * HOUR, DAY)
        coming = [event for event in events if t <= event["at"] <= until]
        try:
            seen = page.evaluate("([until, events, calm]) => window.live(until, events, calm)", [until, coming, calm])
        except Error:
            reloads += 1
            t = after_the_reload(page, reloads)
            continue
        t = int(seen["t"])
        found.append(seen)
        session.send("HeapProfiler.collectGarbage")
        metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
        heaps.append(round(metrics["JSHeapUsedSize"] / 1e6, 2))
    print("real seconds", round(time.monotonic() - began), "reloads", reloads, "sockets", found[-1]["sockets"], "heap", heaps)
    assert [each["errors"] for each in found if each["errors"]] == []
    assert [each["wrong"][:3] for each in found if each["wrong"]] == []
    assert [each["notLive"][:3] for each in found if each["notLive"]] == []
    assert max(each["worstLie"] for each in found) <= 15_000
    assert sum(each["negative"] for each in found) == 0
    assert reloads >= 2, "deploys bring a new page, and so does the night"
    assert found[-1]["sockets"] > 20
    assert max(heaps[2:]) < min(heaps[:3]) + 1.5
