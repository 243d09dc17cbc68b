"""The pages on which a telephone company is chosen, and a source's token is tried and kept; what is kept is never shown again.

Rules that hold here: a token is kept as it was tried, with the addresses and options it was tried with; one that was refused, or that
nobody answered, is kept only by whoever says so; one that comes from the environment is changed there.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
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

from stats import vault
from stats.ingest.door import Company, companies, company
from stats.models import Organisation, Source
from wallboard.accounts import journal
from wallboard.pages import trial
from wallboard.pages.company_words import capabilities, option_words, summary, token_name, token_way
from wallboard.pages.frame import NotThere, Visit, draw, for_people, private
from wallboard.pages.source_form import Draft, defaults, fields_of, read, regions, second_of
from wallboard.pages.words import day_and_time

STREAM = "application/x-ndjson"


async def replace(visit: Visit, name: str) -> HttpResponseBase:
    """GET and POST /sources/<name>/token/"""
    source = await database_sync_to_async(_source)(visit.viewer.organisation, name)
    if source is None:
        raise NotThere(_("There is no telephone system of this name."))
    return await show(visit, source.provider, source, first_run=False)


async def choose(visit: Visit) -> HttpResponse:
    """GET /sources/new/: which company."""
    chosen = [{"company": each, "summary": summary(each), "capabilities": capabilities(each)} for each in companies()]
    return draw(visit, "source_choose.html", "sources", companies=chosen)


async def add(visit: Visit, company: str) -> HttpResponseBase:
    """GET and POST /sources/new/<company>/"""
    return await show(visit, company, None, first_run=False)


async def show(visit: Visit, name: str, source: Source | None, *, first_run: bool) -> HttpResponseBase:
    """The page, wherever it stands: try (`do=try`), then keep (`do=keep`); `do=row:<option>` gives a list another row."""
    known = company(name)
    if known is None:
        raise NotThere(_("There is no such telephone company."))
    taken = await database_sync_to_async(_names)(visit.viewer.organisation)
    page = _Page(visit=visit, company=known, source=source, first_run=first_run, taken=taken, draft=defaults(known, source, taken))
    post = visit.request.POST
    if visit.request.method != "POST" or not page.is_ours:
        return page.drawn()
    if post.get("do") == "keep":
        return await _keep(page)
    page.draft = read(known, post, source, taken)
    if post.get("do", "").startswith("row:"):
        page.draft.faults = {}
        return page.drawn(more_rows=post["do"].removeprefix("row:"))
    return await _try(page)


@dataclass(slots=True, kw_only=True)
class _Page:
    """What is known while the page is made."""

    visit: Visit
    company: Company
    source: Source | None
    first_run: bool
    taken: list[str]
    draft: Draft
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def is_ours(self) -> bool:
        """Whether the token is kept here, and not in the environment."""
        return self.source is None or not (self.source.from_environment and settings.TELAVOX_TOKEN)

    def drawn(self, status: int = 200, *, fault: str = "", more_rows: str = "") -> HttpResponse:
        """The page as it stands."""
        draft, second = self.draft, second_of(self.company)
        others = [each for each in companies() if each.name != self.company.name] if self.first_run and self.source is None else []
        return draw(
            self.visit,
            "source_token.html",
            "setup" if self.first_run else "sources",
            status,
            source=self.source,
            company=self.company,
            first_run=self.first_run,
            others=others,
            step=3,
            is_ours=self.is_ours,
            set_at=set_when(self.source, self.visit.timezone) if self.source is not None else "",
            token_name=token_name(self.company.name),
            token_way=token_way(self.company.name),
            second=option_words(self.company, second.name) if second is not None else None,
            second_required=second is not None and second.required,
            draft=draft,
            options=fields_of(self.company, draft.settings, draft.faults, more_rows) if self.source is None else [],
            regions=regions(),
            listens=trial.listens(self.company.name),
            sinks=self.company.connect is None,
            fault=fault or _first(draft.faults),
            **{"steps": [], "glimpses": [], **self.told},
        )


def _first(faults: dict[str, str]) -> str:
    """What the page says above everything: the fault, or that there are some below."""
    said = [words for where, words in faults.items() if where in ("token", "second_token", "addresses")]
    if said:
        return " ".join(said)
    return _("Something below is not right yet. What you typed stands there; the token must be pasted again.") if faults else ""


async def _try(page: _Page) -> HttpResponseBase:
    visit, draft = page.visit, page.draft
    streams = STREAM in visit.request.headers.get("Accept", "")
    if draft.faults:
        return _line(_first(draft.faults), draft.faults) if streams else page.drawn(400)
    tried = trial.Tried(
        live_url=draft.live_url,
        historic_url=draft.historic_url,
        token=draft.token,
        company=page.company.name,
        name=draft.name,
        second_token=draft.second_token or _second_kept(page.source),
        region=draft.region,
        settings=draft.settings,
    )
    told = trial.events(_owner(page), visit.viewer.organisation, visit.timezone, tried)
    if streams:
        return StreamingHttpResponse(_lines(page, told), content_type=STREAM)
    try:
        heard = [event async for event in told]
    except trial.Busy:
        return page.drawn(409, fault=_busy())
    await _note(page, heard)
    steps = {event["step"]: event for event in heard if "step" in event}
    page.told = {"steps": list(steps.values()), "glimpses": [event for event in heard if "glimpse" in event], "verdict": heard[-1]}
    return page.drawn()


def _second_kept(source: Source | None) -> str:
    try:
        return source.second_token if source is not None else ""
    except vault.Unreadable:
        return ""


async def _lines(page: _Page, told: AsyncIterator[trial.Event]) -> AsyncIterator[bytes]:
    heard = []
    try:
        async for event in told:
            heard.append(event)
            yield trial.line(event)
    except trial.Busy:
        yield trial.line({"fault": _busy()})
        return
    await _note(page, heard)


def _line(fault: str, faults: dict[str, str]) -> HttpResponse:
    return private(HttpResponse(trial.line({"fault": fault, "faults": faults}), content_type=STREAM))


def _busy() -> str:
    return _("Somebody is trying a token just now. Wait ten seconds and try again.")


async def _note(page: _Page, heard: list[trial.Event]) -> None:
    about = page.source.name if page.source is not None else page.draft.name
    result = heard[-1].get("verdict", "")
    await page.visit.note("source.token_tried", "source", about, result=result, company=page.company.name)


async def _keep(page: _Page) -> HttpResponse:
    visit = page.visit
    try:
        tried = await sync_to_async(trial.opened)(_owner(page), visit.request.POST.get("keep", ""))
    except trial.Stale:
        fault = _("The test is too long ago, or was somebody else's. Paste the token and test it again.")
        return page.drawn(400, fault=fault)
    if tried.result not in ("ok", "partly") and visit.request.POST.get("anyway") != "on":
        fault = _("The token was not kept: tick that you want it kept although the test failed, or test another.")
        return page.drawn(400, fault=fault)
    try:
        row = await database_sync_to_async(_store)(page, tried)
    except IntegrityError:
        fault = _("Somebody else has just made a telephone system of this name. Look at the sources first.")
        return page.drawn(409, fault=fault)
    if page.source is None and page.company.hook is not None:
        return private(HttpResponseRedirect(reverse("source-hooks", args=[row.name])))
    return private(HttpResponseRedirect(reverse("overview" if page.first_run else "sources")))


def _store(page: _Page, tried: trial.Tried) -> Source:
    visit = page.visit
    with transaction.atomic():
        organisation = Organisation.objects.select_for_update().get(slug=visit.viewer.organisation)
        row = page.source
        if row is None:
            row = Source(organisation=organisation, name=tried.name, provider=tried.company)
            row.default_region, row.settings = tried.region, tried.settings
        row.live_url, row.historic_url, row.token, row.second_token = tried.live_url, tried.historic_url, tried.token, tried.second_token
        # From now on it is a person's, and no start of the product changes it back.
        row.from_environment = False
        row.token_set_at, row.token_set_by = timezone.now(), visit.viewer.name[:150]
        row.save()
        action = "source.token_set" if page.source is not None else "source.added"
        journal.note(visit.viewer, action, "source", row.name, address=visit.address, test=tried.result, company=row.provider)
    return row


def _names(organisation: str) -> list[str]:
    return list(Source.objects.filter(organisation__slug=organisation).values_list("name", flat=True))


def _source(organisation: str, name: str) -> Source | None:
    return Source.objects.select_related("organisation").filter(organisation__slug=organisation, name=name).first()


def _owner(page: _Page) -> str:
    """Whose trial it is: this person's, for this source of this organisation."""
    about = page.source.name if page.source is not None else f"new {page.company.name}"
    return f"trial of {page.visit.viewer.row} for {page.visit.viewer.organisation}/{about}"


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
choose_page = for_people(choose, needs="sources")
add_page = for_people(add, needs="sources")

urls = [
    path("sources/new/", choose_page, name="source-choose"),
    path("sources/new/<slug:company>/", add_page, name="source-add"),
    path("sources/<slug:name>/token/", page, name="source-token"),
]
