"""Two organisations in two zones on one running installation: each day ends at its own midnight, with nothing happening at all."""

import contextlib
import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from websockets.sync.client import connect

from tests.acceptance.product import API_TOKEN, Product, eventually
from tests.acceptance.telling import OF_PRESENCE
from tests.acceptance.test_screens import Screen
from tests.oracle.compare import differences
from tests.oracle.days import Day, day
from tests.oracle.slow import live
from tests.upstream import UpstreamThread

pytestmark = [pytest.mark.heavy, pytest.mark.fault("A17")]
STOCKHOLM, KATHMANDU = "Europe/Stockholm", "Asia/Kathmandu"
SECOND = {"slug": "second", "api": "api-Lind-9876543210fedcba", "vendor": "vendor-Lind-secret"}  # made up
MAKE_SECOND = """
import sys
from django.core.management import call_command
call_command("migrate", verbosity=0)
from stats.models import Organisation, Source
from wallboard.accounts.bootstrap import bootstrap
from wallboard.accounts.models import ApiToken, Screen
first = bootstrap()
second = Organisation.objects.create(slug={slug!r}, name="Second", timezone={zone!r})
source = Source(organisation=second, name="telavox", live_url={live!r}, historic_url={historic!r})
source.token = {vendor!r}
source.save()
ApiToken.issue(second, "test", {api!r})
print("screens", Screen.issue(first, "supervisor", "test")[1], Screen.issue(second, "supervisor", "test")[1])
"""


def real_ms() -> int:
    """This machine's clock."""
    return time.time_ns() // 1_000_000


