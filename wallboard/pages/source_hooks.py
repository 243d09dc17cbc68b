"""The page from which a vendor is let post to us: connect, test, put on again, replace the secret, take back.

Rules that hold here: an address is shown once, and only of a company through whose API nothing can be ordered; where PUBLIC_URL does not
say how the vendor finds us, the address the browser came by is taken after it was asked for.
"""

from collections.abc import AsyncIterator
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from stats.history import hooks
from stats.ingest import door
from stats.models import Source
from wallboard.pages import source_errands, trial
from wallboard.pages.frame import NotThere, Visit, draw, for_people, private
from wallboard.pages.source_card import Row, card_of, rows_of
from wallboard.pages.source_errands import Errand, Event, Work
from wallboard.pages.source_keeping import look_after
from wallboard.pages.source_token import STREAM

WORKS: dict[str, tuple[Work, str]] = {
    "connect": (source_errands.connect, "source.hooks_connected"),
    "rotate": (source_errands.connect, "source.hooks_rotated"),
    "test": (source_errands.test, "source.hooks_tested"),
    "revive": (source_errands.revive, "source.hooks_revived"),
    "cancel": (source_errands.cancel, "source.hooks_cancelled"),
}
LONGEST_KEY = 40


async def page_of_hooks(visit: Visit, name: str) -> HttpResponseBase:
    """GET and POST /sources/<name>/hooks/"""
    row = (await database_sync_to_async(rows_of)(visit)).get(name)
    company = door.company(row.source.provider) if row is not None else None
    if row is None or company is None or company.hook is None:
        raise NotThere(_("Nothing is posted to us by this source."))
    asks, base = door.asks(company.name), str(settings.PUBLIC_URL or "").rstrip("/")
    known: dict[str, Any] = {"row": row.source, "company": company, "asks": asks, "has_public_url": bool(base)}
    here = visit.request.build_absolute_uri("/").rstrip("/")
    known |= {"base": base or here, "is_loopback": _is_loopback(base or here), "hook": row.hook}
    known["moved"] = bool(base and row.hook is not None and row.source.hook_base != base)
    if visit.request.method != "POST":
        return _drawn(visit, row, known)
    do = visit.request.POST.get("do", "")
    if do not in WORKS:
        raise NotThere(_("There is nothing of the kind to be done here."))
    if do in ("connect", "rotate") and not base and visit.request.POST.get("agreed") != "on":
        fault = _("Tick that the vendor finds this wallboard at the address below, or set PUBLIC_URL and start again.")
        return _fault(visit, row, known, fault, 400)
    if not asks:
        return await _by_hand(visit, row, known, do)
    errand = Errand(source=row.source, company=company, base=known["base"])
    told = source_errands.run(WORKS[do][0], errand)
    if STREAM in visit.request.headers.get("Accept", ""):
        return StreamingHttpResponse(_lines(visit, errand, do, told), content_type=STREAM)
    try:
        heard = [event async for event in told]
    except source_errands.Busy:
        return _fault(visit, row, known, _busy(), 409)
    await _note(visit, errand.source, do, heard)
    steps = {event["step"]: event for event in heard if "step" in event}
    fresh = (await database_sync_to_async(rows_of)(visit)).get(name) or row
    known |= {"row": fresh.source, "hook": fresh.hook, "steps": list(steps.values()), "verdict": heard[-1]}
    return _drawn(visit, fresh, known)


async def _lines(visit: Visit, errand: Errand, do: str, told: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    heard = []
    try:
        async for event in told:
            heard.append(event)
            yield trial.line(event)
    except source_errands.Busy:
        yield trial.line({"fault": _busy()})
        return
    await _note(visit, errand.source, do, heard)


async def _note(visit: Visit, source: Source, do: str, heard: list[Event]) -> None:
    await visit.note(WORKS[do][1], "source", source.name, result=heard[-1].get("verdict", ""))


async def _by_hand(visit: Visit, row: Row, known: dict[str, Any], do: str) -> HttpResponse:
    """A company where people paste our address: it is made here, and shown this once."""
    if do not in ("connect", "rotate", "cancel"):
        raise NotThere(_("There is nothing of the kind to be done here."))

    def change() -> tuple[str, str]:
        old = hooks.hooks_of(row.source)
        made = ("", "")
        if do != "cancel":
            key = get_random_string(LONGEST_KEY)
            hook = hooks.new_hook(row.source, key)
            look_after(row.source, known["base"], hook.mark)
            made = (hooks.address_of(hook, known["base"]), key)
        else:
            look_after(row.source, row.source.hook_base, "")
        for each in old:
            if each.retires_at is None:
                hooks.retire(each, *([source_errands.OVERLAP] if do != "cancel" else []))
        return made

    address, key = await database_sync_to_async(change)()
    await _note(visit, row.source, do, [{"verdict": "ok"}])
    fresh = (await database_sync_to_async(rows_of)(visit)).get(row.source.name) or row
    known |= {"row": fresh.source, "hook": fresh.hook, "address": address, "key": key, "was_cancelled": do == "cancel"}
    return _drawn(visit, fresh, known)


def _drawn(visit: Visit, row: Row, known: dict[str, Any], status: int = 200) -> HttpResponse:
    card = card_of(visit, visit.facts.sources.get(row.source.name), row, {}, "")
    return draw(visit, "source_hooks.html", "sources", status, source=card, **known)


def _fault(visit: Visit, row: Row, known: dict[str, Any], fault: str, status: int) -> HttpResponse:
    if STREAM in visit.request.headers.get("Accept", ""):
        return private(HttpResponse(trial.line({"fault": fault}), content_type=STREAM))
    return _drawn(visit, row, {**known, "fault": fault}, status)


def _busy() -> str:
    return _("Something is being done at this vendor just now. Wait a moment and look again.")


def _is_loopback(base: str) -> bool:
    host = base.partition("://")[2].partition("/")[0].rpartition(":")[0] or base.partition("://")[2]
    return host in ("127.0.0.1", "localhost", "[::1]")


page = for_people(page_of_hooks, needs="sources")
urls = [path("sources/<slug:name>/hooks/", page, name="source-hooks")]
