"""Calling a lost caller back: the telephone system rings the one who asks, and then the caller.

Rules that hold here: a caller is taken before anybody is rung, so that two who press at once call once; a call that fails is given back;
the number goes to the telephone system and nowhere else; who called whom back is written down before it happens, without the number.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _

from stats.ingest.door import ProviderError, Refused, company, dial, dials
from stats.models import Source
from wallboard.pages.call.vendor import NotAsked, reach
from wallboard.pages.frame import Forbidden, Visit
from wallboard.pages.words import masked

# Of the session: by which telephone its person calls back.
EXTENSION = "extension"
_FIT = re.compile(r"[0-9A-Za-z+*#._@-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A source that can be told to call somebody."""

    source: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What came of it, in words. `address`: what the caller-back has to open, where the telephone system works that way."""

    words: str
    went_well: bool = True
    address: str = ""


async def ways_of(visit: Visit) -> list[Way]:
    """The sources by which this viewer may call somebody back."""
    return await _ways(visit.viewer.organisation) if visit.may("reach") else []


@database_sync_to_async
def _ways(organisation: str) -> list[Way]:
    try:
        rows = list(Source.objects.filter(organisation__slug=organisation, enabled=True).values_list("name", "provider"))
    except (DatabaseError, InterfaceError):
        return []
    return [Way(source=name, title=known.title) for name, provider in rows if dials(provider) and (known := company(provider)) is not None]


async def extension_of(visit: Visit) -> str:
    """By which telephone this person called back last."""
    return str(await visit.request.session.aget(EXTENSION, ""))


async def call_back(
    visit: Visit, number: str, id_call: str, take: Callable[[], Awaitable[bool]], give_back: Callable[[], Awaitable[bool]]
) -> Said:
    """Has the number (E.164) called. `take` takes the caller, False: somebody else has; `give_back` undoes it.

    Raises Forbidden, and DatabaseError where it cannot be written down.
    """
    if not visit.may("reach"):
        raise Forbidden(_("Calling back is open to supervisors. Ask somebody who administers the wallboard."))
    extension = visit.request.POST.get(EXTENSION, "").strip()
    if not _FIT.fullmatch(extension):
        return Said(words=_("Say which telephone of yours is to ring: its extension or number."), went_well=False)
    ways = {way.source: way for way in await ways_of(visit)}
    way = ways.get(visit.request.POST.get("by", "")) or next(iter(ways.values()), None)
    if way is None or not number.startswith("+"):
        return Said(words=_("No telephone system of yours can call this number for you."), went_well=False)
    await visit.request.session.aset(EXTENSION, extension)
    await visit.note("caller.dialled", "call", id_call, source=way.source)
    if not await take():
        return Said(words=_("Somebody else is taking care of this caller already."), went_well=False)
    try:
        provider, config = await reach(visit.viewer.organisation, way.source)
        told = await dial(provider, config, number, agent=extension, reference=f"wallboard {id_call}"[:80])
    except (ProviderError, NotAsked, DatabaseError, InterfaceError) as why:
        await give_back()
        return Said(words=_why(why, way.title), went_well=False)
    except BaseException:
        await give_back()
        raise
    shown = {"extension": extension, "number": masked(number)}
    if told.startswith("https://"):
        return Said(words=_("Open the call to %(number)s:") % shown, address=told)
    return Said(words=_("Your telephone %(extension)s rings. When you answer, %(number)s is called.") % shown)


def _why(why: Exception, title: str) -> str:
    if isinstance(why, Refused) and why.kind == "auth":
        return _("%(company)s refuses our access token, and nobody was called. Ask somebody who administers the wallboard.") % {
            "company": title
        }
    if isinstance(why, Refused):
        # The vendor's own words, as its provider shortened them.
        return _("Nobody was called. %(company)s says: “%(reason)s”") % {"company": title, "reason": why.reason}
    return _("%(company)s does not answer, and nobody was called. Try again in a minute.") % {"company": title}
