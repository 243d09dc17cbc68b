"""A report as rows for programs and files: which columns each kind has, and a long span read piece by piece, so that memory stays small.

Rules that hold here: ids and units are those of `/api/v1/live`; a time in which nothing was counted has no row; rows are in order of
their beginning, then of the id; making rows is work, and is done beside the event loop.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from asgiref.sync import sync_to_async

from stats.domain.metrics import VARIANTS
from stats.domain.periods import zone
from stats.domain.records import Party
from stats.domain.report import Interval, Kind, Line, Span
from stats.domain.sums import SITE_COUNTED, agent_numbers, queue_numbers, seconds
from wallboard.accounts.viewer import Viewer
from wallboard.reports.reading import Report, desk, read

Row = dict[str, object]
Made = TypeVar("Made")
# So many days of it are read at once: some ten thousand lines of a large centre.
DAYS_AT_ONCE: dict[Interval, int] = {"15m": 1, "30m": 2, "1h": 4, "day": 60, "week": 364, "month": 366}
_TIME = ("from", "to", "in_progress")
_SETTINGS = ("target_s", "short_s", "share", "variant", "settings_changed")
_QUEUE_NUMBERS = (*queue_numbers({}, VARIANTS[0]), "longest_wait_window")
COLUMNS: dict[Kind, tuple[str, ...]] = {
    "queue": ("queue_id", "queue_key", "account_id", "name", *_TIME, *_SETTINGS, *_QUEUE_NUMBERS),
    "agent": ("agent_id", "agent_key", "account_id", "name", *_TIME, *agent_numbers({})),
    "site": (*_TIME, *SITE_COUNTED, *_QUEUE_NUMBERS),
}


@dataclass(slots=True)
class Told:
    """What is known once everything was read: up to when it is complete (epoch ms), how many quarters wait to be added up anew, of
    which days a part alone is known, and when nobody listened: source, first instant and end (epoch ms)."""

    as_of: int = 0
    complete_to: int | None = None
    recounting: int = 0
    unread: list[str] = field(default_factory=list)
    unheard: list[tuple[str, int, int]] = field(default_factory=list)

    def take(self, report: Report) -> None:
        """One piece has been read."""
        self.as_of = max(self.as_of, report.as_of)
        self.complete_to = report.complete_to if self.complete_to is None else min(self.complete_to, report.complete_to)
        self.recounting += report.recounting
        self.unread += report.unread
        for source, first, end in report.unheard():
            # A stretch may lie in two pieces.
            goes_on = next((at for at, known in enumerate(self.unheard) if known[0] == source and known[2] == first), None)
            if goes_on is None:
                self.unheard.append((source, first, end))
            else:
                self.unheard[goes_on] = (source, self.unheard[goes_on][1], end)


async def pieces(span: Span, kind: Kind, viewer: Viewer | None, told: Told, make: Callable[[Iterator[Row]], Made]) -> AsyncIterator[Made]:
    """What `make` makes of the rows, piece by piece in order; it is called beside the event loop. Raises StoreAway, DatabaseAway."""
    for part in parts_of(span):
        report = await read(span.organisation, part, kind, viewer, bins=False)
        told.take(report)
        yield await sync_to_async(lambda report=report: make(rows_of(report)), thread_sensitive=False, executor=desk)()


def parts_of(span: Span) -> Iterator[Span]:
    """The span in parts whose borders no interval crosses."""
    day, last = date.fromisoformat(span.first), date.fromisoformat(span.last)
    while day <= last:
        after = day + timedelta(days=DAYS_AT_ONCE[span.interval])
        if span.interval == "week":
            after -= timedelta(days=after.isoweekday() - 1)
        elif span.interval == "month":
            after = after.replace(day=1)
        end = min(last, after - timedelta(days=1))
        yield replace(span, first=day.isoformat(), last=end.isoformat())
        day = end + timedelta(days=1)


def rows_of(report: Report) -> Iterator[Row]:
    """The rows of a report, in order."""
    for line in sorted(report.lines, key=lambda line: (line.start, *_by_id(report.names.get(line.key, Party()), line.key))):
        yield row_of(report, line)


def _by_id(party: Party, key: str) -> tuple[bool, int, str]:
    return (party.id is None, party.id or 0, key)


def row_of(report: Report, line: Line) -> Row:
    """One line as a row, its members in the order of COLUMNS."""
    timezone, row = report.span.timezone, Row()
    if report.kind != "site":
        party = report.names.get(line.key, Party())
        row[f"{report.kind}_id"], row[f"{report.kind}_key"] = party.id, line.key
        row["account_id"], row["name"] = party.account_id, party.name
    row["from"], row["to"], row["in_progress"] = written(line.start, timezone), written(line.end, timezone), line.open
    if report.kind == "queue":
        newest = line.settings[-1] if line.settings else None
        row["target_s"] = None if newest is None else seconds(newest.target_ms)
        row["short_s"] = None if newest is None else seconds(newest.short_ms)
        row["share"] = None if newest is None else float(newest.share)
        row["variant"] = None if newest is None else newest.variant
        row["settings_changed"] = len(line.settings) > 1
    row.update(report.numbers(line))
    return row


def written(at: int, timezone: str) -> str:
    """An instant as ISO 8601 with the zone's offset of then."""
    return datetime.fromtimestamp(at / 1000, zone(timezone)).isoformat()
