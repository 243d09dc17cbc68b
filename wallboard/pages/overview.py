"""The first page: one sentence of how it is, the site's figures, and the queues, all kept true by the boards' own socket."""

import json
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext_lazy

from wallboard.boards import figures
from wallboard.boards.board import PANEL_STATES, board_for
from wallboard.boards.figure import Figure, Place, figure, reason_of, word_of
from wallboard.boards.freshness import AGENTS, CALLS, Standing, Values, standing_for
from wallboard.boards.wording import CAUSES, LEVEL_WORDS, STATE_WORDS, filled, texts_for_browser
from wallboard.pages.frame import Visit, draw, for_people

# The socket of this board carries everything the page shows.
BOARD = "supervisor"
TOP = (
    ("waiting", CALLS, gettext_lazy("Waiting")),
    ("longest_wait", CALLS, gettext_lazy("Longest wait")),
    ("service_level", CALLS, gettext_lazy("Service level today")),
    ("abandoned", CALLS, gettext_lazy("Abandoned today")),
    ("calls_in", CALLS, gettext_lazy("Calls in today")),
    ("asa", CALLS, gettext_lazy("Average answer")),
)
COLUMNS = (
    ("waiting", CALLS, gettext_lazy("Waiting")),
    ("longest_wait", CALLS, gettext_lazy("Longest")),
    ("service_level", CALLS, gettext_lazy("Level")),
    ("offered", CALLS, gettext_lazy("Offered")),
    ("answered", CALLS, gettext_lazy("Answered")),
    ("abandoned", CALLS, gettext_lazy("Abandoned")),
    ("asa", CALLS, gettext_lazy("Answer time")),
    ("agents_ready", AGENTS, gettext_lazy("Ready")),
)
# The sentence, in the parts the browser puts together as well (static/app/sentence.js).
SENTENCE = {
    "nobody": gettext_lazy("Nobody is waiting."),
    "one": gettext_lazy("One caller has waited {time} in {queue}."),
    "many": gettext_lazy("{n} callers are waiting, the longest for {time} in {queue}."),
    "many_queues": gettext_lazy("{n} callers are waiting in {queues} queues, the longest for {time} in {queue}."),
    "ready": gettext_lazy("Agents ready: {ready} of {n}."),
    "ready_nobody": gettext_lazy("No agent is logged in."),
    "empty": gettext_lazy("no calls yet"),
    "nobody_waits": gettext_lazy("nobody waits"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A figure in its place. `reason` says why a dash stands there."""

    label: str
    figure: Figure
    word: str
    freshness: str
    feed: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """One queue of the table."""

    key: str
    name: str
    scope: str
    cells: list[Cell]


async def overview(visit: Visit) -> HttpResponse:
    """GET /"""
    values, snapshot = visit.snapshot.values, visit.snapshot
    board = board_for(BOARD, values, snapshot.language, snapshot.timezone)
    language = str(getattr(visit.request, "LANGUAGE_CODE", "en"))
    place = Place(now=visit.now, timezone=snapshot.timezone, language=language)
    overall = standing_for(values, None, CALLS, visit.now)
    queues = [
        QueueLine(
            key=line.key,
            name=line.name,
            scope=line.scope,
            cells=[_cell(values, line.scope, metric, feed, str(label), line.source, place) for metric, feed, label in COLUMNS],
        )
        for line in board.queues
    ]
    return draw(
        visit,
        "overview.html",
        "overview",
        board=board,
        sentence=sentence_of(values, visit.now),
        overall=overall,
        notice=_notice(overall, place),
        level_word=str(LEVEL_WORDS[overall.level]),
        top=[_cell(values, "site", metric, feed, str(label), None, place) for metric, feed, label in TOP],
        states=_states(values, place),
        columns=[str(label) for _metric, _feed, label in COLUMNS],
        queues=queues,
        texts=json.dumps({**texts_for_browser(), **{f"sentence.{name}": str(words) for name, words in SENTENCE.items()}}),
        clock=figures.wall_clock(visit.now, snapshot.timezone),
        language=language,
    )


def sentence_of(values: Values, now: int) -> str:
    """How it is, for somebody who has two seconds."""
    site = values.get("site", {})
    standing = standing_for(values, None, CALLS, now)
    if standing.level == "unknown" or not isinstance(site.get("waiting"), int):
        return _cause(standing)
    return f"{_about_waiting(values, now)} {_about_agents(values, now)}".strip()


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
    return filled(CAUSES.get(standing.reason, CAUSES["connecting"]), source=(standing.source or "").capitalize(), time=None)


def _notice(standing: Standing, place: Place) -> str:
    if standing.level == "live":
        return ""
    heard = None if standing.alive_at is None else figures.wall_clock(standing.alive_at, place.timezone)
    return filled(CAUSES.get(standing.reason, CAUSES["ok"]), source=(standing.source or "").capitalize(), time=heard)


def _cell(values: Values, scope: str, metric: str, feed: str, label: str, source: str | None, place: Place) -> Cell:
    standing = standing_for(values, source, feed, place.now)
    shown = figure(values, scope, metric, standing, place)
    empty = SENTENCE["nobody_waits"] if metric == "longest_wait" else SENTENCE["empty"]
    return Cell(
        label=label,
        figure=shown,
        word=word_of(shown.severity),
        freshness=standing.level,
        feed=feed,
        source=source or "",
        reason=reason_of(standing, place, empty=str(empty) if shown.is_none else ""),
    )


def _states(values: Values, place: Place) -> list[dict[str, object]]:
    return [
        {"state": state, "cell": _cell(values, "site", f"agents_{state}", AGENTS, str(STATE_WORDS[state]), None, place)}
        for state in PANEL_STATES
    ]


page = for_people(overview)
