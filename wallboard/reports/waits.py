"""How long callers waited, `/reports/waits/`: five-second bins, answered above and given up below, and the share answered within a time.

Rules that hold here:
- The share answered in target is of exact sums; bins are drawn and listed, and nothing is computed from them but the curve.
- Percentiles are of answered waits, from the histogram, right within four per cent; the last bin is open and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stats.domain.histogram import percentile
from stats.domain.metrics import QueueTargets
from stats.domain.report import BIN_MS, LAST_BIN, Kind, Line
from wallboard.boards import figures
from wallboard.pages.frame import Visit, for_people
from wallboard.reports import reading, words
from wallboard.reports.archive_begin import begin_words, begins
from wallboard.reports.asked import Asked
from wallboard.reports.frame import Drawn, report_page
from wallboard.reports.metric import promises_of

BIN_S = BIN_MS // 1000
# A drawing ends where nearly all waits are over, on a whole half minute; what is longer is in one bar.
SHOWN_SHARE, FEWEST_BINS, ROUND_BINS = 0.99, 12, 6
PERCENTILES = (50, 80, 95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bin [from_s, to_s) of the drawing; `to_s` None: it is open. Places and sizes in per cent of the drawing."""

    label: str
    answered: int
    abandoned: int
    within: str
    x: str
    width: str
    up: str
    down: str
    words: str


def bars_of(answered: Mapping[int, int], abandoned: Mapping[int, int], end: int) -> list[tuple[int, int, int]]:
    """(bin, answered, abandoned) of every bin below `end`, and of all from there on in one."""
    bins = [(each, answered.get(each, 0), abandoned.get(each, 0)) for each in range(end)]
    rest = [sum(count for each, count in side.items() if each >= end) for side in (answered, abandoned)]
    return [*bins, (end, rest[0], rest[1])]


