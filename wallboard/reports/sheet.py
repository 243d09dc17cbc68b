"""A table by time: a row for all of a report, one for each interval, and one for each day that is cut finer.

Rules that hold here: every number leads to its calls; what is not over is marked; before the archive begins there are no rows; within days
only the hours between the first and the last call are rows.
"""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from stats.domain.periods import business_day, day_bounds, zone
from stats.domain.report import WITHIN_A_DAY, Line, total
from wallboard.pages.addresses import receipt_address
from wallboard.pages.frame import Visit
from wallboard.reports import table, words
from wallboard.reports.asked import Asked
from wallboard.reports.bar import Address
from wallboard.reports.beside import Beside, cells
from wallboard.reports.reading import Report


class Sheet:
    """The table being made: what was read, which columns, and what stands beside it."""

    def __init__(self, visit: Visit, asked: Asked, report: Report, beside: Beside | None, metrics: Sequence[str], scope: str) -> None:
        self.visit, self.asked, self.report, self.beside, self.metrics, self.scope = visit, asked, report, beside, metrics, scope
        self.language = str(getattr(visit.request, "LANGUAGE_CODE", "en"))
        self.lines = report.by_time()
        self.before = beside.before.by_time() if beside is not None else {}
        self.queues = asked.queues if report.kind == "site" else ()

    def rows(self, archive_begin: int | None) -> list[table.Row]:
        """All rows: the whole, then by time, each day of a finer table begun by its own sum."""
        shown = self._shown(archive_begin)
        numbers = {start: self.report.numbers(self.lines.get(start) or Line("", start, end)) for start, end in shown}
        steps = {metric: dict(zip(numbers, table.steps_of(metric, numbers.values()), strict=True)) for metric in self.metrics}
        rows, day = [self._total()], ""
        many = self.asked.interval in WITHIN_A_DAY and self.asked.days > 1
        busy = {business_day(start, self.visit.timezone) for start, line in self.lines.items() if any(line.amounts.values())}
        for start, end in shown:
            if many and (today := business_day(start, self.visit.timezone)) != day:
                day = today
                rows.append(self._day(day, shown))
            if many and day not in busy:
                continue
            rows.append(self._interval(start, end, numbers[start], {metric: steps[metric][start] for metric in self.metrics}))
        return rows

    def _shown(self, archive_begin: int | None) -> list[tuple[int, int]]:
        """The intervals that have begun since the archive did; within days only between the first and the last hour with a call."""
        known = [
            cell for cell in cells(self.report.span) if cell[0] < self.visit.now and (archive_begin is None or cell[1] > archive_begin)
        ]
        if self.asked.interval not in WITHIN_A_DAY:
            return known
        busy = [self._minute(start) for start, line in self.lines.items() if any(line.amounts.values())]
        if not busy:
            return []
        return [cell for cell in known if min(busy) <= self._minute(cell[0]) <= max(busy)]

    def _minute(self, at: int) -> int:
        local = datetime.fromtimestamp(at / 1000, zone(self.visit.timezone))
        return local.hour * 60 + local.minute

    def _total(self) -> table.Row:
        now, then = self.beside.whole() if self.beside is not None else (None, None)
        return self._row("whole", _("All of it"), "total", self.report.whole(), self.asked.first, self.asked.last, pair=(now, then))

    def _day(self, day: str, shown: list[tuple[int, int]]) -> table.Row:
        of_day = [start for start, _end in shown if business_day(start, self.visit.timezone) == day]
        lines = [self.lines[start] for start in of_day if start in self.lines]
        pair: tuple[Line | None, Line | None] = (None, None)
        bounds = day_bounds(day, self.visit.timezone)
        if self.beside is not None:
            over = [start for start in of_day if start in self.beside.paired]
            others = [self.beside.paired[start] for start in over]
            that = day_bounds(business_day(others[0], self.visit.timezone), self.visit.timezone) if others else bounds
            pair = (
                total((self.lines[start] for start in over if start in self.lines), "", bounds),
                total((self.before[start] for start in others if start in self.before), "", that),
            )
        address = Address(self.asked, ()).to(first=day, last=day)
        return self._row(day, words.day_words(day, year=False), "day", total(lines, "", bounds), day, day, address=address, pair=pair)

    def _interval(self, start: int, end: int, numbers: table.Numbers, steps: dict[str, int]) -> table.Row:
        zone_name, interval = self.visit.timezone, self.asked.interval
        first, last = self._instant(start), self._instant(end)
        address = ""
        if interval not in WITHIN_A_DAY:
            first, last = business_day(start, zone_name), min(business_day(end - 1, zone_name), self.asked.today)
            address = Address(self.asked, ()).to(first=first, last=last)
        before = None
        if self.beside is not None and start in self.beside.paired:
            other = self.beside.paired[start]
            before = self.report.numbers(self.before.get(other) or Line("", other, other + end - start))
        return table.Row(
            key=str(start),
            label=words.interval_words(start, end, interval, zone_name, with_day=False),
            kind="interval",
            address=address,
            note=_("in progress") if end > self.visit.now else "",
            cells=[
                table.cell_of(
                    metric,
                    numbers.get(metric),
                    self.language,
                    address=self._receipt(metric, first, last),
                    step=steps[metric],
                    was=before.get(metric) if before is not None else None,
                    compared=before is not None,
                )
                for metric in self.metrics
            ],
        )

    def _row(
        self,
        key: str,
        label: str,
        kind: str,
        line: Line,
        first: str,
        last: str,
        *,
        pair: tuple[Line | None, Line | None],
        address: str = "",
    ) -> table.Row:
        """A row of sums over more than one interval; compared is what of it is over."""
        numbers = self.report.numbers(line)
        now, then = (None if each is None else self.report.numbers(each) for each in pair)
        return table.Row(
            key=key,
            label=label,
            kind=kind,
            address=address,
            note=_("in progress") if last >= self.asked.today else "",
            cells=[
                table.cell_of(
                    metric,
                    numbers.get(metric),
                    self.language,
                    address=self._receipt(metric, first, last),
                    now=None if now is None else now.get(metric),
                    was=None if then is None else then.get(metric),
                    compared=then is not None,
                )
                for metric in self.metrics
            ],
        )

    def _instant(self, at: int) -> str:
        return datetime.fromtimestamp(at / 1000, zone(self.visit.timezone)).isoformat(timespec="minutes")

    def _receipt(self, metric: str, first: str, last: str) -> str:
        """Where the calls behind a cell are listed; "" for what cannot be listed, or not by this person."""
        if not self.visit.may("calls"):
            return ""
        return receipt_address(self.scope, metric, first=first, last=last, hours=self.asked.hours, queues=self.queues)
