"""Each telephone company's source: all of them on one page, each on its own, and what the people who may change them do there.

Rules that hold here: everybody sees how sources are and what they can tell; what changes one needs the ability `sources`, is sent by a
form, and is written down.
"""

from typing import Any

from channels.db import database_sync_to_async
from django.db import DatabaseError, IntegrityError
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _

from stats.ingest import door
from stats.live.connection import StoreAway
from stats.models import Source
from wallboard.pages import source_errands, source_keeping
from wallboard.pages.archives import archives_of
from wallboard.pages.company_words import capabilities, lacking, summary
from wallboard.pages.frame import Forbidden, NotThere, Visit, draw, for_people, private
from wallboard.pages.source_card import ORDER, Row, card_of, rows_of
from wallboard.pages.source_form import fields_of, read_options, regions
from wallboard.pages.trial import Stale
from wallboard.pages.words import clock_time
from wallboard.push import live

__all__ = ["ORDER", "page", "urls"]


async def sources(visit: Visit) -> HttpResponse:
    """GET /sources/"""
    rows, counts, archives = await _rows(visit), await _counts(visit), await archives_of(visit)
    facts = visit.facts.sources
    cards = [
        card_of(visit, facts.get(name), rows.get(name), counts, archives.get(name, ""))
        for name in sorted({*facts, *(name for name, row in rows.items() if row.source.enabled)})
    ]
    template = "_sources.html" if "part" in visit.request.GET else "sources.html"
    at = clock_time(visit.now, visit.timezone)
    return draw(visit, template, "sources", cards=cards, store_away=visit.snapshot.store_away, at=at)


async def _rows(visit: Visit) -> dict[str, Row]:
    try:
        return await database_sync_to_async(rows_of)(visit)
    except DatabaseError:
        return {}


async def _counts(visit: Visit) -> dict[tuple[str, str], int]:
    try:
        return await live.store().quarantine_counts(visit.organisation.slug)
    except StoreAway:
        # The page says itself that the store is away; it must not be away with it.
        return {}


async def source(visit: Visit, name: str) -> HttpResponse:
    """GET /sources/<name>/, and POST: `do` is options, pause or resume (or row:<option>, another row)."""
    row = (await _rows(visit)).get(name)
    facts = visit.facts.sources.get(name)
    if row is None and facts is None:
        raise NotThere(_("There is no telephone system of this name."))
    if visit.request.method == "POST":
        if row is None or not visit.may("sources"):
            raise Forbidden(_("Ask somebody who administers the wallboard."))
        return await _do(visit, row)
    return await _drawn(visit, name, row)


async def _do(visit: Visit, row: Row) -> HttpResponse:
    post, here = visit.request.POST, row.source
    company = door.company(here.provider)
    match post.get("do", ""):
        case "pause":
            await database_sync_to_async(source_keeping.pause)(visit, here)
        case "resume":
            await database_sync_to_async(source_keeping.resume)(visit, here)
        case do if company is not None and (do == "options" or do.startswith("row:")):
            settings, faults = read_options(company, post)
            region = post.get("region", here.default_region)
            if region not in regions():
                faults["region"] = _("Choose a country from the list.")
            if do != "options" or faults:
                here.settings, here.default_region = settings, region
                more = do.removeprefix("row:")
                return await _drawn(visit, here.name, row, faults=faults if do == "options" else {}, more_rows=more)
            await database_sync_to_async(source_keeping.set_options)(visit, here, settings, region)
        case _:
            raise NotThere(_("There is nothing of the kind to be done here."))
    return private(HttpResponseRedirect(reverse("source", args=[here.name])))


