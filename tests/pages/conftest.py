"""What tests of the pages may ask for: a worker with a few calls, and a person who is logged in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from stats.clock import now_ms
from stats.models import Organisation
from tests.push.floor import Worker, ended_call, ready, waiting_call
from wallboard.accounts.models import Membership
from wallboard.push import admission, live

Look = Callable[..., Awaitable[Any]]


@pytest.fixture
async def worker(redis_server: str) -> AsyncIterator[Worker]:
    """A worker whose source is live, with an answered and a waiting call and an agent."""
    admission.forget_all()
    worker = await Worker(redis_server).begin()
    now = now_ms()
    await worker.tell(ended_call("answered", since=now - 120_000), waiting_call("waiting", since=now - 65_000), ready())
    yield worker
    await worker.close()


@pytest.fixture
async def look(worker: Worker, transactional_db: None) -> AsyncIterator[Look]:
    """Looks at a page as a person (`staff`: an admin, else a viewer; in `language`) who is logged in."""
    await Organisation.objects.aget_or_create(slug="default", defaults={"name": "Test"})

    async def looked(address: str, *, staff: bool = True, language: str = "en", form: dict[str, str] | None = None) -> Any:
        person, made = await get_user_model().objects.aget_or_create(username=f"p{staff}", defaults={"is_staff": staff})
        if made:
            organisation = await Organisation.objects.aget(slug="default")
            await Membership.objects.acreate(user=person, organisation=organisation, role="admin" if staff else "viewer")
        client = AsyncClient()
        await database_sync_to_async(client.force_login)(person)
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
        headers = {"accept-language": language}
        return await (client.post(address, form, headers=headers) if form is not None else client.get(address, headers=headers))

    yield looked
    await live.close()


def pytest_configure(config: pytest.Config) -> None:
    """Rows of the acceptance list, by their names."""
    config.addinivalue_line("markers", "acceptance(row): the row of the acceptance list this test answers for")
