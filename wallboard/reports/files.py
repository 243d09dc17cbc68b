"""Reports as files: CSV written row by row, and XLSX with a sheet that says what it is about.

Rules that hold here:
- A file has the rows of the API, in its order and its units; ids are its column names, and what is unknown is an empty cell.
- CSV is nothing but rows (RFC 4180): what they rest on stands in columns of each of them. XLSX says it once, on the sheet "About".
- Nothing is held whole in memory; a file that is not taken is not written to its end.
"""

import csv
import io
import json
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import IO, Any

import xlsxwriter
from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from stats.domain.definitions import DEFINITIONS as REGISTRY
from stats.domain.metrics import DEFINITIONS, VARIANTS
from stats.domain.report import Kind, Span
from wallboard.accounts.viewer import Viewer
from wallboard.api.report_rows import COLUMNS, Row, Told, pieces, written
from wallboard.pages.frame import Forbidden, Visit
from wallboard.reports import words
from wallboard.reports.asked import Asked, Unfit
from wallboard.reports.reading import desk
from wallboard.spreadsheet import as_cell, as_text

TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
# A sheet holds 1,048,576 rows; the first is the heading.
ROWS_A_SHEET = 1_000_000
_PIECE = 64 * 1024
# What a CSV row says of the file it is in.
STAMPS = ("window_from", "window_to", "timezone", "definitions")
_TIMES = ("from", "to")
_WIDTHS: Mapping[str, int] = {"name": 28, "from": 17, "to": 17, "from_iso": 26, "to_iso": 26}
# How XLSX shows a number of each unit.
_SHOWN = {"ratio": "0.0%", "s": "#,##0.0", "time": "yyyy-mm-dd hh:mm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a file says of itself beside its rows. `filters`: (what, which) in words."""

    organisation: str
    title: str
    by: str
    filters: Sequence[tuple[str, str]] = field(default_factory=tuple)


def flat(row: Row) -> Iterator[tuple[str, object]]:
    """A row's members, those of a member that has its own as "service_levels.short_excluded"."""
    for name, value in row.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{each}", told) for each, told in value.items())
        else:
            yield name, value


def columns_of(kind: Kind) -> tuple[str, ...]:
    """The columns of a kind of report, in order."""
    found: list[str] = []
    for name in COLUMNS[kind]:
        found += [f"{name}.{each}" for each in VARIANTS] if name == "service_levels" else [name]
    return tuple(found)


def csv_of(rows: Iterable[Row], columns: Sequence[str], stamps: Sequence[object]) -> str:
    """The lines of some rows."""
    page = io.StringIO()
    writer = csv.writer(page)
    for row in rows:
        told = dict(flat(row))
        writer.writerow([*(_csv_cell(told.get(name)) for name in columns), *stamps])
    return page.getvalue()


def _csv_cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, int | float) else as_text(value)


def stamps_of(span: Span) -> list[object]:
    """The values of STAMPS."""
    first, end = span.bounds
    return [written(first, span.timezone), written(end, span.timezone), span.timezone, DEFINITIONS]


async def csv_file(span: Span, kind: Kind, viewer: Viewer | None, told: Told) -> AsyncIterator[bytes]:
    """The file, piece by piece. Raises StoreAway and DatabaseAway before its first piece, or breaks off."""
    stamps, columns = stamps_of(span), columns_of(kind)
    head = io.StringIO()
    csv.writer(head).writerow([*columns, *STAMPS])
    # A byte-order mark, without which spreadsheets read the letters of another alphabet.
    begun = False
    async for part in pieces(span, kind, viewer, told, partial(csv_of, columns=columns, stamps=stamps)):
        if not begun:
            begun = True
            yield b"\xef\xbb\xbf" + head.getvalue().encode()
        if part:
            yield part.encode()


class Workbook:
    """An XLSX that is written to a temporary file row by row."""

    def __init__(self, kind: Kind, timezone: str) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile(prefix="wallboard-report-")  # noqa: SIM115 (closed by whoever reads it to its end)
        self._book = xlsxwriter.Workbook(
            self.file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        )
        self._columns, self._timezone = _sheet_columns(kind), timezone
        self._bold = self._book.add_format({"bold": True})
        self._formats = {name: self._book.add_format({"num_format": shown}) for name, shown in _SHOWN.items()}
        self._writers = [self._writer_of(name) for name in self._columns]
        self._sheet: Any = None
        self._row = self._sheets = 0

    def add(self, rows: Iterable[Row]) -> None:
        """Write some rows, on a new sheet where one is full."""
        for row in rows:
            if self._sheet is None or self._row > ROWS_A_SHEET:
                self._begin()
            told = dict(flat(row))
            for place, (name, write) in enumerate(zip(self._columns, self._writers, strict=True)):
                value = told.get(name.removesuffix("_iso"))
                if value is not None:
                    write(self._row, place, value)
            self._row += 1

    def end(self, facts: Sequence[tuple[str, object]]) -> None:
        """Write what it is about, and finish the file."""
        if self._sheet is None:
            self._begin()
        about = self._book.add_worksheet("About")
        about.set_column(0, 0, 26)
        about.set_column(1, 1, 80)
        for place, (what, which) in enumerate(facts):
            about.write_string(place, 0, as_cell(what), self._bold)
            about.write_string(place, 1, as_cell(which))
        self._book.close()
        self.file.seek(0)

    def _begin(self) -> None:
        self._sheets += 1
        self._sheet = self._book.add_worksheet("Report" if self._sheets == 1 else f"Report {self._sheets}")
        for place, name in enumerate(self._columns):
            self._sheet.set_column(place, place, _WIDTHS.get(name, max(11, len(name) + 1)))
        self._sheet.freeze_panes(1, 0)
        for place, name in enumerate(self._columns):
            self._sheet.write_string(0, place, name, self._bold)
        self._row = 1

    def _writer_of(self, name: str) -> Callable[[int, int, Any], object]:
        if name in _TIMES:
            shown = self._formats["time"]
            # The hour by the organisation's clock, as a date that can be reckoned with; the column beside says which offset it has.
            return lambda row, place, value: self._sheet.write_datetime(
                row, place, datetime.fromisoformat(value).replace(tzinfo=None), shown
            )
        unit = self._formats.get(_unit_of(name))

        def write(row: int, place: int, value: Any) -> object:
            if isinstance(value, bool):
                return self._sheet.write_boolean(row, place, value)
            if isinstance(value, int | float):
                return self._sheet.write_number(row, place, value, unit)
            return self._sheet.write_string(row, place, as_cell(value))

        return write


