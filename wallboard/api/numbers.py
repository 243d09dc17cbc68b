"""GET /api/v1/numbers/<scope>/<metric> and /api/v1/queues/<id>/calls: the records behind a number, and what counting them again gives."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest

from stats.domain import receipts as r
from stats.domain.periods import WINDOWS
from stats.domain.sums import seconds
from wallboard.api.counting import filled
from wallboard.api.door import guarded
from wallboard.api.number_receipt import receipt_of
from wallboard.api.problems import Problem, wrong_parameter
from wallboard.api.receipt_shape import PAGE, PARTS, Line, NoSuchNumber, Receipt, Wish
from wallboard.api.span_receipt import receipt_of_span
from wallboard.api.spans import AskedTime, WrongSpan, is_asked, read_time
from wallboard.boards.freshness import AGENTS, CALLS, PRESENCE, standing_for
from wallboard.push import live
from wallboard.push.admission import Pass

LONGEST_PAGE = 1000
WINDOW_NAMES = ("today", *WINDOWS)
# What the receipt of a queue has always been asked for by; the others are at /api/v1/numbers.
QUEUE_METRICS = (
    *("offered", "waiting", "answered", "answered_in_target", "abandoned", "abandoned_in_target", "short_abandoned"),
    *("overflowed", "voicemail", "callbacks"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One record. Instants epoch ms, durations seconds; what a kind of record does not have is null."""

    id_call: str | None
    source: str
    at: int
    ended_at: int | None
    queue_key: str | None
    agent_key: str | None
    number: str | None
    outcome: str
    wait: float | None
    talk: float | None
    hold: float | None
    ring: float | None
    lasted: float | None
    transferred: bool
    times: int | None
    counted: bool


async def _number(request: HttpRequest, entry: Pass, scope: str, metric: str) -> object:
    """The receipt as a document."""
    part = request.GET.get("part", PARTS[0])
    if part not in PARTS:
        raise wrong_parameter("part", part, list(PARTS))
    wish = Wish(
        scope=scope, metric=metric, window=request.GET.get("window", ""), part=part, limit=limit_of(request), after=after_of(request)
    )
    if scope.startswith("agent:") and not entry.viewer.may("agents"):
        raise Problem(403, "This token's scopes do not cover agents (live).")
    told = await _receipt(entry, wish, await _time(request, entry))
    return document(told, request, may_see_numbers=entry.viewer.may("numbers"))


async def _queue_calls(request: HttpRequest, entry: Pass, key: str) -> object:
    """The visits behind a queue's number, newest first."""
    metric, window = request.GET.get("metric", "offered"), request.GET.get("window", "today")
    if metric not in QUEUE_METRICS:
        raise wrong_parameter("metric", metric, list(QUEUE_METRICS))
    if window not in WINDOW_NAMES:
        raise wrong_parameter("window", window, list(WINDOW_NAMES))
    limit, after, asked = limit_of(request), after_of(request), await _time(request, entry)
    facts = (await live.organisation(entry.organisation)).mirror.facts
    if key in facts.queues and not entry.viewer.sees_queue(key):
        raise Problem(404, no_such_queue(key))
    # The present knows no window: whoever waits counts, whenever the call came in.
    wish = Wish(scope=f"queue:{key}", metric=metric, window="now" if metric == "waiting" else window, limit=limit, after=after)
    told = await _receipt(entry, wish, asked)
    items = [
        {"id_call": row.id_call, "entered_at": row.at, "wait": _seconds(row.wait), "outcome": outcome_of(row)}
        for row in (line.row for line in told.lines)
    ]
    named = {} if asked is not None else {"window": window}
    return {"items": items, "next": _next(request, told, metric=metric, **named, limit=str(limit))}


async def _time(request: HttpRequest, entry: Pass) -> AskedTime | None:
    """The span that is asked for instead of a window; None where none is."""
    if not is_asked(request.GET):
        return None
    if "window" in request.GET:
        raise wrong_parameter("window", request.GET["window"], "left out where from and to are given")
    try:
        return read_time(request.GET, (await (await live.organisation(entry.organisation)).current()).timezone)
    except WrongSpan as why:
        raise wrong_parameter(why.parameter, why.given, why.allowed) from None


def no_such_queue(key: str) -> str:
    """What a 404 says."""
    return f"There is no queue {key[:80]!r}; /api/v1/live lists them, by id or key."


