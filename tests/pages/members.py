"""People of one organisation, each with a role and some queues, looking at pages."""

from collections.abc import Awaitable, Callable
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from stats.models import Organisation
from wallboard.accounts.models import Membership

AsMember = Callable[..., Awaitable[Any]]


async def looks(address: str, *, role: str = "admin", queues: list[str] | None = None, language: str = "en") -> Any:
    """The answer to a member with this role, who sees these queues (None: all)."""
    organisation, _made = await Organisation.objects.aget_or_create(slug="default", defaults={"name": "Test"})
    name = f"{role}-{'-'.join(queues) if queues is not None else 'all'}"[:100]
    person, made = await get_user_model().objects.aget_or_create(username=name)
    if made:
        await Membership.objects.acreate(user=person, organisation=organisation, role=role, queues=queues)
    client = AsyncClient()
    await database_sync_to_async(client.force_login)(person)
    return await client.get(address, headers={"accept-language": language})
