"""What was listened to, `/reports/quality/`: hours of recordings at places like Voxjar, and how many by outcome, tag and agent.

Rules that hold here: who sees some queues sees the calls of those alone; single agents are for who may see agents, and the look is written
down; what is not known is a dash.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.http.response import HttpResponseBase
from django.utils import formats
from django.utils.translation import gettext as _

from stats.domain.periods import day_bounds
from stats.history.party_names import party_names
from stats.history.quality import Group, Quality, quality
from stats.models import Source
from wallboard.boards import figures
from wallboard.pages.frame import Visit, for_people
from wallboard.pages.words import OUTCOMES
from wallboard.push.admission import DatabaseAway
from wallboard.reports import words
from wallboard.reports.asked import Asked
from wallboard.reports.bar import names_of
from wallboard.reports.frame import Drawn, report_page
from wallboard.reports.reading import desk

SINKS = ("voxjar",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a table. `share`: of the calls of this table's first line, in per cent of the width."""

    name: str
    calls: str
    hours: str
    share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table."""

    name: str
    label: str
    heading: str
    lines: Sequence[Line]
    hint: str = ""


async def drawn(visit: Visit, asked: Asked) -> Drawn | HttpResponseBase:
    """What the tab shows."""
    organisation, may_agents = visit.viewer.organisation, visit.may("agents")
    first, end = day_bounds(asked.first, visit.timezone)[0], day_bounds(asked.last, visit.timezone)[1]
    seen = visit.viewer.queues
    # Of those asked for, what the viewer sees; nothing asked for is all of it.
    queues = asked.queues or seen if seen is None or not asked.queues else sorted(set(asked.queues) & set(seen))
    agents = asked.agents if may_agents else ()
    read = partial(quality, organisation, first, end, queues=queues if queues is None else list(queues), agents=agents)

    def answered() -> tuple[Quality, dict[str, str], bool]:
        kept = {called.key: called.party.name or "" for called in party_names(organisation, "agent").values()} if may_agents else {}
        return read(), kept, Source.objects.filter(organisation__slug=organisation, provider__in=SINKS).exists()

    try:
        found, kept, has_sink = await database_sync_to_async(answered, thread_sensitive=False, executor=desk)()
    except (DatabaseError, InterfaceError) as why:
        raise DatabaseAway from why
    if may_agents and found.by_agent:
        await visit.note_look("agents.reported", "report", f"{asked.first} {asked.last}")
    return Drawn(
        template="reports/quality.html",
        context={
            "figures": _figures(found),
            "tables": _tables(visit, found, kept) if found.sent else [],
            "has_sink": has_sink,
            "unfiltered": asked.query(queues=(), agents=(), hours=None),
            "aside": bool(asked.hours or asked.compare),
        },
    )


def _figures(found: Quality) -> list[dict[str, str]]:
    silence = found.silence_ms / found.duration_ms if found.silence_ms is not None and found.duration_ms else None
    hint = _("of %(n)s calls whose length was told") % {"n": figures.count(found.measured)} if found.measured != found.analysed else ""
    none = "" if found.analysed else _("no call is analysed yet")
    return [
        {"label": _("Hours analysed"), "value": _hours(found.duration_ms) if found.measured else words.DASH, "hint": none or hint},
        {"label": _("Calls analysed"), "value": figures.count(found.analysed), "hint": ""},
        {"label": _("Sent and not analysed yet"), "value": figures.count(found.sent - found.analysed), "hint": ""},
        {"label": _("Silence"), "value": f"{figures.percent(silence)} %" if silence is not None else words.DASH, "hint": none},
    ]


def _tables(visit: Visit, found: Quality, kept: dict[str, str]) -> list[Table]:
    tables = [
        Table(
            name="dispositions",
            label=_("By outcome"),
            heading=_("Outcome"),
            lines=_lines([(str(OUTCOMES.get(each.name.lower(), each.name)), each) for each in found.by_disposition]),
        ),
        Table(
            name="tags",
            label=_("By tag"),
            heading=_("Tag"),
            lines=_lines([(each.name, each) for each in found.by_tag]),
            hint=_("A call with several tags counts in each of them."),
        ),
    ]
    if visit.may("agents"):
        known = names_of(visit, "agent")
        named = [
            (known.get(each.name) or visit.agent_name(each.name, kept.get(each.name)) or f"#{each.name}", each) for each in found.by_agent
        ]
        tables.append(Table(name="agents", label=_("By agent"), heading=_("Agent"), lines=_lines(_told_apart(named))))
    return [table for table in tables if table.lines]


def _told_apart(named: Sequence[tuple[str, Group]]) -> list[tuple[str, Group]]:
    """Agents of one name at several sources are different agents, as far as anybody has said."""
    often = Counter(name for name, _group in named)
    return [
        (f"{name} ({group.name.split(':')[1]})" if often[name] > 1 and group.name.startswith("s:") else name, group)
        for name, group in named
    ]


def _lines(groups: Sequence[tuple[str, Group]]) -> list[Line]:
    most = max((group.calls for _name, group in groups), default=0)
    return [
        Line(
            name=name,
            calls=figures.count(group.calls),
            hours=_hours(group.duration_ms) if group.duration_ms else words.DASH,
            share=round(100 * group.calls / most),
        )
        for name, group in groups
    ]


def _hours(ms: int) -> str:
    hours = ms / 3_600_000
    return _("%(hours)s h") % {"hours": formats.number_format(hours, decimal_pos=2 if hours < 10 else 1)}


async def reported(visit: Visit) -> HttpResponseBase:
    """GET /reports/quality/"""
    return await report_page(visit, "quality", drawn)


page = for_people(reported, needs="look")