def _sheet_columns(kind: Kind) -> tuple[str, ...]:
    return tuple(each for name in columns_of(kind) for each in ((name, f"{name}_iso") if name in _TIMES else (name,)))


_UNITS = {each.id: each.unit for each in REGISTRY.values()}


def _unit_of(name: str) -> str:
    if name.startswith("service_levels.") or name == "share":
        return "ratio"
    return "s" if name in ("target_s", "short_s") else _UNITS.get(name, "")


async def xlsx_file(span: Span, kind: Kind, viewer: Viewer | None, told: Told, about: About) -> AsyncIterator[bytes]:
    """The file, in pieces as soon as it is whole on the disk. Raises StoreAway, DatabaseAway or OSError (a full disk) before its first."""
    book = await _beside(partial(Workbook, kind, span.timezone))
    try:
        async for _none in pieces(span, kind, viewer, told, book.add):
            pass
        await _beside(partial(book.end, facts_of(span, kind, told, about)))
        while piece := await _beside(partial(book.file.read, _PIECE)):
            yield piece
    finally:
        book.file.close()


async def _beside(work: Callable[[], Any]) -> Any:
    return await sync_to_async(work, thread_sensitive=False, executor=desk)()


def facts_of(span: Span, kind: Kind, told: Told, about: About) -> list[tuple[str, object]]:
    """The manifest of a file, in the order people look for it."""
    complete = told.complete_to if told.complete_to is not None else told.as_of
    return [
        ("report", about.title),
        ("rows are", {"queue": "queues", "agent": "agents", "site": "the whole organisation"}[kind]),
        ("organisation", about.organisation),
        ("from day", span.first),
        ("to day (included)", span.last),
        ("time zone", span.timezone),
        ("interval", span.interval),
        ("queues", ", ".join(sorted(span.queues)) if span.queues is not None else "all"),
        ("agents", ", ".join(sorted(span.agents)) if span.agents is not None else "all"),
        *about.filters,
        ("definitions version", DEFINITIONS),
        ("complete to", written(complete, span.timezone)),
        ("quarters being recounted", told.recounting),
        ("made at", written(told.as_of, span.timezone)),
        ("made by", about.by),
        ("durations", "seconds"),
        ("empty cell", "not known, or a ratio of nothing"),
        ("settings", "target_s, short_s, share and variant are those each row was counted with"),
    ]


async def answer(
    form: str, span: Span, kind: Kind, viewer: Viewer | None, about: About, make_told: Callable[[], Told] = Told
) -> StreamingHttpResponse:
    """The file as an answer; its first piece is made before it is promised. Raises StoreAway, DatabaseAway, OSError."""
    told = make_told()
    parts = csv_file(span, kind, viewer, told) if form == "csv" else xlsx_file(span, kind, viewer, told, about)
    first = await anext(parts)
    response = StreamingHttpResponse(_all(first, parts), content_type=TYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{name_of(span, kind, form)}"'
    response.headers["X-Report-Manifest"] = json.dumps(
        {"organisation": span.organisation, "definitions": DEFINITIONS, "timezone": span.timezone, "from": span.first, "to": span.last}
    )
    return response


async def _all(first: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in parts:
        yield part


def name_of(span: Span, kind: Kind, form: str) -> str:
    """What the file is called: nothing in it but letters, digits and signs every system takes."""
    days = span.first if span.first == span.last else f"{span.first}_{span.last}"
    organisation = re.sub(r"[^a-z0-9-]+", "-", span.organisation.lower())
    return f"{organisation}-{kind}-{span.interval}-{days}.{form}"


async def of_page(visit: Visit, asked: Asked, kind: Kind, title: str) -> HttpResponseBase | None:
    """The file a page's address asks for by `format=csv` or `format=xlsx`; None where it asks for none. Raises Unfit and Forbidden."""
    form = visit.request.GET.get("format", "")
    if not form:
        return None
    if form not in TYPES:
        raise Unfit("format", _("format: csv or xlsx"))
    if not visit.may("export"):
        raise Forbidden(_("Files of reports are for those who may export."))
    hours = (("opening hours", words.hours_words(asked.hours)),) if asked.hours is not None else ()
    about = About(
        organisation=visit.viewer.organisation,
        title=title,
        by=visit.viewer.name,
        filters=hours,
    )
    span = asked.span(visit.viewer.organisation, visit.timezone, visit.viewer)
    try:
        file = await answer(form, span, kind, visit.viewer, about)
    except OSError:
        # A full disk: what was to be written to it is gone with the temporary file.
        raise Unfit("format", _("There is no room to write the file; CSV needs none.")) from None
    await visit.note("report.exported", "report", title, first=asked.first, last=asked.last, interval=asked.interval, form=form)
    return file