async def _receipt(entry: Pass, wish: Wish, asked: AskedTime | None) -> Receipt:
    organisation = await live.organisation(entry.organisation)
    try:
        if asked is not None:
            return await receipt_of_span(organisation, entry.viewer, wish, asked)
        return await receipt_of(organisation, entry.viewer, wish)
    except NoSuchNumber as why:
        if why.parameter:
            raise wrong_parameter(why.parameter, wish.window, list(why.allowed)) from None
        raise Problem(404, str(why)) from None


def limit_of(request: HttpRequest) -> int:
    """Rows a page; raises Problem."""
    limit = request.GET.get("limit", str(PAGE))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 6 and 1 <= int(limit) <= LONGEST_PAGE):
        raise wrong_parameter("limit", limit, f"a whole number from 1 to {LONGEST_PAGE}")
    return int(limit)


def after_of(request: HttpRequest) -> tuple[int, str, int, str] | None:
    """Where the page before ended; raises Problem."""
    before = request.GET.get("before")
    if before is None:
        return None
    at, number, source, id_call = (before.split("~", 3) + [""] * 4)[:4]
    if not all(each.isascii() and each.isdigit() and len(each) < 17 for each in (at, number)):
        raise wrong_parameter("before", before, "what an earlier answer's `next` holds")
    return int(at), id_call, int(number), source


def cursor(place: tuple[int, str, int, str]) -> str:
    """A place in a list as it travels."""
    at, id_call, number, source = place
    return f"{at}~{number}~{source}~{id_call}"


def document(told: Receipt, request: HttpRequest, *, may_see_numbers: bool) -> dict[str, object]:
    """A receipt as programs read it."""
    meant, values = told.definition, told.snapshot.values
    feed = {"presence": PRESENCE, "agents": AGENTS}.get(meant.kind, CALLS)
    standing = standing_for(values, told.source, feed, told.as_of)
    return {
        "scope": told.wish.scope,
        "metric": told.wish.metric,
        "window": told.window,
        "first": told.first,
        "end": told.end,
        "as_of": told.as_of,
        "version": told.snapshot.version,
        "epoch": told.snapshot.epoch,
        "freshness": {"level": standing.level, "reason": standing.reason, "alive_at": standing.alive_at},
        "kind": meant.kind,
        "unit": meant.unit,
        "value": told.value,
        "recounted": told.recounted,
        "agrees": told.agrees,
        "uncounted": told.uncounted,
        "formula": meant.formula or None,
        "filled": filled(meant, told.figures, lambda _name, figure: f"{figure:g}") or None,
        "total": told.total,
        "counted": told.counted,
        "excluded": told.left_out,
        "items": [_item(line, told, may_see_numbers) for line in told.lines],
        "next": _next(
            request, told, **({} if told.asked is not None else {"window": told.window}), part=told.wish.part, limit=str(told.wish.limit)
        ),
    }


def _next(request: HttpRequest, told: Receipt, **wishes: str) -> str | None:
    if told.next is None:
        return None
    span = told.asked.pairs if told.asked is not None else []
    return request.build_absolute_uri(f"{request.path}?{urlencode([*span, *wishes.items(), ('before', cursor(told.next))])}")


def _item(line: Line, told: Receipt, may_see_numbers: bool) -> Item:
    row, kind = line.row, told.definition.kind
    of_agent = kind in ("offer", "agents", "presence") or told.definition.id == "talking"
    queue = row.queue if of_agent else row.key
    return Item(
        id_call=(row.id_call or None) if line.named else None,
        source=row.source,
        at=row.at,
        ended_at=row.ended_at,
        queue_key=(queue or None) if line.named else None,
        agent_key=row.key if of_agent else None,
        number=(row.caller or None) if may_see_numbers else None,
        outcome=outcome_of(row),
        wait=_seconds(row.wait),
        talk=_seconds(row.talk) if kind != "presence" else None,
        hold=_seconds(row.hold),
        ring=_seconds(row.ring),
        lasted=_seconds(row.talk) if kind == "presence" else None,
        transferred=row.transferred,
        times=row.number if kind == "caller" else None,
        counted=line.counted,
    )


def outcome_of(row: r.Row) -> str:
    """What became of it, in METRICS' words."""
    return "short_abandoned" if row.klass in r.SHORT else row.outcome


def _seconds(ms: int | None) -> float | None:
    return seconds(ms) if ms is not None else None


number = guarded(_number, needs="calls")
queue_calls = guarded(_queue_calls, needs="calls")
