"""Asks the telephone system which recordings it has of one call, where nobody told of any.

Rules that hold here: it is asked once for each time somebody asks, and written down; what it has is kept like what is told.
"""

from functools import partial

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stats.clock import now_ms
from stats.domain.outcomes import settle
from stats.domain.records import Call
from stats.history.notes import upsert_notes
from stats.ingest.door import ProviderError, Refused, recordings
from wallboard.pages.call.vendor import NotAsked, reach
from wallboard.pages.frame import Forbidden, Visit

# A recording may begin before the call is told, and a call may have been told late.
AROUND_MS = 600_000


async def seek(visit: Visit, call: Call) -> str:
    """What came of it, in words."""
    if not visit.may("recordings"):
        raise Forbidden(_("Recordings are open to supervisors. Ask somebody who administers the wallboard."))
    settled = settle(call)
    begin = settled.started_at if settled.started_at is not None else now_ms()
    end = settled.ended_at if settled.ended_at is not None else now_ms()
    organisation = visit.viewer.organisation
    try:
        await visit.note("recording.sought", "call", call.id_call)
        provider, config = await reach(organisation, call.source)
        found = await recordings(provider, config, call.id_call, begin - AROUND_MS, end + AROUND_MS)
        if found:
            await database_sync_to_async(partial(upsert_notes, organisation, found))()
    except NotAsked:
        return _("The telephone system of this call was taken away, and its recordings with it.")
    except Refused:
        return _("The telephone system refuses the question. Ask somebody who administers the wallboard.")
    except ProviderError:
        return _("The telephone system does not answer just now. Try again in a minute.")
    except (DatabaseError, InterfaceError, ValueError):
        return _("What was found could not be kept. Try again in a few seconds.")
    if not found:
        return _("The telephone system has no recording of this call.")
    return ngettext("%(n)d recording was found.", "%(n)d recordings were found.", len(found)) % {"n": len(found)}
