"""The first page: one sentence of how it is, the site's figures, the queues with the most urgent first, and what calls for attention.

Rules that hold here: the page is complete as the server draws it; static/app/overview.js keeps the same order and the same words, and asks
for the page anew only once a minute or when a queue comes or goes; every number leads to the calls behind it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.http import HttpResponse
from django.utils.translation import gettext_lazy, pgettext_lazy

from stats.domain.facts import Facts
from stats.domain.lacking import DERIVED, is_lacking
from stats.domain.periods import minute_of
from wallboard.boards import figures, gaps
from wallboard.boards.board import PANEL_STATES
from wallboard.boards.figure import Place
from wallboard.boards.freshness import AGENTS, CALLS, Standing, Values, standing_for
from wallboard.boards.wording import CAUSES, STATE_WORDS, filled
from wallboard.pages.addresses import receipt_address
from wallboard.pages.cells import Cell, cell
from wallboard.pages.frame import Visit, draw, for_people
from wallboard.pages.live_page import live_root, place_of, unheard_today, without_words
from wallboard.pages.urgency import ALARMING, Alarm, alarms, urgency, worst_of

VIEWS = ("cards", "table")
TOP = (
    ("waiting", CALLS, gettext_lazy("Waiting")),
    ("longest_wait", CALLS, gettext_lazy("Longest wait")),
    ("service_level", CALLS, gettext_lazy("Service level today")),
    ("abandoned", CALLS, gettext_lazy("Abandoned today")),
    ("calls_in", CALLS, gettext_lazy("Calls in today")),
    ("asa", CALLS, gettext_lazy("Average answer")),
)
# `deep` columns are for the table alone: a card tells what has to be known at a glance.
COLUMNS = (
    ("waiting", CALLS, gettext_lazy("Waiting")),
    ("longest_wait", CALLS, gettext_lazy("Longest")),
    ("service_level", CALLS, gettext_lazy("Level")),
    ("agents_ready", AGENTS, gettext_lazy("Ready")),
    ("agents_talking", AGENTS, pgettext_lazy("agents", "Talking")),
    ("abandoned", CALLS, gettext_lazy("Abandoned")),
    ("offered", CALLS, gettext_lazy("Offered")),
    ("answered", CALLS, gettext_lazy("Answered")),
    ("asa", CALLS, gettext_lazy("Answer time")),
)
DEEP = frozenset({"offered", "answered", "asa"})
SPARK_MINUTES, SPARK_STEP, SPARK_HEIGHT = 60, 5, 20
# The sentence, in the parts the browser puts together as well (static/app/sentence.js).
SENTENCE = {
    "nobody": gettext_lazy("Nobody is waiting."),
    "untold": gettext_lazy("Who is waiting cannot be told."),
    "one": gettext_lazy("One caller has waited {time} in {queue}."),
    "many": gettext_lazy("{n} callers are waiting, the longest for {time} in {queue}."),
    "many_queues": gettext_lazy("{n} callers are waiting in {queues} queues, the longest for {time} in {queue}."),
    "ready": gettext_lazy("Agents ready: {ready} of {n}."),
    "ready_nobody": gettext_lazy("No agent is logged in."),
    "then": gettext_lazy("As of {time}: {said}"),
    "empty": gettext_lazy("no calls yet"),
    "nobody_waits": gettext_lazy("nobody waits"),
}
# Of the list of what calls for attention, the title, the spoken summary and the pause (static/app/attention.js, overview.js).
SAYINGS = {
    "calm": gettext_lazy("Nothing calls for attention."),
    "unjudged": gettext_lazy("Nothing can be judged while the numbers are old or missing."),
    "more": gettext_lazy("and {n} more"),
    "waiting": gettext_lazy("{n} waiting"),
    "of_queue": gettext_lazy("{queue}: {metric}, {severity}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """One queue. `promise` is the share of calls it promises to answer in time; `spark` the points of its last hour's offered calls.

    `derived`: the vendor has no such queue.
    """

    key: str
    name: str
    scope: str
    severity: str
    promise: str
    cells: list[tuple[Cell, bool]]
    spark: str
    derived: bool = False
    source: str = ""  # named where another source has a queue of the same name


async def overview(visit: Visit) -> HttpResponse:
    """GET /?view=cards|table"""
    # Two thousand agents are counted in the site's figures; none of them is looked at one by one.
    values = {scope: told for scope, told in visit.snapshot.values.items() if not scope.startswith("agent:")}
    place = place_of(visit)
    words = {f"sentence.{name}": text for name, text in SENTENCE.items()}
    words |= {f"overview.{name}": text for name, text in SAYINGS.items()} | {f"metric.{name}": text for name, text in ALARMING.items()}
    found = alarms(values, place)
    wished = visit.request.GET.get("view", "")
    return draw(
        visit,
        "overview.html",
        "overview",
        live=live_root(visit, "overview", words),
        unheard_until=unheard_today(visit),
        without=without_words(visit, (*gaps.CALLS, *gaps.AGENTS)),
        sentence=sentence_of(values, place),
        top=[_cell(values, "site", metric, feed, str(label), None, place) for metric, feed, label in TOP],
        states=[
            {"state": state, "cell": _cell(values, "site", f"agents_{state}", AGENTS, str(STATE_WORDS[state]), None, place)}
            for state in PANEL_STATES
        ],
        columns=[{"label": str(label), "deep": metric in DEEP} for metric, _feed, label in COLUMNS],
        queues=queue_lines(values, place, visit.facts),
        alarms=found[: Alarm.MOST],
        more=filled(SAYINGS["more"], n=len(found) - Alarm.MOST) if len(found) > Alarm.MOST else "",
        calm=str(SAYINGS["calm" if standing_for(values, None, CALLS, visit.now).ticks else "unjudged"]),
        view=wished if wished in VIEWS else VIEWS[0],
        wished=wished in VIEWS,
    )


def queue_lines(values: Values, place: Place, facts: Facts) -> list[QueueLine]:
    """Every queue in sight, most urgent first."""
    scopes = sorted((scope for scope in values if scope.startswith("queue:")), key=lambda scope: urgency(values, scope, place.now))
    lines = [_line(values, scope, place, facts) for scope in scopes]
    several = {name for name, number in Counter(line.name.casefold() for line in lines).items() if number > 1}
    return [line if line.name.casefold() in several else replace(line, source="") for line in lines]


def _line(values: Values, scope: str, place: Place, facts: Facts) -> QueueLine:
    told, key = values[scope], scope.split(":", 1)[1]
    source = told.get("source")
    named = source if isinstance(source, str) else None
    cells = [(_cell(values, scope, metric, feed, str(label), named, place), metric in DEEP) for metric, feed, label in COLUMNS]
    return QueueLine(
        key=key,
        name=name_of(told, key),
        scope=scope,
        severity=worst_of(values, scope, place.now),
        promise=figures.percent(told.get("share")),
        cells=cells,
        spark=spark_of(facts, key, place.now) if told.get("60m.offered") is not None else "",
        derived=told.get(DERIVED) is True,
        source=(named or "").capitalize(),
    )


def name_of(told: Mapping[str, object], key: str) -> str:
    """What a queue is called; its number where nobody named it."""
    name = told.get("name")
    return name.strip() if isinstance(name, str) and name.strip() else f"#{key}"


def spark_of(facts: Facts, key: str, now: int) -> str:
    """The queue's offered calls of the last hour, in steps of five minutes, as points of a line 60 wide and 20 high; "" for none at all."""
    newest, scope = minute_of(now), f"q:{key}"
    steps = []
    for first in range(newest - SPARK_MINUTES + 1, newest + 1, SPARK_STEP):
        minutes = (facts.minutes.get(minute) for minute in range(first, first + SPARK_STEP))
        steps.append(sum(cells[scope].get("offered", 0) for cells in minutes if cells and scope in cells))
    top = max(steps)
    if not top:
        return ""
    wide = SPARK_MINUTES / (len(steps) - 1)
    return " ".join(f"{at * wide:.1f},{SPARK_HEIGHT - 1 - many * (SPARK_HEIGHT - 2) / top:.1f}" for at, many in enumerate(steps))