def next_midnight(zone: str, after_ms: int) -> int:
    """The first midnight of a zone after an instant."""
    here = datetime.fromtimestamp(after_ms / 1000, ZoneInfo(zone))
    tomorrow = here.date() + timedelta(days=1)
    return round(datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


class House:
    """One product with two organisations, and the clock it goes by."""

    def __init__(self, first: UpstreamThread, second: UpstreamThread) -> None:
        self.upstreams = (first, second)
        second.upstream.tokens = {SECOND["vendor"]}
        self.product = Product(first, ORG_TIMEZONE=STOCKHOLM)
        self._file = self.product.var_dir / "clock-step"
        self.midnight = next_midnight(STOCKHOLM, real_ms())
        self.set_clock(self.midnight - 600_000)
        made = self.product.manage(
            "shell",
            "-c",
            MAKE_SECOND.format(zone=KATHMANDU, live=second.upstream.live_url, historic=second.upstream.historic_url, **SECOND),
        )
        assert made.returncode == 0, made.stderr
        self.screens = made.stdout.split("screens ")[1].split()
        self.product.start(CLOCK_STEPS=str(self._file))
        for token in (API_TOKEN, SECOND["api"]):
            eventually(lambda token=token: [source["state"] for source in self.answer(token)["sources"]] == ["live"], 40)  # type: ignore[misc]

    def set_clock(self, now_ms: int) -> None:
        """The machine's clock now says `now_ms`."""
        self._step_ms = now_ms - real_ms()
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{self._step_ms / 1000}")
        draft.replace(self._file)

    def now_ms(self) -> int:
        """What the machine's clock says."""
        return real_ms() + self._step_ms

    def answer(self, token: str) -> dict[str, Any]:
        """What a program is told."""
        status, _, body = self.product.get("/api/v1/live", token)
        assert status == 200, body[:300]
        told: dict[str, Any] = json.loads(body)
        return told

    def screen(self, key: str, closing: contextlib.ExitStack) -> Screen:
        """A television of one organisation."""
        address = f"ws://127.0.0.1:{self.product.port}/ws/boards/supervisor/"
        headers = {"Cookie": f"wb_screen={key}", "Origin": f"http://127.0.0.1:{self.product.port}"}
        return Screen(closing.enter_context(connect(address, additional_headers=headers)))


@pytest.fixture
def house() -> Iterator[House]:
    """Everything, ended afterwards."""
    with UpstreamThread() as first, UpstreamThread() as second:
        made = House(first, second)
        try:
            yield made
        finally:
            made.product.destroy()
            for upstream in (first, second):
                upstream.run(upstream.upstream.stop())


@pytest.fixture
def closing(house: House) -> Iterator[contextlib.ExitStack]:
    """Closes what a test opened, while the house still stands."""
    with contextlib.ExitStack() as stack:
        yield stack


@dataclasses.dataclass
class Side:
    """One organisation as a test sees it: its day, how much of it was told, and what a television of it shows."""

    house: House
    token: str
    day: Day
    screen: Screen
    told_until: int = 0

    def tell(self, upstream: UpstreamThread, until: int) -> None:
        """Frames up to an instant."""
        for frame in self.day.frames(since_ms=self.told_until, until_ms=until):
            upstream.send(frame.datasource, frame.document)
        self.told_until = until

    def wrong(self) -> list[str]:
        """Where the answer of this moment is not the slow computation of its own instant; and nobody else's words are in it."""
        answer = self.house.answer(self.token)
        if abs(answer["as_of"] - self.house.now_ms()) > 2_500:
            return [f"as of {answer['as_of']}, and it is {self.house.now_ms()}"]
        assert answer["day"] == datetime.fromtimestamp(answer["as_of"] / 1000, ZoneInfo(self.day.timezone)).date().isoformat()
        documents = self.day.documents(until_ms=self.told_until)
        expected = live(documents, as_of_ms=answer["as_of"], timezone=self.day.timezone)
        (other,) = {STOCKHOLM, KATHMANDU} - {self.day.timezone}
        assert f"Only {other}" not in str(answer)
        assert f"Only {other}" not in str(self.screen.values)
        found = differences(expected, answer, ticking_within_s=0.002)
        found += [] if f"Only {self.day.timezone}" in str(answer) else ["its own mark is missing"]
        return [line for line in found if not any(word in line for word in OF_PRESENCE)]

    def equal(self, within_s: float) -> None:
        """Every number agrees soon."""
        found: list[str] = []

        def agree() -> bool:
            found[:] = self.wrong()
            return not found

        eventually(agree, within_s, lambda: "\n".join(found[:20]))

    def shown(self) -> Any:
        """What the television shows of the day's calls, everything heard that has come."""
        while self.screen.hear(0.001):
            pass
        return self.screen.values["site"].get("calls_in")


def over_midnight(house: House, sides: tuple[Side, Side], turning: Side, midnight: int) -> None:
    """Nothing is sent. Every answer is right for its own instant, before and after; the television turns within a second."""
    staying = sides[0] if turning is sides[1] else sides[1]
    before, unmoved = turning.shown(), staying.shown()
    turned_at: int | None = None
    while house.now_ms() < midnight + 3_000:
        for side in sides:
            found = side.wrong()
            assert not found, (side.day.timezone, house.now_ms() - midnight, found[:10])
        if turned_at is None and turning.shown() != before:
            turned_at = house.now_ms()
        time.sleep(0.05)
    assert before, "a day without a call cannot be seen to end"
    assert turned_at is not None
    assert 0 <= turned_at - midnight <= 2_500, turned_at - midnight  # a second, and the time these questions take
    assert staying.shown() == unmoved


def marked(told: Day) -> Day:
    """The same day with a name in it that nobody else has."""
    for script in told.scripts:
        for _, _, _, _, patch in script.events:
            if "queue" in patch:
                patch["queue"]["name"] = f"Only {told.timezone}"
    return dataclasses.replace(told, settings={})


def test_each_organisation_ends_its_day_at_its_own_midnight(house: House, closing: contextlib.ExitStack) -> None:
    """With the other's calls going on, with nothing of one in the other, and the numbers of both right at every moment."""
    midnight = house.midnight
    until = midnight + 60_000
    first, second = (marked(day(seed, n_calls=70, now_ms=until, timezone=zone)) for seed, zone in ((61, STOCKHOLM), (62, KATHMANDU)))
    sides = (
        Side(house, API_TOKEN, first, house.screen(house.screens[0], closing)),
        Side(house, SECOND["api"], second, house.screen(house.screens[1], closing)),
    )
    everybody: Callable[[int], None] = lambda at: [  # type: ignore[assignment]  # noqa: E731
        side.tell(upstream, at) for side, upstream in zip(sides, house.upstreams, strict=True)
    ]
    house.set_clock(midnight - 20_000)
    everybody(midnight - 20_000)
    for side in sides:
        side.equal(15)
    over_midnight(house, sides, sides[0], midnight)
    # Calls that were open over midnight end, and some begin.
    everybody(house.now_ms() - 500)
    for side in sides:
        side.equal(15)
    # Hours later, half the world away.
    midnight = next_midnight(KATHMANDU, house.now_ms() + 3_600_000)
    house.set_clock(midnight - 10_000)
    for side in sides:
        side.equal(15)
    over_midnight(house, sides, sides[1], midnight)
    assert house.product.said().count("source.taken") == 2
