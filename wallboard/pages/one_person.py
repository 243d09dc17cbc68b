"""One person, by telephone number or as an agent: what is held of them, as a file to take away, and erasing it for good.

Rules that hold here: a number is never part of an address, so it is in no history and no log of a proxy; erasing is confirmed by typing who
is meant; what is written down is that it was done and how much it was, never of whom.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from stats.models import Organisation
from wallboard.pages.frame import Visit, draw, for_people, private
from wallboard.privacy import noted, packing, person
from wallboard.privacy.person import Held, Wanted
from wallboard.push import live

Answer = TypeVar("Answer")
COUNTED = {
    "calls": gettext_lazy("calls in the archive"),
    "live": gettext_lazy("calls in the live store, of the last two days"),
    "notes": gettext_lazy("recordings, words and details of their calls"),
    "messages": gettext_lazy("text messages and faxes"),
    "contacts": gettext_lazy("names of the number"),
    "handled": gettext_lazy("marks that a lost caller was handled"),
    "offers": gettext_lazy("rings"),
    "presence": gettext_lazy("changes of presence"),
    "hours": gettext_lazy("hours in a profile"),
    "audit": gettext_lazy("lines of the audit log about them, which stay as long as the log is kept"),
}


def blank(_visit: Visit) -> dict[str, Any]:
    """What the form shows before anybody is asked for."""
    return {"kind": "number", "typed": ""}


async def look(visit: Visit) -> HttpResponseBase:
    """POST /privacy/person/: how much is held (`do=look`), all of it (`do=export`), none of it any more (`do=erase`)."""
    if visit.request.method != "POST":
        return draw(visit, "privacy_person.html", "privacy", **blank(visit))
    kind, typed = visit.request.POST.get("kind", "number"), visit.request.POST.get("who", "").strip()
    known: dict[str, Any] = {"kind": kind, "typed": typed[: person.LONGEST]}
    wanted = await _wanted(visit, kind, typed)
    if wanted is None:
        words = _("Nobody is known by that. Give an agent's full name or key; of several with one name the key says which.")
        fault = words if kind == "agent" else _("That is no telephone number.")
        return draw(visit, "privacy_person.html", "privacy", 400, fault=fault, **known)
    calls = await person.live_calls(live.store(), wanted)
    if visit.request.POST.get("do") == "export":
        await _note(visit, wanted, "person.exported", {"live": len(calls)})
        return _file(packing.packed(wanted, calls))
    held = await _apart(partial(person.held, wanted, calls))
    held.counts |= await _apart(partial(noted.held, wanted))
    known |= {"wanted": wanted, "held": _told(held), "anything": held.anything}
    if visit.request.POST.get("do") != "erase":
        return draw(visit, "privacy_person.html", "privacy", **known)
    if visit.request.POST.get("confirm", "").strip() != wanted.shown:
        fault = _("Nothing was erased: what you typed is not who is meant.")
        return draw(visit, "privacy_person.html", "privacy", 400, fault=fault, **known)
    counts = await _apart(partial(person.erase, wanted))
    await _note(visit, wanted, "person.erased", counts)
    return draw(visit, "privacy_person.html", "privacy", erased=_told(Held(counts=counts)), **blank(visit))


async def _wanted(visit: Visit, kind: str, typed: str) -> Wanted | None:
    organisation = await Organisation.objects.aget(slug=visit.viewer.organisation)
    if kind != "agent":
        return await _apart(partial(person.wanted_number, organisation, typed))
    directory = await person.live_agents(live.store(), organisation.slug)
    return await _apart(partial(person.wanted_agent, organisation, typed, directory))


def _told(held: Held) -> list[tuple[str, int]]:
    return [(str(COUNTED[what]), number) for what, number in held.counts.items()]


async def _note(visit: Visit, wanted: Wanted, action: str, counts: dict[str, int]) -> None:
    await visit.note(action, "person", "", kind="agent" if wanted.is_agent else "number", **counts)


async def _apart(question: Callable[[], Answer]) -> Answer:
    """A question that may read the whole archive: not in the one thread in which every page asks the database."""

    def asked() -> Answer:
        try:
            return question()
        finally:
            connection.close()

    return await sync_to_async(asked, thread_sensitive=False)()


def _file(parts: Iterator[bytes]) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(_sent(parts), content_type="application/zip")
    answer.headers["Content-Disposition"] = 'attachment; filename="person.zip"'
    private(answer)
    return answer


async def _sent(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Piece by piece, each made in the thread where the database is asked, so that cursors stay in theirs."""
    step = sync_to_async(partial(next, parts, None), thread_sensitive=True)
    while (part := await step()) is not None:
        yield part


page = for_people(look, needs="privacy")
urls = [path("privacy/person/", page, name="privacy-person")]
