"""Tables of numbers: which columns, how a number is written and tinted, and how it stands beside what it is compared with.

Rules that hold here: a number is written as on the pages of now; empty is a dash, never a zero per cent; the tint says how large a number
is within its column and nothing else; what moved is said by an arrow and a number, never by a colour.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from stats.domain.definitions import DEFINITIONS
from wallboard.boards import figures
from wallboard.boards.figure import format_of
from wallboard.pages.definition_words import label_of
from wallboard.reports.asked import Unfit
from wallboard.reports.bar import Address

Numbers = Mapping[str, object]
STEPS = 7
# Columns as they are unless somebody chooses, and all there are to choose from.
QUEUE_COLUMNS = ("offered", "answered", "service_level", "abandoned", "abandon_rate", "asa", "longest_wait_window", "aht")
EVERY_QUEUE_COLUMN = (
    *("offered", "answered", "answered_in_target", "service_level", "abandoned", "abandoned_in_target", "short_abandoned"),
    *("abandon_rate", "answer_rate", "overflowed", "voicemail", "callbacks", "asa", "avg_abandon_wait", "wait_p50", "wait_p90"),
    *("longest_wait_window", "att", "avg_hold", "aht", "transfer_rate"),
)
SITE_COLUMNS = ("calls_in", "calls_answered", "true_abandoned", "ivr_abandoned", "calls_out", "calls_internal")
AGENT_COLUMNS = ("offers", "answered", "missed", "answer_rate", "talk_time", "aht", "time_logged_in", "time_away", "occupancy")
EVERY_AGENT_COLUMN = (
    *("offers", "answered", "missed", "withdrawn", "answer_rate", "outgoing", "talk_time", "hold_time", "ring_time", "aht"),
    *("time_logged_in", "time_ready", "time_ringing", "time_talking", "time_wrapup", "time_idle", "time_away", "occupancy"),
)
# Headings that are short where the whole name is not.
SHORT: Mapping[str, str | Promise] = {
    "asa": pgettext_lazy("column", "Average answer"),
    "aht": pgettext_lazy("column", "Average handling"),
    "att": pgettext_lazy("column", "Average talk"),
    "avg_abandon_wait": pgettext_lazy("column", "Gave up after"),
    "longest_wait_window": pgettext_lazy("column", "Longest wait"),
    "wait_p50": pgettext_lazy("column", "Half within"),
    "wait_p90": pgettext_lazy("column", "Nine of ten within"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One number of the table. `address` sorts by it where the table can be sorted, `sorted` is "ascending", "descending" or ""."""

    metric: str
    label: str
    whole: str
    address: str = ""
    sorted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row. `kind`: total, day, interval or key; `address` leads to the report of it alone; `note` stands under its label."""

    key: str
    label: str
    kind: str
    cells: Sequence[SafeString]
    address: str = ""
    note: str = ""


def columns_asked(params: QueryDict, every: Sequence[str], usual: Sequence[str]) -> tuple[str, ...]:
    """The columns an address asks for, in the order of the table. Raises Unfit."""
    wished = set(params.getlist("column")) - {""}
    if unknown := wished - set(every):
        words = _("“column” is one of %(allowed)s; there is no %(unknown)s.")
        raise Unfit("column", words % {"allowed": ", ".join(every), "unknown": ", ".join(sorted(unknown))[:100]})
    return tuple(each for each in every if each in wished) if wished else tuple(usual)


def own_columns(shown: Sequence[str], usual: Sequence[str]) -> list[tuple[str, str]]:
    """The columns as an address has them; nothing where they are the usual ones."""
    return [] if tuple(shown) == tuple(usual) else [("column", each) for each in shown]


def order_asked(params: QueryDict, every: Sequence[str], usual: str) -> str:
    """By what rows are sorted: "name" or a metric, with "-" before it from the largest down. Raises Unfit."""
    order = params.get("sort", "") or usual
    if order.removeprefix("-") not in ("name", *every):
        raise Unfit("sort", _("“sort” is name or the id of a column, with “-” before it for the largest first."))
    return order


def columns_of(metrics: Iterable[str], place: str, *, order: str = "", address: Address | None = None, usual: str = "") -> list[Column]:
    """Headings; with `order` and `address` each of them a link that sorts by it."""
    found = []
    for metric in metrics:
        whole = _("Name") if metric == "name" else str(label_of(place, metric))
        label = str(SHORT.get(metric, whole))
        by = order.removeprefix("-") == metric
        sorted_ = ("descending" if order.startswith("-") else "ascending") if by and address is not None else ""
        to = ""
        if address is not None:
            wished = metric if order == f"-{metric}" or (metric == "name" and order != "name") else f"-{metric}"
            rest = [pair for pair in address.own if pair[0] != "sort"]
            to = "?" + urlencode([*address.asked.pairs(), *rest, *([("sort", wished)] if wished != usual else [])])
        found.append(Column(metric=metric, label=label, whole=whole, address=to, sorted=sorted_))
    return found


def choice_of(every: Sequence[str], shown: Sequence[str], place: str, address: Address) -> dict[str, object]:
    """The chooser of columns: `app/reports/_columns.html`."""
    return {
        "options": [{"metric": each, "label": label_of(place, each), "chosen": each in shown} for each in every],
        "hidden": address.hidden("column"),
        "usual": "?" + urlencode(address.hidden("column")),
    }


def text_of(metric: str, value: object, language: str) -> str:
    """A number as it is written in a table: `41`, `82 %`, `1:07`."""
    kind = format_of(metric)
    if kind == "duration":
        return figures.duration(value)
    if kind in ("percent", "percent1"):
        written = figures.percent(value) if kind == "percent" else figures.fine_percent(value, language)
        return written if written == figures.DASH else f"{written} %"
    return figures.count(value)


def cell_of(
    metric: str,
    value: object,
    language: str,
    *,
    address: str = "",
    step: int = 0,
    now: object = None,
    was: object = None,
    compared: bool = False,
) -> SafeString:
    """A cell. `step` is its tint; where it is `compared`, `was` is the number of before, beside `now`: as much of the value as is over."""
    text = escape(text_of(metric, value, language))
    number = f'<a class="receipt" href="{escape(address)}" data-number="{metric}">{text}</a>' if address and value is not None else text
    if not address or value is None:
        number = f'<span data-number="{metric}">{text}</span>'
    moved = _moved(metric, value if now is None else now, was, language, part=now not in (None, value)) if compared else ""
    tint = f' data-heat="{step}"' if step else ""
    return SafeString(f"<td{tint}>{number}{moved}</td>")


def _moved(metric: str, now: object, was: object, language: str, *, part: bool) -> str:
    """`▲ 5 from 41`: how a number stands to that of before; with `part`, `▲ 5, from 41 to 46`, for what is compared is not all of it."""
    is_, then = figures.number(now), figures.number(was)
    if then is None:
        return "" if not is_ else _small(_("nothing before"))
    if is_ is None:
        return _small(_("from %(was)s") % {"was": text_of(metric, was, language)})
    if not is_ and not then:
        return ""
    by = abs(is_ - then)
    amount, points = _amount(metric, by, language)
    if amount == _amount(metric, 0, language)[0]:
        return _small(_("as before"))
    known = {"amount": points, "was": text_of(metric, was, language), "now": text_of(metric, now, language)}
    shown = _("from %(was)s to %(now)s") if part else _("from %(was)s")
    words = _("%(amount)s more, from %(was)s to %(now)s") if is_ > then else _("%(amount)s less, from %(was)s to %(now)s")
    arrow, way = ("▲", "up") if is_ > then else ("▼", "down")
    seen = f"<span>{arrow} {escape(amount)}</span> <span>{escape(shown % known)}</span>"
    return f'<small data-moved="{way}"><span aria-hidden="true">{seen}</span><span class="unseen">{escape(words % known)}</span></small>'


def _small(words: str) -> str:
    return f"<small>{escape(words)}</small>"


def _amount(metric: str, by: float, language: str) -> tuple[str, str]:
    """By how much a number moved, short and in full. A share moves by points, for a share of a share is nothing anybody asks for."""
    if format_of(metric) not in ("percent", "percent1"):
        return (text := text_of(metric, by, language)), text
    points = f"{round(by * 100, 1):g}"
    known = {"points": points if language.startswith("en") else points.replace(".", ",")}
    return pgettext("percentage points", "%(points)s pp") % known, _("%(points)s percentage points") % known


def steps_of(metric: str, rows: Iterable[Numbers]) -> list[int]:
    """The tints of one column: 1 to 7 by how large a number is beside the largest; 0 for none and for nothing."""
    values = [figures.number(row.get(metric)) for row in rows]
    most = max((value for value in values if value is not None), default=0)
    return [0 if not value or most <= 0 else max(1, min(STEPS, int(value / most * STEPS + 0.999999))) for value in values]


def is_of_site(metric: str) -> bool:
    """Whether a number is one of calls, which no queue has."""
    return f"site.{metric}" in DEFINITIONS