async def _drawn(visit: Visit, name: str, row: Row | None, *, faults: dict[str, str] | None = None, more_rows: str = "") -> HttpResponse:
    counts, archives = await _counts(visit), await archives_of(visit)
    card = card_of(visit, visit.facts.sources.get(name), row, counts, archives.get(name, ""))
    if "part" in visit.request.GET:
        return draw(visit, "_source_card.html", "sources", source=card, alone=True)
    company = door.company(card.provider)
    may = row is not None and visit.may("sources") and company is not None
    return draw(
        visit,
        "source.html",
        "sources",
        400 if faults else 200,
        source=card,
        alone=True,
        row=row.source if row is not None else None,
        company=company,
        capabilities=capabilities(company) if company is not None else [],
        lacking=lacking(company) if company is not None else [],
        options=fields_of(company, row.source.settings, faults or {}, more_rows) if may and company is not None and row is not None else [],
        regions=regions() if may else [],
        faults=faults,
        at=clock_time(visit.now, visit.timezone),
    )


async def company(visit: Visit, company: str) -> HttpResponse:
    """GET /sources/companies/<company>/: what a company can tell, whether or not there is a source of it."""
    known = door.company(company)
    if known is None:
        raise NotThere(_("There is no such telephone company."))
    facts = capabilities(known)
    return draw(visit, "source_company.html", "sources", company=known, capabilities=facts, lacking=lacking(known), summary=summary(known))


async def remove(visit: Visit, name: str) -> HttpResponse:
    """GET and POST /sources/<name>/remove/: by its name, typed."""
    row = (await _rows(visit)).get(name)
    if row is None:
        raise NotThere(_("There is no telephone system of this name."))
    asks = door.asks(row.source.provider) and bool(row.hooks)
    company = door.company(row.source.provider)
    sinks = company is not None and company.connect is None
    known: dict[str, Any] = {"name": name, "asks": asks, "title": getattr(company, "title", row.source.provider), "sinks": sinks}
    if visit.request.method != "POST":
        return draw(visit, "source_remove.html", "sources", **known)
    if visit.request.POST.get("name", "").strip().lower() != name:
        return draw(visit, "source_remove.html", "sources", 400, **known, fault=_("Type the name of the source as it stands above."))
    if asks and visit.request.POST.get("anyway") != "on" and (said := await _cancelled(row.source)):
        fault = _("The orders at the vendor could not be taken back: %(said)s") % {"said": said}
        return draw(visit, "source_remove.html", "sources", 409, **known, fault=fault, stuck=True)
    try:
        keep = await database_sync_to_async(source_keeping.remove)(visit, row.source)
    except Source.DoesNotExist:
        raise NotThere(_("There is no telephone system of this name.")) from None
    return draw(visit, "source_removed.html", "sources", name=name, keep=keep, asks=asks, sinks=sinks)


async def _cancelled(row: Source) -> str:
    """Takes every order back at the vendor; what it said when that went wrong."""
    company = door.company(row.provider)
    assert company is not None
    errand = source_errands.Errand(source=row, company=company, base=row.hook_base)
    try:
        heard = [event async for event in source_errands.run(source_errands.cancel, errand)]
    except source_errands.Busy:
        return _("something is being done there just now. Wait a moment.")
    said = [event["words"] for event in heard if event.get("words") and event.get("state") not in ("ok", "trying", None)]
    return "; ".join(said) if errand.failed else ""


async def put_back(visit: Visit) -> HttpResponse:
    """POST /sources/removed/: the source that was just taken away."""
    if visit.request.method != "POST":
        return private(HttpResponseRedirect(reverse("sources")))
    try:
        name = await database_sync_to_async(source_keeping.put_back)(visit, visit.request.POST.get("keep", ""))
    except (Stale, IntegrityError):
        raise NotThere(_("It cannot be put back any more. Add it again: its past is still there.")) from None
    return private(HttpResponseRedirect(reverse("source", args=[name])))


page = for_people(sources)
source_page = for_people(source)
company_page = for_people(company)
remove_page = for_people(remove, needs="sources")
put_back_page = for_people(put_back, needs="sources")

urls = [
    path("sources/", page, name="sources"),
    path("sources/removed/", put_back_page, name="source-put-back"),
    path("sources/companies/<slug:company>/", company_page, name="source-company"),
    path("sources/<slug:name>/", source_page, name="source"),
    path("sources/<slug:name>/remove/", remove_page, name="source-remove"),
]
