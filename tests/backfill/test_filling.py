"""The same archive comes out of the past, however it is cut, in whatever order it is read, and however often it is interrupted."""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from stats.domain.periods import day_bounds
from stats.history.archive import archived
from stats.history.shelf import let_go
from stats.models import ArchivedCall
from tests.backfill.filling import Heard, Unplugged, fill, in_a_thread
from tests.backfill.month import HOUR_MS, NOW_MS, ORGANISATION, SOURCE, ZONE, archive_rows, emptied, month, told_by
from tests.upstream import ScriptableUpstream

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[ScriptableUpstream]:
    """A vendor that tells the month."""
    one = ScriptableUpstream()
    await one.start()
    yield one
    await one.kill()
    await let_go()


rows_now, empty = in_a_thread(archive_rows), in_a_thread(emptied)


def differing(one: dict[str, list[Any]], other: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """What one archive has and the other has not."""
    return {table: sorted(set(one[table]) ^ set(other[table]), key=repr)[:4] for table in one if one[table] != other[table]}


async def test_days_come_out_the_same_however_it_is_cut_and_told_again_changes_nothing(upstream: ScriptableUpstream) -> None:
    """Days or hours at a time, small pages, oldest first; over a change of clocks, with calls across every midnight."""
    made = month(first="2026-10-23", last="2026-10-27", calls=160)
    span: dict[str, Any] = {"first": "2026-10-23", "last": "2026-10-27"}
    told_by(upstream, made.rows)
    outcome = await fill(upstream.historic_url, **span)
    whole = await rows_now()
    assert (outcome.unproved, outcome.open, outcome.unreadable) == ([], 0, 0)
    assert len(whole["calls"]) == made.calls == outcome.calls > 140
    assert len(whole["slots"]) == len(made.rows["profile_history"])
    again = await fill(upstream.historic_url, again=True, **span)
    assert (again.changed, again.slots_changed, again.calls) == (0, 0, outcome.calls)
    await empty()
    await fill(upstream.historic_url, backwards=True, page=25, most=7 * HOUR_MS, now_ms=NOW_MS + 5 * HOUR_MS, **span)
    assert differing(whole, await rows_now()) == {}


async def test_a_run_ended_anywhere_is_gone_on_with_where_it_was(upstream: ScriptableUpstream) -> None:
    """Ended five times at random; the sixth run does not ask again for days that are whole."""
    made = month(2, first="2026-10-24", last="2026-10-26", calls=90)
    told_by(upstream, made.rows)
    span: dict[str, Any] = {"first": "2026-10-24", "last": "2026-10-26", "most": 2 * HOUR_MS}
    await fill(upstream.historic_url, **span)
    whole, asked = await rows_now(), len(upstream.asked)
    await empty()
    upstream.asked.clear()
    chance = random.Random(5)
    for _ in range(5):
        with pytest.raises(Unplugged):
            await fill(upstream.historic_url, heard=Heard(stop_after=chance.randrange(1, 9)), **span)
    await fill(upstream.historic_url, **span)
    assert differing(whole, await rows_now()) == {}
    assert len(upstream.asked) < asked * 1.2
    upstream.asked.clear()
    assert (await fill(upstream.historic_url, **span)).calls == 0
    assert upstream.asked == []
    assert await in_a_thread(ArchivedCall.objects.count)() == made.calls


@pytest.mark.parametrize("day", ["2026-05-18", "2026-05-19"])
async def test_a_call_over_midnight_is_whole_whichever_of_its_days_alone_is_read(upstream: ScriptableUpstream, day: str) -> None:
    """It began at ten to midnight; its second queue and the agent who answered came forty minutes later."""
    midnight = day_bounds("2026-05-19", ZONE)[0]
    began, later, ended = midnight - 600_000, midnight + 1_800_000, midnight + 3_600_000
    common = {"idCall": "long", "active": 0, "callDirection": "incoming"}
    first, second = {"id": 11, "name": "Sales", "timestart": began + 5_000}, {"id": 12, "name": "Support", "timestart": later}
    told_by(
        upstream,
        {
            "calls": [{**common, "answered": 1, "time": {"start": began, "end": ended}}],
            "queues": [
                {**common, "answered": 0, "queue": first, "time": {"start": began + 5_000, "end": later}},
                {**common, "answered": 1, "queue": second, "time": {"start": later, "end": ended}},
            ],
            "agents": [{**common, "answered": 1, "agent": {"id": 7}, "time": {"start": later, "answered": later + 9_000, "end": ended}}],
        },
    )
    await fill(upstream.historic_url, first=day, last=day)
    call = await in_a_thread(archived)(ORGANISATION, SOURCE, "long")
    assert call.journey is not None
    assert [visit.queue.id for visit in call.visits] == [11, 12]
    assert [offer.agent.id for offer in call.offers] == [7]
