"""What tests of the televisions share: people of several roles, televisions, and the way from a code to a board."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from stats.clock import now_ms
from stats.models import Organisation
from tests.push.floor import Worker, ended_call, ready, waiting_call
from wallboard.accounts.models import Membership, Screen
from wallboard.push import admission, live, orders
from wallboard.screens import limits

CODE = re.compile(r"data-code-first>(\w{4})<.*?data-code-second>(\w{4})<", re.S)
SECRET = re.compile(r'data-secret="([^"]+)"')


class Wall:
    """One organisation with its people and televisions."""

    def __init__(self, slug: str) -> None:
        self.slug = slug

    async def person(self, role: str = "supervisor", queues: list[str] | None = None) -> AsyncClient:
        """Somebody who is logged in."""
        user, made = await get_user_model().objects.aget_or_create(username=f"{self.slug}-{role}")
        if made:
            organisation = await Organisation.objects.aget(slug=self.slug)
            await Membership.objects.acreate(user=user, organisation=organisation, role=role, queues=queues)
        client = AsyncClient()
        await database_sync_to_async(client.force_login)(user)
        return client

    async def pair(self, tv: AsyncClient, **form: object) -> Screen:
        """Claims what the television shows; gives back its row."""
        page = (await tv.get("/tv/")).content.decode()
        answer = await (await self.person()).post("/pair/", {"code": code_on(page), "name": "Hall", "board": "team", **form})
        assert answer.status_code == 302, answer.content.decode()
        return await Screen.objects.alatest("pk")


def code_on(page: str) -> str:
    """The code a television shows."""
    found = CODE.search(page)
    assert found is not None, page[:2000]
    return found[1] + found[2]


async def state_of(tv: AsyncClient) -> dict[str, Any]:
    """What the television is told when it asks."""
    told: dict[str, Any] = (await tv.get("/tv/state/?width=1920&height=1080")).json()
    return told


@pytest.fixture
async def worker(redis_server: str) -> AsyncIterator[Worker]:
    """A worker whose source is live, with a caller who waits."""
    admission.forget_all()
    worker = await Worker(redis_server).begin()
    now = now_ms()
    await worker.tell(ended_call("answered", since=now - 120_000), waiting_call("waiting", since=now - 65_000), ready())
    yield worker
    await worker.close()


@pytest.fixture
async def wall(transactional_db: None, worker: Worker) -> AsyncIterator[Wall]:
    """The organisation `default`."""
    await Organisation.objects.aget_or_create(slug="default", defaults={"name": "Test"})
    for limit in (limits.new_codes, limits.wrong_codes):
        limit.forget()
    orders.forget()
    yield Wall("default")
    await live.close()
