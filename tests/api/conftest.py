"""What tests of the API may ask for: a worker with a few calls, and somebody who asks with a token."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.test import AsyncClient

from stats.clock import now_ms
from stats.models import Organisation
from tests.push.floor import SALES, Worker, ended_call, ready, waiting_call
from wallboard.accounts.models import ApiToken
from wallboard.api import door
from wallboard.push import admission, live

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
async def worker(redis_server: str) -> AsyncIterator[Worker]:
    """A worker whose source is live, with two answered calls, a given-up one, a waiting one and an agent."""
    admission.forget_all()
    door._buckets.clear()
    worker = await Worker(redis_server).begin()
    now = now_ms()
    await worker.tell(
        ended_call("answered-1", since=now - 9 * 60_000, wait_ms=4_000),
        ended_call("answered-2", since=now - 8 * 60_000, wait_ms=30_000),
        ended_call("given-up", since=now - 7 * 60_000, wait_ms=15_000, answered=False),
        ended_call("given-up-at-once", since=now - 6 * 60_000, wait_ms=2_000, answered=False),
        waiting_call("waiting", since=now - 5_000),
        ended_call("sold", SALES, since=now - 4 * 60_000),
        ready(),
    )
    yield worker
    await worker.close()


@pytest.fixture
async def token(transactional_db: None) -> str:
    """An API token of the organisation."""
    organisation, _made = await Organisation.objects.aget_or_create(slug="default", defaults={"name": "Test"})
    _row, token = await database_sync_to_async(ApiToken.issue)(organisation, "tests")
    return token


@pytest.fixture
async def ask(worker: Worker, token: str) -> AsyncIterator[Ask]:
    """Asks an address with the token."""

    async def asked(address: str, method: str = "GET", **headers: str) -> Any:
        headers = {"Authorization": f"Bearer {token}", **headers}
        return await AsyncClient(enforce_csrf_checks=True).generic(method, address, headers={k: v for k, v in headers.items() if v})

    yield asked
    await live.close()
