"""One queue: today's and the last hour's numbers side by side, every variant of its service level, and its latest calls."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wallboard.api import receipt
from wallboard.api.views import receipt_rows
from wallboard.boards.figures import DASH, count, fine_percent, percent
from wallboard.boards.freshness import CALLS, standing_for
from wallboard.boards.wording import LEVEL_WORDS
from wallboard.pages.frame import NotThere, Visit, draw, for_people
from wallboard.pages.words import OUTCOMES, clock_time, iso, length

LATEST = 50
WINDOWS = (
    ("today", gettext_lazy("Today")),
    ("60m", gettext_lazy("60 min")),
    ("30m", gettext_lazy("30 min")),
    ("15m", gettext_lazy("15 min")),
)
# Metric, how it is written, what people call it, and whether its calls can be listed.
LINES = (
    ("offered", "count", gettext_lazy("Offered")),
    ("answered", "count", gettext_lazy("Answered")),
    ("answered_in_target", "count", gettext_lazy("Answered in target")),
    ("abandoned", "count", gettext_lazy("Abandoned")),
    ("short_abandoned", "count", gettext_lazy("Abandoned at once")),
    ("overflowed", "count", gettext_lazy("Overflowed")),
    ("voicemail", "count", gettext_lazy("Voicemail")),
    ("callbacks", "count", gettext_lazy("Callbacks ordered")),
    ("service_level", "percent", gettext_lazy("Service level")),
    ("abandon_rate", "percent1", gettext_lazy("Abandoned share")),
    ("answer_rate", "percent", gettext_lazy("Answered share")),
    ("asa", "length", gettext_lazy("Average answer time")),
    ("wait_p50", "length", gettext_lazy("Half answered within")),
    ("wait_p90", "length", gettext_lazy("Nine of ten answered within")),
    ("longest_wait_window", "length", gettext_lazy("Longest wait")),
    ("aht", "length", gettext_lazy("Average handling time")),
)
VARIANTS = {
    "short_excluded": gettext_lazy("Answered in target, of answered and abandoned (those who hung up at once left out)"),
    "all_abandons_miss": gettext_lazy("Every abandoned call counts as missed"),
    "early_abandons_met": gettext_lazy("Abandoned within target counts as met"),
    "early_abandons_excluded": gettext_lazy("Abandoned within target is left out"),
    "answered_only": gettext_lazy("Of answered calls alone"),
    "short_met": gettext_lazy("Hung up at once counts as met"),
}
METRICS = {name: label for name, kind, label in LINES if name in receipt.METRICS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One metric over the windows."""

    metric: str
    label: str
    texts: list[str]
    listed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLine:
    """One of the latest visits."""

    id_call: str
    at: str
    at_iso: str
    wait: str
    outcome: str
    words: str


async def queue(visit: Visit, key: str) -> HttpResponse:
    """GET /queues/<key>/"""
    told = visit.snapshot.values.get(f"queue:{key}")
    if told is None:
        raise NotThere(_("There is no such queue."))
    language = str(getattr(visit.request, "LANGUAGE_CODE", "en"))
    metric = visit.request.GET.get("metric", "offered")
    metric = metric if metric in METRICS else "offered"
    found = await receipt_rows(visit.organisation.slug, visit.organisation, key, metric, "today", visit.now)
    standing = standing_for(visit.snapshot.values, told.get("source"), CALLS, visit.now)
    levels = told.get("service_levels")
    return draw(
        visit,
        "queue.html",
        "overview",
        key=key,
        name=told.get("name") or f"#{key}",
        target=length(_seconds(told.get("target_s"))),
        share=percent(told.get("share")),
        variant=str(told.get("variant")),
        level=standing.level,
        level_word=str(LEVEL_WORDS[standing.level]),
        windows=[str(label) for _window, label in WINDOWS],
        lines=[_line(told, name, kind, str(label), language) for name, kind, label in LINES],
        variants=[
            {"id": name, "label": str(label), "text": _text(levels.get(name) if isinstance(levels, dict) else None, "percent1", language)}
            for name, label in VARIANTS.items()
        ],
        metric=metric,
        metrics=[{"id": name, "label": str(label)} for name, label in METRICS.items()],
        total=len(found),
        calls=[_call(row, visit.timezone) for row in found[:LATEST]],
    )


def _line(told: dict[str, object], metric: str, kind: str, label: str, language: str) -> Line:
    names = [metric if window == "today" else f"{window}.{metric}" for window, _label in WINDOWS]
    return Line(metric=metric, label=label, texts=[_text(told.get(name), kind, language) for name in names], listed=metric in METRICS)


def _text(value: object, kind: str, language: str) -> str:
    match kind:
        case "percent" | "percent1":
            text = percent(value) if kind == "percent" else fine_percent(value, language)
            return text if text == DASH else f"{text} %"
        case "length":
            return length(_seconds(value))
        case _:
            return count(value)


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _call(row: receipt.Row, timezone: str) -> CallLine:
    return CallLine(
        id_call=row.id_call,
        at=clock_time(row.entered_at, timezone),
        at_iso=iso(row.entered_at, timezone),
        wait=length(row.wait),
        outcome=row.outcome,
        words=str(OUTCOMES.get(row.outcome, row.outcome)),
    )


page = for_people(queue)
