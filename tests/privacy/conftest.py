"""What tests of the privacy pages may ask for: a browser logged in with a role, on a real store."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from stats.models import Organisation
from wallboard.accounts.models import Membership
from wallboard.push import admission, live

Enter = Callable[..., Awaitable[AsyncClient]]


@pytest_asyncio.fixture
async def enter(redis_server: str, transactional_db: None) -> AsyncIterator[Enter]:
    """Logs somebody in, as `role` of the organisation `default`."""
    admission.forget_all()
    organisation, _made = await Organisation.objects.aget_or_create(slug="default", defaults={"name": "Test"})

    async def entered(role: str = "admin") -> AsyncClient:
        person, _made = await get_user_model().objects.aget_or_create(username=role)
        await Membership.objects.aget_or_create(user=person, organisation=organisation, defaults={"role": role})
        client = AsyncClient()
        await database_sync_to_async(client.force_login)(person)
        return client

    yield entered
    await live.close()


def page_of(answer: Any) -> str:
    """The page's text."""
    return str(answer.content.decode())