def right_end(answered: Mapping[int, int], abandoned: Mapping[int, int], target_s: float) -> int:
    """The first bin that is drawn as one with all after it."""
    every = {each: answered.get(each, 0) + abandoned.get(each, 0) for each in {*answered, *abandoned}}
    whole, seen, end = sum(every.values()), 0, 0
    for each in sorted(every):
        seen += every[each]
        end = each + 1
        if seen >= whole * SHOWN_SHARE:
            break
    end = max(end, FEWEST_BINS, int(2 * target_s) // BIN_S)
    return min(LAST_BIN, -(-end // ROUND_BINS) * ROUND_BINS)


async def drawn(visit: Visit, asked: Asked) -> Drawn | HttpResponseBase:
    """What the tab shows."""
    organisation = visit.viewer.organisation
    kind: Kind = "queue" if len(asked.queues) == 1 else "site"
    span = asked.span(organisation, visit.timezone, visit.viewer)
    begin = await begins(organisation)
    report = await reading.read(organisation, span, kind, visit.viewer, along="key")
    line = report.whole()
    promises = await promises_of(visit, asked, report)
    target = next(iter(promises.values())) if len(promises) == 1 else None
    language, numbers = str(getattr(visit.request, "LANGUAGE_CODE", "en")), report.numbers(line)
    known = numbers.get("answered") is not None and numbers.get("abandoned") is not None
    return Drawn(
        template="reports/waits.html",
        report=report,
        context={
            "chart": _chart(line, target) if known and (line.answered_bins or line.abandoned_bins) else None,
            "unknown": not known,
            "told": _told(line, numbers, target, language),
            "percentiles": _percentiles(line),
            "several_promises": len(promises) > 1,
            "begins": begin_words(begin, span.bounds[0], visit.timezone),
            "unfiltered": asked.query(queues=(), agents=(), hours=None),
        },
    )


def _chart(line: Line, target: QueueTargets | None) -> dict[str, Any]:
    end = right_end(line.answered_bins, line.abandoned_bins, target.target_ms / 1000 if target is not None else 0)
    told = bars_of(line.answered_bins, line.abandoned_bins, end)
    most_up, most_down = (max(each[side] for each in told) for side in (1, 2))
    # One scale for both: above and below are as high as their calls are many.
    up_part = 1.0 if not most_down else max(0.15, min(0.85, most_up / (most_up + most_down)))
    unit = min(up_part / most_up if most_up else 1.0, (1 - up_part) / most_down if most_down else 1.0)
    whole = line.amounts.get("answered", 0) + line.amounts.get("abandoned", 0)
    bars, points, seen, each_width = [], [f"0 {_thousand(1.0)}"], 0, 1 / len(told)
    for number, (at, up, down) in enumerate(told):
        seen += up
        within = seen / whole if whole else None
        is_last = number == len(told) - 1
        label = _("%(from)s and longer") % {"from": _length(at)} if is_last else f"{_length(at)}{words.DASH}{_length(at + 1)}"
        share = f"{figures.percent(within)} %" if within is not None else words.DASH
        bars.append(
            Bar(
                label=label,
                answered=up,
                abandoned=down,
                within=share,
                x=f"{number * each_width:.3%}",
                width=f"{each_width * 0.86:.3%}",
                up=f"{up * unit:.3%}",
                down=f"{down * unit:.3%}",
                words=_bar_words(label, up, down, share),
            )
        )
        if within is not None and not is_last:
            points.append(f"{(number + 1) * each_width * 1000:.1f} {_thousand(1 - within)}")
    return {
        "bars": [(bar, f"{up_part - _share(bar.up):.3%}") for bar in bars],
        "zero": f"{up_part:.3%}",
        "up_height": f"{up_part:.3%}",
        "curve": "M" + "L".join(points) if whole else "",
        "target": _crosshair(line, target, len(told)) if target is not None and whole else None,
        "ticks": _ticks(end, each_width),
        "rows": _rows(bars),
    }


def _share(percent: str) -> float:
    return float(percent.removesuffix("%")) / 100


def _thousand(share: float) -> str:
    return f"{share * 1000:.1f}"


def _crosshair(line: Line, target: QueueTargets, bins: int) -> dict[str, str] | None:
    """Where the promise is, and where the exact share of sums is; None where it lies to the right of everything."""
    place = target.target_ms / BIN_MS / bins
    if place > 1:
        return None
    levels = line.amounts
    exact = levels.get("answered_in_target", 0) / (levels.get("answered", 0) + levels.get("abandoned", 0))
    return {"x": f"{place:.3%}", "promise_y": f"{1 - float(target.share):.3%}", "y": f"{1 - min(1.0, exact):.3%}"}


def _ticks(end: int, width: float) -> list[dict[str, str]]:
    step = next(each for each in (3, 6, 12, 24) if end / each <= 6)
    return [{"x": f"{each * width:.3%}", "text": _length(each)} for each in range(0, end + 1, step)]


def _length(bin_: int) -> str:
    return figures.whole_seconds(bin_ * BIN_S)


def _bar_words(label: str, up: int, down: int, share: str) -> str:
    known = {"time": label, "up": up, "down": down, "share": share}
    return _("%(time)s: %(up)d answered, %(down)d gave up; %(share)s answered by then") % known


def _rows(bars: Sequence[Bar]) -> list[Bar]:
    """The table leaves out the empty bins."""
    return [bar for bar in bars if bar.answered or bar.abandoned]


def _told(line: Line, numbers: Mapping[str, Any], target: QueueTargets | None, language: str) -> list[str]:
    """What is promised and what was kept, in sentences."""
    answered, abandoned = line.amounts.get("answered", 0), line.amounts.get("abandoned", 0)
    short = line.amounts.get("short_abandoned", 0)
    said = []
    if target is not None and answered + abandoned:
        exact = line.amounts.get("answered_in_target", 0) / (answered + abandoned)
        share, seconds = figures.percent(float(target.share)), f"{target.target_ms / 1000:g}"
        written = _tenths(exact, language)
        known = {"promise": f"{share}/{seconds}", "share": written, "seconds": seconds}
        said.append(_("%(promise)s: %(share)s %% within %(seconds)s s") % known)
        chosen = figures.number(numbers.get("service_level"))
        if chosen is not None and _tenths(chosen, language) != written:
            said.append(_("By the formula that was chosen the service level is %(share)s %%.") % {"share": _tenths(chosen, language)})
    counted = {"up": answered, "down": abandoned}
    said.append(_("%(up)d answered, %(down)d gave up.") % counted)
    if short:
        words_ = ngettext(
            "%(n)d hung up at once: drawn, and not counted in shares.", "%(n)d hung up at once: drawn, and not counted in shares.", short
        )
        said.append(words_ % {"n": short})
    return said


def _tenths(share: float, language: str) -> str:
    written = f"{round(share * 100, 1):.1f}".removesuffix(".0")
    return written if language.startswith("en") else written.replace(".", ",")


def _percentiles(line: Line) -> list[dict[str, str]]:
    """p50, p80 and p95 of answered waits."""
    waits = {int(name[1:]): count for name, count in line.amounts.items() if name[0] == "h" and name[1:].isdigit() and count > 0}
    found = []
    for share in PERCENTILES:
        told = percentile(waits, share / 100)
        found.append({"share": str(share), "time": figures.duration(None if told is None else told / 1000)})
    return found


async def waits(visit: Visit) -> HttpResponseBase:
    """GET /reports/waits/"""
    return await report_page(visit, "waits", drawn)


page = for_people(waits, needs="look")
