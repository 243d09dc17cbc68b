"""The organisations that live in this process: one of each, sharing one connection pool to the live store."""

import asyncio
import weakref

from channels.db import aclose_old_connections
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from stats.live.board_store import Store
from stats.live.mirror import Mirror
from wallboard.push.organisation import LiveOrganisation, Snapshot

__all__ = ["LiveOrganisation", "Snapshot", "close", "current", "organisation", "organisations", "store"]


class _Room:
    """What one event loop holds: its store, and its organisations by slug."""

    def __init__(self) -> None:
        self.url = str(settings.REDIS_URL)
        self.store = Store(self.url)
        self.organisations: dict[str, LiveOrganisation] = {}


# By event loop, because tests run many of them; a server has one.
_rooms: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Room]" = weakref.WeakKeyDictionary()


def _room() -> _Room:
    loop = asyncio.get_running_loop()
    room = _rooms.get(loop)
    if room is None or room.url != settings.REDIS_URL:
        room = _rooms[loop] = _Room()
    return room


def organisations() -> list[LiveOrganisation]:
    """Those that live in this process."""
    return list(_room().organisations.values())


def store() -> Store:
    """This process's live store."""
    return _room().store


async def organisation(slug: str) -> LiveOrganisation:
    """The living organisation `slug`, made at the first question."""
    room = _room()
    found = room.organisations.get(slug)
    if found is None:
        timezone, language = await _zone_and_language(slug)
        found = room.organisations.setdefault(
            slug, LiveOrganisation(slug, room.store, Mirror(room.store, organisation=slug, timezone=timezone), language=language)
        )
    found.start()
    return found


async def current(slug: str) -> Snapshot:
    """The values of an organisation now; never raises."""
    return await (await organisation(slug)).current()


async def close() -> None:
    """Ends everything that lives in this event loop."""
    room = _rooms.pop(asyncio.get_running_loop(), None)
    if room is not None:
        for each in room.organisations.values():
            await each.end()
        await room.store.close()


async def _zone_and_language(slug: str) -> tuple[str, str]:
    """As the database says; the settings' zone when it is down (the worker's rules carry the zone as well)."""
    from stats.models import Organisation

    try:
        await aclose_old_connections()
        row = await Organisation.objects.filter(slug=slug).values_list("timezone", "language").afirst()
    except (DatabaseError, InterfaceError):
        row = None
    return row if row is not None else (str(settings.ORG_TIMEZONE), "en")
