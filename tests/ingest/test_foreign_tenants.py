"""Documents of another customer of the vendor are dropped, counted and told of, and no restart forgets whose source it is."""

import asyncio
from typing import Any

import pytest

from stats.clock import now_ms
from stats.domain.metrics import CountingRules
from stats.ingest import tenants
from stats.ingest.session import Session
from stats.ingest.tenants import FOREIGN, SEVERAL
from stats.live.leases import Lease
from stats.providers.base import SourceConfig
from stats.providers.telavox.provider import TelavoxProvider
from tests.acceptance.told_calls import ANNA, FIRST, call, presence, visit
from tests.laws.road import ORGANISATION, SOURCE
from tests.laws.watched import TIMEZONE, Watched, comes_true, watched

pytestmark = [pytest.mark.asyncio, pytest.mark.fault("A19")]
OURS, THEIRS = {"customer_telavox": {"id": 4300}}, {"customer_telavox": {"id": 9900}}


async def begin(watch: Watched, reached: str) -> Session:
    """A worker that reaches the source by this mark."""
    config = SourceConfig(name=SOURCE, live_url=watch.upstream.live_url, historic_url=watch.upstream.historic_url, token="good-token")
    lease = Lease(watch.store, ORGANISATION, SOURCE)
    assert await lease.take()
    watch.session = Session(
        watch.store, ORGANISATION, SOURCE, "telavox", TelavoxProvider(config), lease, TIMEZONE, CountingRules(), reached=reached
    )
    watch.task = asyncio.create_task(watch.session.run())
    await watch.begun()
    return watch.session


async def told(watch: Watched, datasource: str, document: dict[str, Any]) -> None:
    """One frame, heard and written."""
    await watch.upstream.send(datasource, document)
    await asyncio.sleep(0.15)
    await watch.settled()


@pytest.fixture
def _soon_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """One document is enough."""
    monkeypatch.setattr(tenants, "SURE_AFTER", 1)


@pytest.mark.usefixtures("_soon_sure")
async def test_what_another_customer_says_is_dropped_counted_and_told(redis_server: str, caplog: pytest.LogCaptureFixture) -> None:
    """On every socket and in every row; a document that names nobody is taken; the binding outlives the worker."""
    async with watched(redis_server, CountingRules()) as watch:
        session, now = await begin(watch, "mark"), now_ms()
        await told(watch, "calls", call("ours", now, **OURS))
        for datasource, document in (
            ("calls", call("theirs1", now, **THEIRS)),
            ("queues", visit("theirs2", FIRST | {"id": 777, "name": "Deras"}, now, **THEIRS)),
            ("profile_live", presence(ANNA, now, **THEIRS)),
        ):
            await told(watch, datasource, document)
        await told(watch, "queues", visit("ours", FIRST, now))
        assert set(session.road.calls) == {"ours"}
        assert [record.levelname for record in caplog.records if "security.foreign_tenant" in str(record.msg)] == ["WARNING"]

        async def counted() -> bool:
            return {reason: n for (_, reason), n in (await watch.store.quarantine_counts(ORGANISATION)).items()} == {FOREIGN: 3}

        await comes_true(counted)
        assert session.health.facts.tenant == "4300"
        assert session.health.facts.reason == "another customer's documents come in, and are dropped"
        await watch.mirror.refresh(now)
        assert set(watch.mirror.facts.queues) == {str(FIRST["id"])}
        assert not watch.mirror.facts.presence
        # The next worker knows it before it hears anything, and rows of the past are no way in.
        await watch.end()
        again = await begin(watch, "mark")
        await told(watch, "calls", call("theirs3", now, **THEIRS))
        assert set(again.road.calls) <= {"ours"}


@pytest.mark.usefixtures("_soon_sure")
async def test_another_token_is_another_beginning(redis_server: str) -> None:
    """A source that is given to another customer in the settings is not locked for ever."""
    async with watched(redis_server, CountingRules()) as watch:
        await begin(watch, "mark")
        await told(watch, "calls", call("first", now_ms(), **OURS))
        await watch.end()
        session = await begin(watch, "another mark")
        await told(watch, "calls", call("second", now_ms(), **THEIRS))
        assert "second" in session.road.calls
        assert session._binding.tenant == "9900"


async def test_two_customers_from_the_beginning_are_no_strangers_to_each_other(redis_server: str) -> None:
    """A token may be a group's: nothing is dropped, now or after a restart, and it is told."""
    async with watched(redis_server, CountingRules()) as watch:
        session = await begin(watch, "mark")
        for number, whose in enumerate((OURS, THEIRS, OURS)):
            await told(watch, "calls", call(f"call{number}", now_ms(), **whose))
        assert set(session.road.calls) == {"call0", "call1", "call2"}
        await comes_true(lambda: session.health.facts.tenant == SEVERAL)
        assert session.health.facts.reason == "documents of more than one customer come in"
        await watch.end()
        again = await begin(watch, "mark")
        await told(watch, "calls", call("call3", now_ms(), **THEIRS))
        assert "call3" in again.road.calls
