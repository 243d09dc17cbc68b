"""GET /api/v1/reports/details and /messages: how many calls and messages vendors told of, by their own words.

Rules that hold here: days are the organisation's, both ends included; of some queues the calls that visited them count, and messages, which
have no queue, are for tokens that see all of them.
"""

from collections.abc import Callable

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest

from stats.domain.report import Span
from stats.history import notes_reports
from wallboard.api.door import guarded
from wallboard.api.problems import Problem
from wallboard.api.reports import asked_span
from wallboard.push import live
from wallboard.push.admission import DatabaseAway, Pass


async def _details(request: HttpRequest, entry: Pass) -> object:
    """Calls by dialled number, direction, status, who hung up and error code together."""
    span = await asked_span(request, await live.organisation(entry.organisation), entry.viewer, "queue")
    queues = span.queues if entry.viewer.queues is None else entry.viewer.queues & (span.queues or entry.viewer.queues)
    first, end = span.bounds

    def read() -> list[dict[str, object]]:
        kept = notes_reports.kept_details(span.organisation, first, end, queues, {})
        columns = notes_reports.BY
        rows = notes_reports.counted_together(kept)
        return [{**{columns[name]: value or None for name, value in values.items()}, "calls": number} for values, number in rows]

    return {**_head(span), "rows": await _asked(read)}


async def _messages(request: HttpRequest, entry: Pass) -> object:
    """Messages by channel, direction and status."""
    if entry.viewer.queues is not None:
        raise Problem(403, "Messages belong to no queue; this token sees some queues alone.")
    span = await asked_span(request, await live.organisation(entry.organisation), entry.viewer, "site")
    first, end = span.bounds

    def read() -> list[dict[str, object]]:
        rows = notes_reports.messages(span.organisation, first, end)
        return [{**{name: value or None for name, value in values.items()}, "messages": number} for values, number in rows]

    return {**_head(span), "rows": await _asked(read)}


def _head(span: Span) -> dict[str, object]:
    return {"timezone": span.timezone, "first": span.first, "last": span.last}


async def _asked(read: Callable[[], list[dict[str, object]]]) -> list[dict[str, object]]:
    try:
        return await database_sync_to_async(read)()
    except (DatabaseError, InterfaceError) as why:
        raise DatabaseAway from why


details = guarded(_details, needs="reports")
messages = guarded(_messages, needs="reports")
