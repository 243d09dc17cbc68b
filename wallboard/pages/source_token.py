"""The page on which a telephone system's token is tried and kept; what is kept is never shown again.

Rules that hold here: a token is kept as it was tried, with the addresses it was tried at; one that was refused, or that nobody answered,
is kept only by whoever says so; one that comes from the environment is changed there.
"""

from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from stats.models import Organisation, Source
from wallboard.accounts import journal
from wallboard.pages import trial
from wallboard.pages.frame import NotThere, Visit, draw, for_people, private
from wallboard.pages.words import day_and_time

NEW = "new"
STREAM = "application/x-ndjson"


async def replace(visit: Visit, name: str) -> HttpResponseBase:
    """GET and POST /sources/<name>/token/; `new` is a source that is not there yet."""
    return await show(visit, name, first_run=False)


async def show(visit: Visit, name: str, *, first_run: bool) -> HttpResponseBase:
    """The page, wherever it stands: try (`do=try`), then keep (`do=keep`)."""
    source = await database_sync_to_async(_source)(visit.viewer.organisation, name)
    if source is None and name != NEW:
        raise NotThere(_("There is no telephone system of this name."))
    known: dict[str, Any] = {
        "source": source,
        "first_run": first_run,
        "step": 3,
        "is_ours": source is None or not (source.from_environment and settings.TELAVOX_TOKEN),
        "set_at": set_when(source, visit.timezone) if source is not None else "",
        "live_url": (source.live_url if source is not None else "") or settings.TELAVOX_LIVE_URL,
        "historic_url": (source.historic_url if source is not None else "") or settings.TELAVOX_HISTORIC_URL,
        "steps": [],
        "glimpses": [],
    }
    if visit.request.method != "POST" or not known["is_ours"]:
        return draw(visit, "source_token.html", "setup" if first_run else "sources", **known)
    if visit.request.POST.get("do") == "keep":
        return await _keep(visit, source, known)
    return await _try(visit, source, known)


async def _try(visit: Visit, source: Source | None, known: dict[str, Any]) -> HttpResponseBase:
    asked = {field: visit.request.POST.get(field, "").strip() for field in ("token", "live_url", "historic_url")}
    live_url, historic_url = asked["live_url"] or known["live_url"], asked["historic_url"] or known["historic_url"]
    known |= {"live_url": live_url, "historic_url": historic_url}
    fault = trial.why_no_token(asked["token"]) or trial.why_not(live_url, historic_url, source)
    streams = STREAM in visit.request.headers.get("Accept", "")
    here = "setup" if known["first_run"] else "sources"
    if fault:
        return _line(fault) if streams else draw(visit, "source_token.html", here, 400, **known, fault=fault)
    told = trial.events(_owner(visit, source), visit.viewer.organisation, visit.timezone, live_url, historic_url, asked["token"])
    if streams:
        return StreamingHttpResponse(_lines(visit, source, told), content_type=STREAM)
    try:
        heard = [event async for event in told]
    except trial.Busy:
        return draw(visit, "source_token.html", here, 409, **known, fault=_busy())
    await _note(visit, source, heard)
    steps = {event["step"]: event for event in heard if "step" in event}
    known |= {"steps": list(steps.values()), "glimpses": [event for event in heard if "glimpse" in event], "verdict": heard[-1]}
    return draw(visit, "source_token.html", here, **known)


async def _lines(visit: Visit, source: Source | None, told: AsyncIterator[trial.Event]) -> AsyncIterator[bytes]:
    heard = []
    try:
        async for event in told:
            heard.append(event)
            yield trial.line(event)
    except trial.Busy:
        yield trial.line({"fault": _busy()})
        return
    await _note(visit, source, heard)


def _line(fault: str) -> HttpResponse:
    return private(HttpResponse(trial.line({"fault": fault}), content_type=STREAM))


def _busy() -> str:
    return _("Somebody is trying a token just now. Wait ten seconds and try again.")


async def _note(visit: Visit, source: Source | None, heard: list[trial.Event]) -> None:
    await visit.note("source.token_tried", "source", source.name if source is not None else "", result=heard[-1].get("verdict", ""))


async def _keep(visit: Visit, source: Source | None, known: dict[str, Any]) -> HttpResponse:
    here = "setup" if known["first_run"] else "sources"
    try:
        tried = await sync_to_async(trial.opened)(_owner(visit, source), visit.request.POST.get("keep", ""))
    except trial.Stale:
        fault = _("The test is too long ago, or was somebody else's. Paste the token and test it again.")
        return draw(visit, "source_token.html", here, 400, **known, fault=fault)
    if tried.result not in ("ok", "partly") and visit.request.POST.get("anyway") != "on":
        fault = _("The token was not kept: tick that you want it kept although the test failed, or test another.")
        return draw(visit, "source_token.html", here, 400, **known, fault=fault)
    try:
        await database_sync_to_async(_store)(visit, source, tried)
    except IntegrityError:
        fault = _("Somebody else has just made a telephone system of this name. Look at the sources first.")
        return draw(visit, "source_token.html", here, 409, **known, fault=fault)
    return private(HttpResponseRedirect(reverse("overview" if known["first_run"] else "sources")))


def _store(visit: Visit, source: Source | None, tried: trial.Tried) -> None:
    with transaction.atomic():
        organisation = Organisation.objects.select_for_update().get(slug=visit.viewer.organisation)
        row = source if source is not None else Source(organisation=organisation, name=_free_name(organisation))
        row.live_url, row.historic_url, row.token = tried.live_url, tried.historic_url, tried.token
        # From now on it is a person's, and no start of the product changes it back.
        row.from_environment = False
        row.token_set_at, row.token_set_by = timezone.now(), visit.viewer.name[:150]
        row.save()
        journal.note(visit.viewer, "source.token_set", "source", row.name, address=visit.address, test=tried.result)


def _free_name(organisation: Organisation) -> str:
    taken = set(Source.objects.filter(organisation=organisation).values_list("name", flat=True))
    return next(name for name in ("telavox", *(f"telavox-{n}" for n in range(2, 1000))) if name not in taken)


def _source(organisation: str, name: str) -> Source | None:
    return Source.objects.select_related("organisation").filter(organisation__slug=organisation, name=name).first()


def _owner(visit: Visit, source: Source | None) -> str:
    """Whose trial it is: this person's, for this source of this organisation."""
    return f"trial of {visit.viewer.row} for {visit.viewer.organisation}/{source.name if source is not None else ''}"


def set_when(source: Source, zone: str) -> str:
    """When a source's token was set and by whom, in words."""
    if not source.sealed_token:
        return _("No token is kept.")
    if source.from_environment:
        return _("The token comes from TELAVOX_TOKEN.")
    if source.token_set_at is None:
        return _("A token is kept.")
    at = day_and_time(round(source.token_set_at.timestamp() * 1000), zone)
    return _("Set on %(at)s by %(who)s.") % {"at": at, "who": source.token_set_by}


page = for_people(replace, needs="sources")

urls = [path("sources/<slug:name>/token/", page, name="source-token")]
