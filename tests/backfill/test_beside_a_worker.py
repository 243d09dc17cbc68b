"""Days that a worker hears live and a backfill reads: whoever comes first, the archive says the same in the end, and more than either."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio
import redis

from stats.domain.records import Call
from stats.history.shelf import let_go
from stats.models import ArchivedCall
from tests.backfill.filling import fill, in_a_thread, provider_of
from tests.backfill.month import archive_rows, emptied, month, told_by
from tests.history.keepers import Worker, until
from tests.upstream import ScriptableUpstream

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
SPAN: dict[str, Any] = {"first": "2026-10-24", "last": "2026-10-25"}
rows_now, empty = in_a_thread(archive_rows), in_a_thread(emptied)
records = in_a_thread(lambda: "".join(ArchivedCall.objects.values_list("record", flat=True)))


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[ScriptableUpstream]:
    """A vendor that tells two days, on one of which the clocks go back."""
    one = ScriptableUpstream()
    told_by(one, month(3, calls=70, **SPAN).rows)
    await one.start()
    yield one
    await one.kill()
    await let_go()


def frames() -> list[Call]:
    """What the sockets told of these days, in the order of time."""
    provider = provider_of("http://127.0.0.1:1/")
    told: list[Call] = []
    for frame in month(3, calls=70, **SPAN).day.frames():
        if frame.datasource in ("calls", "queues", "agents"):
            tellings, _ = provider.read(frame.datasource, json.dumps(frame.document).encode(), received_at=frame.emitted_at_ms + 40)
            told += [each for each in tellings if isinstance(each, Call)]
    return told


async def hear(url: str, told: Sequence[Call]) -> None:
    """A worker's whole life: it hears these frames, and everything that ended is kept."""
    worker = Worker(url)
    await worker.begin()
    try:
        for at in range(0, len(told), 50):
            await worker.hear(*told[at : at + 50])
            await asyncio.sleep(0.02)
        await until(lambda: _none_waits(worker))
    finally:
        await worker.die()


async def _none_waits(worker: Worker) -> bool:
    return await worker.keeping.unkept.number() == 0


async def test_whoever_comes_first_the_archive_says_the_same_in_the_end(redis_server: str, upstream: ScriptableUpstream) -> None:
    """Live and then read; read, then live, and read again; both at once, and read again. Then once more, which changes nothing."""
    told, found = frames(), []
    for order in ("live first", "read first", "both at once"):
        with redis.Redis.from_url(redis_server) as client:
            client.flushall()
        await empty()
        if order == "live first":
            await hear(redis_server, told)
        elif order == "read first":
            await fill(upstream.historic_url, **SPAN)
            await hear(redis_server, told)
        else:
            await asyncio.gather(hear(redis_server, told), fill(upstream.historic_url, most=3 * 3_600_000, **SPAN))
        await fill(upstream.historic_url, again=True, **SPAN)
        again = await fill(upstream.historic_url, again=True, **SPAN)
        assert (order, again.changed, again.slots_changed) == (order, 0, 0)
        found.append(await rows_now())
        assert '"tenant"' in await records()
    for other in found[1:]:
        for table in ("visits", "offers", "slots"):
            assert other[table] == found[0][table], table
        assert [row[:14] for row in other["calls"]] == [row[:14] for row in found[0]["calls"]]
