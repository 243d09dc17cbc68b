"""The addresses of the API, each a few lines over the rooms that know."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from wallboard.api import receipt
from wallboard.api.door import as_json, guarded, open_to_all
from wallboard.api.live_document import live_document
from wallboard.api.openapi import DESCRIPTION
from wallboard.api.problems import Problem, wrong_parameter
from wallboard.push import live, sights
from wallboard.push.admission import Pass

PAGE, LONGEST_PAGE = 100, 1000


@guarded
async def now(_request: HttpRequest, entry: Pass) -> object:
    """GET /api/v1/live"""
    return live_document(await sights.of(await live.organisation(entry.organisation), entry.viewer.sight).fresh())


async def _queue_calls(request: HttpRequest, entry: Pass, key: str) -> object:
    """GET /api/v1/queues/<id>/calls"""
    metric, window, limit, before = _receipt_wishes(request)
    organisation = await live.organisation(entry.organisation)
    as_of = (await organisation.fresh()).server_time
    facts = organisation.mirror.facts
    if key not in facts.queues or not entry.viewer.sees_queue(key):
        raise Problem(404, f"There is no queue {key[:80]!r}; /api/v1/live lists them, by id or key.")
    found = await receipt_rows(entry.organisation, organisation, key, metric, window, as_of)
    if before is not None:
        found = [row for row in found if (row.entered_at, row.id_call) < before]
    page = found[:limit]
    more = None
    if len(found) > limit:
        wishes = {"metric": metric, "window": window, "limit": limit, "before": f"{page[-1].entered_at}~{page[-1].id_call}"}
        more = request.build_absolute_uri(f"{request.path}?{urlencode(wishes)}")
    return {"items": page, "next": more}


async def receipt_rows(slug: str, organisation: live.LiveOrganisation, key: str, metric: str, window: str, as_of: int) -> list[receipt.Row]:
    """The visits behind a number, newest first. Raises StoreAway."""
    facts = organisation.mirror.facts
    first, end = receipt.bounds(window, as_of, facts.timezone)
    if metric == "waiting":
        # The present knows no window: whoever waits counts, whenever the call came in.
        first = min(first, as_of - 12 * receipt.REACH_MS)
    calls = await live.store().calls_between(slug, first - receipt.REACH_MS, end)
    found = receipt.rows(calls, facts, key, metric, first, end, as_of)
    return sorted(found, key=lambda row: (row.entered_at, row.id_call), reverse=True)


def _receipt_wishes(request: HttpRequest) -> tuple[str, str, int, tuple[int, str] | None]:
    metric = request.GET.get("metric", "offered")
    if metric not in receipt.METRICS:
        raise wrong_parameter("metric", metric, list(receipt.METRICS))
    window = request.GET.get("window", "today")
    if window not in receipt.WINDOW_NAMES:
        raise wrong_parameter("window", window, list(receipt.WINDOW_NAMES))
    limit = request.GET.get("limit", str(PAGE))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 6 and 1 <= int(limit) <= LONGEST_PAGE):
        raise wrong_parameter("limit", limit, f"a whole number from 1 to {LONGEST_PAGE}")
    before = request.GET.get("before")
    if before is None:
        return metric, window, int(limit), None
    instant, _, id_call = before.partition("~")
    if not (instant.isascii() and instant.isdigit() and len(instant) < 17 and id_call):
        raise wrong_parameter("before", before, "what an earlier answer's `next` holds")
    return metric, window, int(limit), (int(instant), id_call)


queue_calls = guarded(_queue_calls, needs="calls")


@open_to_all
async def description(_request: HttpRequest) -> HttpResponse:
    """GET /api/v1/openapi.json"""
    return as_json(DESCRIPTION)


@open_to_all
async def nothing(request: HttpRequest, rest: str) -> HttpResponse:
    """Every other address under /api."""
    raise Problem(404, "There is nothing here; /api/v1/openapi.json lists what there is.")
