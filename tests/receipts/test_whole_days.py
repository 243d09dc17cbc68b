"""Every receipt of every scope and window of a day against the oracle: an ordinary day, the days clocks change, and one just begun."""

from typing import Any

import pytest

from tests.oracle.days import day
from tests.oracle.documents import Identities, agent_objects, dig
from tests.oracle.slow import WINDOWS
from tests.oracle.slow import live as slow_live
from tests.receipts.lists import CALLS
from tests.receipts.test_days import OF_AGENTS, OF_QUEUES, OF_SITE, WITHIN, Floor, expected_number, floors, near

__all__ = ["floors"]
pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True), pytest.mark.engines]
WATCHED = (
    *("time_talking", "time_ringing", "time_wrapup", "time_ready", "time_idle", "time_away", "time_logged_in"),
    "occupancy",
)
TODAY_ALONE = ("sl_budget", "lost_callers")
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
# Epoch ms of moments in Stockholm.
MIDNIGHT = 1_779_055_200_000  # 2026-05-18 00:00
IN_THE_HOUR_TOLD_TWICE = 1_792_892_700_000  # 2026-10-25 02:45, the second time
AFTER_THE_HOUR_LEFT_OUT = 1_774_746_600_000  # 2026-03-29 03:10; 02:00 to 03:00 was not


async def faults_of(floor: Floor, windows: tuple[str, ...], at: int, *, keep: bool = True, agents: int = 2) -> list[str]:
    """Whatever differs from the oracle at an instant, in words; of the site, of every queue, and of so many agents."""
    slow = await floor.until(at, keep=keep)
    numbers = slow_live(slow.documents, as_of_ms=at, timezone=slow.timezone, settings=slow.settings)
    asked = [("site", metric, window) for metric in [*OF_SITE, *OF_QUEUES] for window in windows]
    asked += [(f"queue:{queue}", metric, window) for queue in sorted(slow.setting) for metric in OF_QUEUES for window in windows]
    asked += [(f"agent:{agent}", metric, "today") for agent in slow.agents[:agents] for metric in [*OF_AGENTS, *WATCHED]]
    who = Identities.of(agent_objects(slow.documents))
    heard = {who.key(dig(document, "agent")) for _, document in slow.documents.presences}
    faults: list[str] = []
    for scope, metric, window in asked:
        if metric in TODAY_ALONE and window != "today":
            continue
        told, entries = await floor.receipt(scope, metric, window, limit=1000)
        name, number = f"{scope}.{window}.{metric}", expected_number(numbers, scope, metric, window)
        if metric in WATCHED:
            # Nothing is known of whom nobody heard of, which is not "for no time".
            number = number if scope.partition(":")[2] in heard else None
        elif entries != (wanted := slow.list_of(scope, metric, window)):
            faults.append(f"{name}: {len(wanted)} expected, {len(entries)} found, differing {set(wanted) ^ set(entries)}")
        if not told.agrees or told.moved:
            faults.append(f"{name}: shown {told.value}, counted again {told.recounted}")
        if not near(told.value, number, WITHIN.get(metric, 0.0)):
            faults.append(f"{name}: shown {told.value}, the oracle's {number}")
    return faults


async def test_every_number_of_every_scope_and_window_of_a_day_is_the_oracles(floors: Any) -> None:
    """In the middle of the day, with its newest calls open and the archive a step behind."""
    today = day(21, n_calls=90, n_queues=3)
    floor: Floor = await floors(today)
    await floor.until(today.now_ms - 20 * MINUTE_MS, keep=True)
    assert not (faults := await faults_of(floor, WINDOWS, today.now_ms, keep=False, agents=6)), "\n".join(faults[:20])


async def test_a_day_that_has_just_begun_counts_what_began_in_it_alone(floors: Any) -> None:
    """Calls and states of the evening before run into it; the rolling windows still count them."""
    today = day(22, n_calls=90, now_ms=MIDNIGHT + 7 * MINUTE_MS)
    floor: Floor = await floors(today)
    await floor.until(MIDNIGHT - 10 * MINUTE_MS, keep=True)
    assert not (faults := await faults_of(floor, ("today", "30m"), today.now_ms)), "\n".join(faults[:20])
    whole, _ = await floor.receipt("site", "offered", "30m", limit=1000)
    begun, _ = await floor.receipt("site", "offered", "today", limit=1000)
    assert 0 < begun.total < whole.total


@pytest.mark.parametrize("moment", [IN_THE_HOUR_TOLD_TWICE, AFTER_THE_HOUR_LEFT_OUT])
async def test_a_day_on_which_clocks_change_is_as_long_as_it_is(floors: Any, moment: int) -> None:
    """25 hours in October, 23 in March: none of its calls is left out, none of another day is in it."""
    today = day(23, n_calls=60, now_ms=moment)
    floor: Floor = await floors(today)
    assert not (faults := await faults_of(floor, ("today",), moment)), "\n".join(faults[:20])
    for metric in CALLS:
        told, _ = await floor.receipt("site", metric, "today")
        assert told.first is not None
        assert told.end is not None
        assert told.end - told.first == (23 if moment == AFTER_THE_HOUR_LEFT_OUT else 25) * HOUR_MS
