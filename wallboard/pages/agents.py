"""One agent, `/agents/<key>/`: what they do now, their day on one axis, what it adds up to, and every ring.

Rules that hold here: who may not see agents sees none, and an agent out of sight is not there; whoever opens the page is written down; the
name is the one the viewer may see, and so are the queues.
"""

from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext as _

from stats.domain.lacking import LACKS, is_lacking, unheard_until
from stats.domain.periods import business_day
from wallboard.pages.agent.axis import ZOOMS, axis_of
from wallboard.pages.agent.day import AgentDay, read
from wallboard.pages.agent.drawing import groups_of, rows_of
from wallboard.pages.agent.header import gaps_of, header_of
from wallboard.pages.agent.lanes import chart_of, legend_of
from wallboard.pages.agent.rings import rings_of
from wallboard.pages.agent.totals import kept_groups, live_groups, profiles_of
from wallboard.pages.agent.words import LANES
from wallboard.pages.agent.words import ZOOMS as ZOOM_WORDS
from wallboard.pages.frame import NotThere, Visit, draw, for_people
from wallboard.pages.live_page import live_root, place_of, until_words


async def agent(visit: Visit, key: str) -> HttpResponse:
    """GET /agents/<key>/"""
    scope, values, facts = f"agent:{key}", visit.snapshot.values, visit.facts
    told, party = values.get(scope), facts.agents.get(key)
    if told is None or party is None:
        raise NotThere(_("There is no such agent, or none of your queues is theirs."))
    await visit.note_look("agent.opened", "agent", key)
    day, place, source = await read(visit, party), place_of(visit), facts.sources.get(party.source)
    zoom = _zoom(visit, day)
    names = {each.removeprefix("queue:"): line.get("name") for each, line in values.items() if each.startswith("queue:")}

    def queue_name(queue: str) -> str:
        name = names.get(queue)
        return name.strip() if isinstance(name, str) and name.strip() else f"#{queue}" if queue in names else _("another queue")

    chart = chart_of(day, axis_of(zoom, day.first, day.end, day.until, _busy(day), visit.timezone), queue_name)
    rings = await rings_of(visit, day, queue_name)
    return draw(
        visit,
        "agent.html",
        "agents",
        live=live_root(visit, scope),
        key=key,
        day=day,
        head=header_of(told, key, values, day, source, place),
        lacks_from=party.source if told.get(LACKS) else "",
        unheard_until=until_words(visit, unheard_until(values, scope, "offers"), party.source) if day.is_today else None,
        no_logins=is_lacking(values, scope, "time_logged_in"),
        chart=chart,
        groups_of_pieces=groups_of(chart.pieces),
        rows_of_pieces=rows_of(chart.table, LANES),
        legend=legend_of(chart).items(),
        zooms=[
            {"id": each, "label": str(ZOOM_WORDS[each]), "address": _address(day, each)} for each in ZOOMS if each != "hour" or day.is_today
        ],
        zoom=zoom,
        days=_days(day, zoom, visit.timezone),
        groups=live_groups(scope, values, place, party.source) if day.is_today else kept_groups(day, place),
        profiles=profiles_of(day),
        gaps=gaps_of(day, source, place),
        rings=rings,
        newer=_address(day, zoom, page=rings.before) if rings.before else "",
        older=_address(day, zoom, page=rings.after) if rings.after else "",
    )


def _zoom(visit: Visit, day: AgentDay) -> str:
    wanted = visit.request.GET.get("zoom", ZOOMS[0])
    return wanted if wanted in ZOOMS and (wanted != "hour" or day.is_today) else ZOOMS[0]


def _busy(day: AgentDay) -> list[tuple[int, int]]:
    """When there was anything of the agent but being off."""
    spans = [(each.start, each.end) for each in day.watched.presence if each.state != "off"]
    spans += [(each.start, each.end) for each in day.slots if each.available is not False]
    return spans + [(each.began_at, each.end(day.until)) for each in day.rungs]


def _address(day: AgentDay, zoom: str, to: str | None = None, page: int = 1) -> str:
    """The query that shows a day in a zoom; whatever is as usual is left out."""
    wanted = day.day if to is None else to
    wishes = {"day": "" if wanted == day.today else wanted, "zoom": "" if zoom == ZOOMS[0] else zoom, "page": page if page > 1 else ""}
    return "?" + urlencode({name: value for name, value in wishes.items() if value})


def _days(day: AgentDay, zoom: str, timezone: str) -> dict[str, str]:
    """The way to the days beside this one, as far as anything is kept."""
    shown = date.fromisoformat(day.day)
    oldest = business_day(day.recorded_from, timezone) if day.recorded_from is not None else day.day
    zoom = ZOOMS[0] if zoom == "hour" else zoom
    return {
        "before": _address(day, zoom, (shown - timedelta(days=1)).isoformat()) if day.day > oldest else "",
        "after": _address(day, zoom, (shown + timedelta(days=1)).isoformat()) if day.day < day.today else "",
        "today": "" if day.is_today else _address(day, zoom, day.today),
        "oldest": min(oldest, day.day),
    }


page = for_people(agent, needs="agents")
urls = [path("agents/<path:key>/", page, name="agent")]
