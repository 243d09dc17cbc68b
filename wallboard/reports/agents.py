"""Agents, `/reports/agents/`: what each agent's rings and time add up to, and one agent's by time.

Rules that hold here: only who may see single agents, and the agents they see; whoever looks is written down; a number of an agent is of all
their queues; time is as it was watched live, and unknown where nobody watched.
"""

import asyncio
from typing import Any

from django.http.response import HttpResponseBase

from wallboard.pages.frame import Visit, for_people
from wallboard.reports import files, reading, table
from wallboard.reports.archive_begin import begin_words, begins
from wallboard.reports.asked import Asked
from wallboard.reports.bar import Address
from wallboard.reports.beside import Beside, pairs
from wallboard.reports.breakdown import By, breakdown_of
from wallboard.reports.frame import Drawn, report_page
from wallboard.reports.sheet import Sheet

USUAL_ORDER = "name"


async def drawn(visit: Visit, asked: Asked) -> Drawn | HttpResponseBase:
    """What the tab shows, or the file it was asked for: a row an agent and interval."""
    if (file := await files.of_page(visit, asked, "agent", "agents")) is not None:
        return file
    params = visit.request.GET
    metrics = table.columns_asked(params, table.EVERY_AGENT_COLUMN, table.AGENT_COLUMNS)
    order = table.order_asked(params, table.EVERY_AGENT_COLUMN, USUAL_ORDER)
    own = [*table.own_columns(metrics, table.AGENT_COLUMNS), *([("sort", order)] if order != USUAL_ORDER else [])]
    address = Address(asked, own)
    begin = await begins(visit.viewer.organisation)
    by = By(kind="agent", metrics=metrics, order=order, usual=USUAL_ORDER, address=address, begin=begin)
    agents, alone = await asyncio.gather(breakdown_of(visit, asked, by), _alone(visit, asked, metrics, begin))
    if asked.agents:
        for key in asked.agents:
            await visit.note_look("agent.opened", "agent", key)
    else:
        await visit.note_look("agents.reported", "report", f"{asked.first} {asked.last}")
    first = asked.span(visit.viewer.organisation, visit.timezone, visit.viewer).bounds[0]
    return Drawn(
        template="reports/agents.html",
        report=agents.report,
        own=own,
        files=True,
        context={
            "agents": agents,
            "choice": table.choice_of(table.EVERY_AGENT_COLUMN, metrics, "agent", address),
            "begins": begin_words(begin, first, visit.timezone),
            "unfiltered": asked.query(queues=(), agents=(), hours=None),
            "compares": agents.beside is not None,
            "nothing_over": agents.beside is not None and not agents.beside.paired,
            "headings": table.columns_of(metrics, "agent"),
            "alone": alone,
        },
    )


async def _alone(visit: Visit, asked: Asked, metrics: tuple[str, ...], begin: int | None) -> dict[str, Any] | None:
    """One agent by time; None unless one agent alone is asked for."""
    if len(asked.agents) != 1:
        return None
    organisation, viewer, (key,) = visit.viewer.organisation, visit.viewer, asked.agents
    span, other = asked.span(organisation, visit.timezone, viewer), asked.with_compared()
    report = await reading.read(organisation, span, "agent", viewer)
    beside = None
    if other is not None:
        before_span = other.span(organisation, visit.timezone, viewer)
        before = await reading.read(organisation, before_span, "agent", viewer)
        beside = Beside(report, before, pairs(span, before_span, report.complete_to, begin))
    sheet = Sheet(visit, asked, report, beside, metrics, f"agent:{key}")
    return {"key": key, "rows": sheet.rows(begin) if sheet.lines else []}


async def agents(visit: Visit) -> HttpResponseBase:
    """GET /reports/agents/"""
    return await report_page(visit, "agents", drawn)


page = for_people(agents, needs="agents")
