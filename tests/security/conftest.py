"""Two organisations on one installation: one with a floor, people, screens and keys, the other a stranger to it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from stats.clock import now_ms
from stats.models import Organisation, Source
from tests.push.floor import PER, SALES, Worker, ended_call, ready, waiting_call
from wallboard.accounts.models import ApiToken, AuditEntry, Invitation, Membership, Screen
from wallboard.push import admission, live

NUMBER = "+46701740605"
# What tells the first organisation from every other, wherever it turns up.
MARKS = (
    *("Försäljning", "Support", "Anna Berg", "Anna B", "Per Öst", "924328", "111834", "3467672"),
    *("MARK-", "70174", "eva-viewer"),
)


@dataclass(slots=True)
class World:
    """Everybody, by name: a client that shows their key, or headers to send along."""

    people: dict[str, AsyncClient] = field(default_factory=dict)
    programs: dict[str, dict[str, str]] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    screen: str = ""

    def path(self, template: str) -> str:
        """An address with the first organisation's ids in it."""
        for name, value in self.keys.items():
            template = template.replace("{" + name + "}", str(value))
        return template


async def _person(world: World, name: str, organisation: Organisation | None, role: str = "", queues: list[str] | None = None) -> Any:
    person = await get_user_model().objects.acreate(username=name, email=f"{name}@example.org")
    if organisation is not None:
        world.keys[name] = (await Membership.objects.acreate(user=person, organisation=organisation, role=role, queues=queues)).pk
    client = AsyncClient()
    await client.aforce_login(person)
    world.people[name] = client
    world.sessions[name] = client.cookies["sessionid"].value
    return person


async def _program(world: World, name: str, organisation: Organisation, **rights: Any) -> int:
    row, plain = await database_sync_to_async(ApiToken.issue)(organisation, f"MARK-{name}" if organisation.slug == "default" else name)
    await ApiToken.objects.filter(pk=row.pk).aupdate(**rights)
    world.programs[name] = {"authorization": f"Bearer {plain}"}
    return int(row.pk)


@pytest.fixture
async def world(redis_server: str, transactional_db: None) -> AsyncIterator[World]:
    """See the module."""
    admission.forget_all()
    worker = await Worker(redis_server).begin()
    now = now_ms()
    await worker.tell(
        ended_call("answered", since=now - 120_000),
        ended_call("MARK-lost", SALES, since=now - 90_000, wait_ms=30_000, answered=False),
        waiting_call("MARK-waiting", SALES, since=now - 65_000),
        ready(),
        ready(PER, SALES),
    )
    ours = await Organisation.objects.acreate(slug="default", name="MARK-organisation")
    theirs = await Organisation.objects.acreate(slug="other", name="Other")
    source = Source(organisation=ours, name="telavox", provider="telavox", enabled=False)
    source.token = "MARK-vendor-token"
    await database_sync_to_async(source.save)()
    world = World()
    await _person(world, "nobody", None)
    await _person(world, "eva-viewer", ours, "viewer")
    await _person(world, "supervisor", ours, "supervisor")
    await _person(world, "scoped", ours, "supervisor", ["111835"])
    admin = await _person(world, "admin", ours, "admin")
    await _person(world, "foreign", theirs, "admin")
    world.keys["member"] = world.keys["eva-viewer"]
    world.keys["token"] = await _program(world, "everything", ours)
    await _program(world, "live alone", ours, scopes=["live"])
    await _program(world, "no numbers", ours, scopes=["live", "calls"])
    await _program(world, "foreign", theirs)
    row, world.screen = await database_sync_to_async(Screen.issue)(ours, "team", "MARK-screen")
    world.keys["screen"] = row.pk
    invitation, _word = await database_sync_to_async(Invitation.issue)(ours, "MARK-invited@example.org", "viewer", None, admin)
    world.keys["invitation"] = invitation.pk
    await AuditEntry.objects.acreate(organisation="default", actor_kind="system", action="MARK-action", subject="MARK-subject")
    yield world
    await live.close()
    await worker.close()