def sentence_of(values: Values, place: Place) -> str:
    """How it is, for somebody who has two seconds; or how it was, and when."""
    site = values.get("site", {})
    standing = standing_for(values, None, CALLS, place.now)
    if standing.level == "unknown":
        return _cause(standing)
    if not isinstance(site.get("waiting"), int):
        return str(SENTENCE["untold"]) if is_lacking(values, "site", "waiting") else _cause(standing)
    if standing.ticks or standing.alive_at is None:
        return f"{_about_waiting(values, place.now)} {_about_agents(values, place.now)}".strip()
    then = f"{_about_waiting(values, standing.alive_at)} {_about_agents(values, place.now)}".strip()
    return filled(SENTENCE["then"], time=figures.wall_clock(standing.alive_at, place.timezone), said=then)


def _about_waiting(values: Values, now: int) -> str:
    queues = [told for scope, told in values.items() if scope.startswith("queue:") and told.get("waiting")]
    waiting = figures.number(values["site"].get("waiting")) or 0
    since = [(at, told) for told in queues if (at := figures.number(told.get("longest_wait_since"))) is not None]
    if not waiting or not since:
        return str(SENTENCE["nobody"])
    at, longest = min(since, key=lambda pair: pair[0])
    kind = "one" if waiting == 1 else "many" if len(queues) == 1 else "many_queues"
    name = longest.get("name")
    return filled(
        SENTENCE[kind], n=int(waiting), queues=len(queues), time=figures.since(at, now), queue=name if isinstance(name, str) else "?"
    )


def _about_agents(values: Values, now: int) -> str:
    site = values["site"]
    ready, logged_in = figures.number(site.get("agents_ready")), figures.number(site.get("agents_logged_in"))
    if ready is None or logged_in is None or standing_for(values, None, AGENTS, now).level == "unknown":
        return ""
    return filled(SENTENCE["ready"], ready=int(ready), n=int(logged_in)) if logged_in else str(SENTENCE["ready_nobody"])


def _cause(standing: Standing) -> str:
    return filled(
        CAUSES.get(standing.reason, CAUSES["connecting"]), source=(standing.source or "").capitalize(), time=None, who=standing.by
    )


def _cell(values: Values, scope: str, metric: str, feed: str, label: str, source: str | None, place: Place) -> Cell:
    empty = SENTENCE["nobody_waits"] if metric == "longest_wait" else SENTENCE["empty"]
    address = receipt_address(scope, metric, "today")
    return cell(values, scope, metric, feed, label, source, place, empty=str(empty), address=address, explain=metric)


page = for_people(overview)
