"""Sound that lies at a real vendor's look-alike goes to Voxjar's, by the supervisor's own road."""

import asyncio

import pytest
from channels.db import database_sync_to_async

from stats.clock import now_ms
from stats.history.configuration import read_assignments_async
from stats.history.shelf import let_go
from stats.ingest.supervisor import Supervisor
from stats.live.board_store import Store
from stats.models import Organisation, Source
from stats.providers.base import LiveProvider
from stats.providers.vocatech.simulator import DEFAULT_TOKEN, VocatechSimulator
from stats.providers.voxjar.simulator import VoxjarSimulator
from tests.voxjar.parcels import SETTINGS, recording
from tests.voxjar.sender import now_recorded, state, tell, until, until_state

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


async def test_a_recording_of_another_source_is_fetched_by_its_vendors_link_and_sent(redis_server: str, simulator: VoxjarSimulator) -> None:
    """VJ-02, VJ-08: the worker runs a place beside its other sources; the sound is what the vendor gives, byte for byte."""
    async with VocatechSimulator(start=False) as vendor:
        vendor.recorded["77"] = 12

        def configure() -> None:
            organisation, _ = Organisation.objects.get_or_create(slug="default", defaults={"name": "Test"})
            for name, url, token, settings, enabled in (
                ("vocatech", vendor.api_url, DEFAULT_TOKEN, {}, True),
                ("voxjar", simulator.url, simulator.token, SETTINGS, True),
            ):
                source = Source(organisation=organisation, name=name, provider=name, live_url=url, settings=settings, enabled=enabled)
                source.token = token
                source.save()

        await database_sync_to_async(configure)()

        def connect(_assigned: object) -> LiveProvider:
            raise RuntimeError("this test has no session")

        store = Store(redis_server)
        supervisor = Supervisor(store, read_assignments_async, connect)
        task = asyncio.create_task(supervisor.run())
        try:
            await until(lambda: _begun())
            assert supervisor.duties()["default"][0] == ("voxjar",)
            told = recording("call-1", locator="rec_77", started_at=now_ms(), told_at=now_ms())
            await tell(now_recorded(), recordings=[told])
            (row,) = await until_state("sent", within_s=30)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await store.close()
            await let_go()
    assert row.words == ""
    kept = simulator.library.calls["vocatech:call-1"]
    assert kept.size > 10_000
    assert not any("http" in str(value) for value in kept.metadata.values())


async def _begun() -> bool:
    return (await state())[0] != ""
