"""One queue, `/queues/<key>/`: who waits and who talks, its agents and why they are as they are, its day by quarters, and what it promises.

Rules that hold here: a queue out of sight is not there; every number is the one that travels to boards and the API, and leads to the calls
behind it; what is read of the day's calls is bounded by the queue and the day; only who has the ability changes what is promised.
"""

import asyncio
from collections.abc import Mapping
from datetime import date

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import formats
from django.utils.translation import gettext as _

from stats.domain.facts import PartyFacts
from stats.domain.lacking import DERIVED, LACKS, is_lacking, is_read, unheard_until
from stats.domain.receipts import SHORT, Row
from wallboard.boards import figures
from wallboard.boards.figure import reason_of
from wallboard.boards.freshness import AGENTS, CALLS, Standing, standing_for
from wallboard.pages.frame import Forbidden, NotThere, Visit, draw, for_people
from wallboard.pages.live_page import live_root, place_of, until_words
from wallboard.pages.queue import chart, day, flows, lane, levels, numbers, people, targets
from wallboard.pages.words import OUTCOMES, clock_time, iso, length

Told = Mapping[str, object]


def _found(visit: Visit, key: str) -> tuple[Told, PartyFacts]:
    told, party = visit.snapshot.values.get(f"queue:{key}"), visit.facts.queues.get(key)
    if told is None or party is None:
        raise NotThere(_("There is no such queue, or it is none of yours."))
    return told, party


async def queue(visit: Visit, key: str) -> HttpResponse:
    """GET /queues/<key>/?window=today|15m|30m|60m"""
    return await _drawn(visit, key, *_found(visit, key))


async def change_targets(visit: Visit, key: str) -> HttpResponse:
    """POST /queues/<key>/targets/"""
    told, party = _found(visit, key)
    if not visit.may("targets"):
        raise Forbidden(_("What a queue promises is changed by supervisors. Ask one of them."))
    if visit.request.method != "POST":
        return HttpResponseRedirect(reverse("queue", args=[key]) + "#promise")
    wrong = await targets.change(visit, key, {name: visit.request.POST.get(name, "") for name in targets.FIELDS})
    if wrong is None:
        return HttpResponseRedirect(reverse("queue", args=[key]) + "?saved#promise")
    return await _drawn(visit, key, told, party, form=wrong)


async def _drawn(visit: Visit, key: str, told: Told, party: PartyFacts, form: targets.TargetsForm | None = None) -> HttpResponse:
    scope, place, values = f"queue:{key}", place_of(visit), visit.snapshot.values
    source = party.source
    standing = standing_for(values, source, CALLS, visit.now)
    window = visit.request.GET.get("window", "today")
    window = window if window in dict(numbers.WINDOWS) else "today"
    limits = visit.facts.rules.of(key)
    # Beside each other: a store that hangs is waited for once, and not once for each.
    today, ghost, (talks, more_talks), waiting = await asyncio.gather(
        day.today(visit, party),
        day.week_ago(visit, party),
        lane.talks_of(visit, party, standing, place),
        lane.lane_of(visit, party, standing, place),
    )
    columns = chart.columns_of(today, ghost, visit.now, _heard_to(told, standing, visit.now), visit.timezone)
    if form is None and visit.may("targets"):
        form = await targets.form_of(visit, key)
    notes = {
        "longest_wait": numbers.limits_in_words(_number(told.get("target_s"))),
        "service_level": _week_before(columns, visit, key, ghost),
    }
    drawing = chart.chart_of(chart.shown_of(columns), limits, visit.now, visit.timezone)
    return draw(
        visit,
        "queue.html",
        "overview",
        status=400 if form is not None and form.faults else 503 if form is not None and form.away and form.given else 200,
        live=live_root(visit, scope),
        key=key,
        scope=scope,
        source=source,
        name=flows.name_of(told, key),
        target=length(_number(told.get("target_s"))),
        share=figures.percent(told.get("share")),
        standing=standing,
        derived=told.get(DERIVED) is True,
        lacks_from=source if told.get(LACKS) else "",
        unheard_until=until_words(visit, unheard_until(values, scope, "offered"), source),
        no_logins=is_lacking(values, scope, "agents_logged_in"),
        no_moves=is_lacking(values, scope, "overflowed"),
        known=is_read(told),
        reason=reason_of(standing, place),
        agents_standing=standing_for(values, source, AGENTS, visit.now),
        window=window,
        windows=[{"id": each, "label": str(label)} for each, label in numbers.WINDOWS],
        tiles=numbers.tiles_of(values, scope, source, window, place, notes),
        # What the browser keeps true by itself is not drawn for it again.
        lines=[] if "X-Parts" in visit.request.headers else numbers.lines_of(values, scope, source, place),
        lane=waiting,
        talks=talks,
        more_talks=more_talks,
        people=people.people_of(visit, party, place),
        chart=drawing,
        today=today,
        unplaced=_unplaced(told, today, drawing),
        ghost=ghost,
        ghost_day=_weekday(ghost.day),
        ghost_from=clock_time(ghost.known_from, visit.timezone, seconds=False)
        if ghost.known_from is not None and ghost.known_from > ghost.first
        else "",
        flows=flows.flows_of(today, values, key),
        levels=levels.levels_of(told, scope, place.language),
        latest=[_call(row, visit.timezone) for row in today.latest],
        form=form,
        saved="saved" in visit.request.GET,
        undo_at=clock_time(form.undo.at_ms, visit.timezone, seconds=False) if form is not None and form.undo is not None else "",
    )


def _number(value: object) -> float | None:
    return figures.number(value)


def _heard_to(told: Told, standing: Standing, now: int) -> int:
    """Up to which instant the day is known: now, or when the feed was last heard of; nothing of it before it was read once."""
    if not is_read(told):
        return 0
    return now if standing.ticks or standing.alive_at is None else standing.alive_at


def _unplaced(told: Told, today: day.DayTold, drawing: chart.Chart) -> int:
    """How many of today's visits the drawing lacks; while it is given again it may be a little behind."""
    offered = told.get("offered")
    if today.away or not isinstance(offered, int) or today.known_from is None:
        return 0
    lacking = offered - drawing.counted
    return lacking if lacking > 0 and not today.whole else 0


def _weekday(written: str) -> str:
    return formats.date_format(date.fromisoformat(written), "l j F")


def _week_before(columns: list[chart.Column], visit: Visit, key: str, ghost: day.DayTold) -> str:
    """`82 % last Saturday until 14:15`: at this time of the same weekday last week."""
    ratio, until = chart.level_so_far(columns, visit.facts.rules.of(key), ghost=True)
    if ghost.known_from is None or ratio is None or until is None:
        return _("last week: not known")
    weekday = formats.date_format(date.fromisoformat(ghost.day), "l")
    known = {"level": figures.percent(ratio), "day": weekday, "time": clock_time(until, visit.timezone, seconds=False)}
    return _("%(level)s %% last %(day)s until %(time)s") % known


def _call(row: Row, timezone: str) -> dict[str, str]:
    outcome = "short_abandoned" if row.klass in SHORT else row.outcome
    return {
        "id_call": row.id_call,
        "at": clock_time(row.at, timezone),
        "at_iso": iso(row.at, timezone),
        "wait": length(None if row.wait is None else row.wait / 1000),
        "outcome": outcome,
        "words": str(OUTCOMES.get(outcome, outcome)),
    }


page = for_people(queue)
targets_page = for_people(change_targets)
urls = [
    path("queues/<path:key>/targets/", targets_page, name="queue-targets"),
    path("queues/<path:key>/", page, name="queue"),
]
