"""Whole made-up days told to the running product, half of them before it started: every number equals the slow computation."""

import dataclasses
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.acceptance.product import Product
from tests.acceptance.telling import Telling
from tests.oracle.days import Day, day
from tests.upstream import UpstreamThread


def shifted_now(offset_s: float = 0.0) -> int:
    """What a product with CLOCK_OFFSET_S takes for now, less half a second."""
    return round((time.time() + offset_s) * 1000) - 500


def told_live(product: Product, today: Day, cut: int) -> None:
    """Rows of before the cut in several pages, slowly; the frames of after it while the pages are read."""
    telling = Telling(product, today, today.seed)
    telling.history(cut, page_cap=20)
    product.upstream.upstream.graphql_delay_s = 0.03
    product.start()
    product.upstream.run(product.upstream.upstream.until_open())
    frames = today.frames(since_ms=cut)
    telling.send(frames, per_s=400)
    product.until("live", 30)
    skip = (".state_since",)
    telling.until_equal(today.known(live_since_ms=cut, rows_until_ms=cut), 15, skip=skip)


@pytest.fixture
def stopped() -> Iterator[list[Product]]:
    """Products that a test makes; all of them ended afterwards."""
    made: list[Product] = []
    yield made
    for product in made:
        product.destroy()


CASES = [
    pytest.param(31, "Europe/Stockholm", {}, id="stockholm"),
    pytest.param(32, "Asia/Kolkata", {}, id="half-an-hour-zone"),
    pytest.param(33, "America/Los_Angeles", {}, id="behind-utc", marks=pytest.mark.slow),
    pytest.param(34, "Pacific/Chatham", {}, id="quarter-of-an-hour-zone", marks=pytest.mark.slow),
]


@pytest.mark.acceptance("TX-07")
@pytest.mark.acceptance("TX-09")
@pytest.mark.acceptance("TX-17")
@pytest.mark.parametrize(("seed", "timezone", "more"), CASES)
def test_TX_17_every_number_of_a_random_day_equals_the_slow_computation(
    seed: int, timezone: str, more: dict[str, str], stopped: list[Product]
) -> None:
    """Half of it only in the history, in pages; frames during the seed, twice and in disorder."""
    today = dataclasses.replace(day(seed, n_calls=150, now_ms=shifted_now(), timezone=timezone), settings={})
    with UpstreamThread() as upstream:
        product = Product(upstream, ORG_TIMEZONE=timezone, **more)
        stopped.append(product)
        told_live(product, today, today.now_ms - 15 * 60_000)
        assert product.live()["timezone"] == timezone


@pytest.mark.fault("A17")
@pytest.mark.parametrize("minutes_past_midnight", [-1, 2])
def test_a_day_that_is_about_to_end_or_has_just_begun(minutes_past_midnight: int, stopped: list[Product]) -> None:
    """Around local midnight rolling windows reach over it and `today` does not."""
    zone = ZoneInfo("Europe/Stockholm")
    here = datetime.now(zone)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    offset_s = (midnight.astimezone(UTC) - here.astimezone(UTC)).total_seconds() + 60 * minutes_past_midnight
    today = dataclasses.replace(day(41 + minutes_past_midnight, n_calls=120, now_ms=shifted_now(offset_s)), settings={})
    with UpstreamThread() as upstream:
        product = Product(upstream, CLOCK_OFFSET_S=f"{offset_s:.0f}")
        stopped.append(product)
        told_live(product, today, today.now_ms - 15 * 60_000)
        answer = product.live()
        assert abs(answer["as_of"] - shifted_now(offset_s)) < 5_000
        assert answer["day"] == datetime.fromtimestamp(answer["as_of"] / 1000, zone).date().isoformat()


@pytest.mark.fault("A17")
def test_over_midnight_the_day_begins_anew_and_the_open_call_goes_on(stopped: list[Product]) -> None:
    """A caller who entered before midnight still waits after it, and counts in the rolling windows alone."""
    zone = ZoneInfo("Europe/Stockholm")
    here = datetime.now(zone)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    offset_s = (midnight - here).total_seconds() - 30  # a busy machine takes its time to start
    with UpstreamThread() as upstream:
        product = Product(upstream, CLOCK_OFFSET_S=f"{offset_s:.0f}")
        stopped.append(product)
        product.start()
        product.until("live")
        entered = round(time.time() * 1000 + offset_s * 1000) - 2_000
        document = {
            "id_call": "8c1f9a0e-6d0e-4e5c-9a37-0d6e7f3f7d01",
            "active": 1,
            "answered": 0,
            "call_direction": "incoming",
            "queue": {"id": 4101, "account_id": 994101, "name": "Natt", "timestart": entered},
            "time": {"start": entered},
        }
        upstream.send("queues", document)
        call = {"id_call": document["id_call"], "active": 1, "answered": 0, "call_direction": "incoming", "time": {"start": entered}}
        upstream.send("calls", call)
        before = product.live()
        while not before["queues"] or before["queues"][0]["now"]["waiting"] != 1:
            time.sleep(0.1)
            before = product.live()
        assert before["queues"][0]["today"]["offered"] == 1
        assert before["site"]["today"]["calls_in"] == 1
        after = before
        while after["day"] == before["day"]:
            time.sleep(0.2)
            after = product.live()
        told = after["queues"][0]
        assert (told["now"]["waiting"], told["now"]["longest_wait_since"]) == (1, entered)
        assert (told["today"]["offered"], told["15m"]["offered"], after["site"]["today"]["calls_in"], after["site"]["15m"]["calls_in"]) == (
            0,
            1,
            0,
            1,
        )
        assert after["sources"][0]["state"] == "live"
