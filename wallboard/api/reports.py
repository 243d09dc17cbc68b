"""GET /api/v1/reports/queues, /agents and /site: the numbers of any days, by time, as rows.

Rules that hold here: days are the organisation's, both ends included; an answer is written while it is read, so that ten years cost no
more memory than a month; what goes wrong before the first row is a problem document, afterwards the answer breaks off and is no JSON.
"""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import date

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from stats import clock
from stats.domain.metrics import DEFINITIONS
from stats.domain.periods import business_day
from stats.domain.report import INTERVALS, Interval, Kind, Span
from wallboard.accounts.viewer import Viewer
from wallboard.api.door import guarded
from wallboard.api.problems import Problem, wrong_parameter
from wallboard.api.report_rows import Row, Told, parts_of, pieces, written
from wallboard.push import live
from wallboard.push.admission import Pass
from wallboard.push.organisation import LiveOrganisation
from wallboard.reports import files
from wallboard.reports.reading import known_keys

FORMATS = ("json", "csv", "xlsx")
MOST_DAYS = 3660
MOST_KEYS = 200
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_encode = msgspec.json.Encoder().encode


async def _queues(request: HttpRequest, entry: Pass) -> object:
    """Every queue in sight, or those asked for with `queue`."""
    return await _told(request, entry, "queue")


async def _agents(request: HttpRequest, entry: Pass) -> object:
    """Every agent in sight, or those asked for with `agent`."""
    if not entry.viewer.may("agents"):
        raise Problem(403, "This token's scopes do not cover agents (live).")
    return await _told(request, entry, "agent")


async def _site(request: HttpRequest, entry: Pass) -> object:
    """The whole organisation, or what of it is made of the queues in sight."""
    return await _told(request, entry, "site")


async def _told(request: HttpRequest, entry: Pass, kind: Kind) -> HttpResponseBase:
    form = request.GET.get("format", FORMATS[0])
    if form not in FORMATS:
        raise wrong_parameter("format", form, list(FORMATS))
    organisation = await live.organisation(entry.organisation)
    span = await asked_span(request, organisation, entry.viewer, kind)
    if form != "json":
        return await _file(form, span, kind, entry)
    told = Told()
    parts = _document(span, told, pieces(span, kind, entry.viewer, told, _in_json))
    if len(list(parts_of(span))) == 1:
        return HttpResponse([part async for part in parts], content_type="application/json")
    # What is read first is read before anything is answered, so that what keeps it from being read can still be told.
    return StreamingHttpResponse(_after(await anext(parts), parts), content_type="application/json")


async def _file(form: str, span: Span, kind: Kind, entry: Pass) -> HttpResponseBase:
    about = files.About(organisation=span.organisation, title=f"/api/v1/reports/{kind}", by=entry.viewer.name)
    try:
        return await files.answer(form, span, kind, entry.viewer, about)
    except OSError:
        raise Problem(507, "There is no room to write the file; format=csv needs none.") from None


def _in_json(rows: Iterator[Row]) -> bytes:
    return b",".join(_encode(row) for row in rows)


async def _document(span: Span, told: Told, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The answer as it is written; what is known at the end alone stands at its end."""
    head = {"timezone": span.timezone, "first": span.first, "last": span.last, "interval": span.interval, "definitions": DEFINITIONS}
    before = _encode(head)[:-1] + b',"rows":['
    async for part in parts:
        if part:
            yield before + part
            before = b","
    tail = {
        "as_of": written(told.as_of, span.timezone),
        "complete_to": written(told.as_of if told.complete_to is None else told.complete_to, span.timezone),
        "recounting": told.recounting,
        "unread": told.unread,
        "unheard": [{"source": source, "from": first, "to": end} for source, first, end in told.unheard],
    }
    yield (b"" if before == b"," else before) + b"]," + _encode(tail)[1:]


async def _after(first: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in parts:
        yield part


async def asked_span(request: HttpRequest, organisation: LiveOrganisation, viewer: Viewer, kind: Kind) -> Span:
    """What the address asks for; raises Problem."""
    timezone = organisation.mirror.facts.timezone
    last = _day(request, "to", business_day(clock.now_ms(), timezone))
    first = _day(request, "from", last.isoformat())
    if last < first and "to" not in request.GET:
        raise wrong_parameter("from", first.isoformat(), f"a day that is not after today ({last.isoformat()}), unless to= says until when")
    if last < first:
        raise wrong_parameter("to", last.isoformat(), f"a day that is not before from={first.isoformat()}")
    if (last - first).days >= MOST_DAYS:
        raise wrong_parameter("from", first.isoformat(), f"at most ten years before to={last.isoformat()}")
    return Span(
        organisation=organisation.slug,
        timezone=timezone,
        first=first.isoformat(),
        last=last.isoformat(),
        interval=_interval(request),
        queues=await _keys(request, organisation, viewer, kind, "queue"),
        agents=await _keys(request, organisation, viewer, kind, "agent"),
    )


def _day(request: HttpRequest, name: str, usual: str) -> date:
    given = request.GET.get(name, usual)
    try:
        if _DAY.fullmatch(given) is None or not 1990 <= (day := date.fromisoformat(given)).year <= 2100:
            raise ValueError
    except ValueError:
        raise wrong_parameter(name, given, "a day, written like 2026-05-18") from None
    return day


def _interval(request: HttpRequest) -> Interval:
    given = request.GET.get("interval", "day")
    for each in INTERVALS:
        if given == each:
            return each
    raise wrong_parameter("interval", given, list(INTERVALS))


async def _keys(request: HttpRequest, organisation: LiveOrganisation, viewer: Viewer, kind: Kind, name: str) -> frozenset[str] | None:
    """The queues or agents asked for, by id or key; None for all in sight. Raises Problem, and DatabaseAway."""
    given = list(dict.fromkeys(request.GET.getlist(name)))
    if not given:
        return None
    if name != kind:
        raise Problem(400, f"{name} is not possible here; it chooses rows of /api/v1/reports/{name}s.", members={"parameter": name})
    if len(given) > MOST_KEYS:
        raise wrong_parameter(name, f"{len(given)} times", f"there at most {MOST_KEYS} times")
    known = await known_keys(organisation, kind, viewer)
    for key in given:
        if key not in known:
            raise Problem(404, f"There is no {name} {key[:80]!r}; /api/v1/live lists those there are, by id or key.")
    return frozenset(given)


queues = guarded(_queues, needs="reports")
agents = guarded(_agents, needs="reports")
site = guarded(_site, needs="reports")
