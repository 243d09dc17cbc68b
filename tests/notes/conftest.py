"""What tests of notes may ask for: a vendor with recordings as the worker's source, and people who look at its calls."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest_asyncio
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from stats.clock import now_ms
from stats.history.notes import upsert_notes
from stats.models import Organisation, Source
from tests.notes.vendor import NAME, TOKEN, House, registered, standing
from tests.push.floor import SOURCE, Worker, ended_call, waiting_call
from wallboard.accounts.models import Membership
from wallboard.push import admission, live


@dataclass(slots=True)
class Desk:
    """An organisation whose calls lie with the vendor; `worker` tells calls."""

    house: House
    worker: Worker

    async def enter(self, role: str = "supervisor", queues: list[str] | None = None, organisation: str = "default") -> AsyncClient:
        """Somebody signed in."""
        here, _ = await Organisation.objects.aget_or_create(slug=organisation, defaults={"name": organisation})
        person, _ = await get_user_model().objects.aget_or_create(username=f"{role}-{organisation}-{queues}")
        await Membership.objects.aget_or_create(user=person, organisation=here, defaults={"role": role, "queues": queues})
        client = AsyncClient()
        await database_sync_to_async(client.force_login)(person)
        return client

    async def told(self, *notes: Any) -> None:
        """What the vendor tells lies in the database."""
        await database_sync_to_async(upsert_notes)("default", notes)


@pytest_asyncio.fixture
async def desk(redis_server: str, transactional_db: None) -> AsyncIterator[Desk]:
    """A call that was answered a minute ago and one that waits, of a vendor that keeps recordings."""
    admission.forget_all()
    with registered():
        async with standing() as house:
            organisation, _ = await Organisation.objects.aget_or_create(slug="default", defaults={"name": "Test"})
            source = Source(organisation=organisation, name=SOURCE, provider=NAME, live_url=house.origin)
            source.token = TOKEN
            await database_sync_to_async(source.save)()
            worker = await Worker(redis_server).begin()
            now = now_ms()
            await worker.tell(ended_call("one", since=now - 120_000), waiting_call("waiting", since=now - 65_000))
            yield Desk(house, worker)
            await worker.close()
            await live.close()
