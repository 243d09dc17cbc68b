"""What `manage.py backfill` says: days read from a telephone system's past, how far it is, and what to do when it does not go on."""

import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from stats.domain.periods import business_day, day_bounds
from stats.history.backfill_tables import BackfillDay
from stats.history.partitions import EARLIEST_MS
from stats.history.retention import Keep
from stats.models import Organisation

WIDTH = 24


class WrongDays(ValueError):
    """The days cannot be read; the words say why and which can."""


def days_of(first: str, last: str, organisation: Organisation, now_ms: int) -> list[tuple[int, int]]:
    """The business days from `first` to `last`, newest first, each [first instant, first of the next). Raises WrongDays."""
    begin, end = _date("--from", first), _date("--to", last)
    if begin > end:
        raise WrongDays(f"--from {first} is after --to {last}.")
    zone = organisation.timezone
    today = date.fromisoformat(business_day(now_ms, zone))
    if end > today:
        raise WrongDays(f"--to {last} has not been yet: the last day that can be read is today, {today}, by the clocks of {zone}.")
    if day_bounds(begin.isoformat(), zone)[0] < EARLIEST_MS:
        raise WrongDays(f"--from {first} is before 2010; no telephone system tells of that.")
    term = Keep.of(organisation).before("calls", now_ms)
    if term is not None and day_bounds(begin.isoformat(), zone)[0] < term:
        oldest = date.fromisoformat(business_day(term, zone)) + timedelta(days=1)
        raise WrongDays(
            f"Calls are kept for {organisation.keep_calls_days} days here, so nothing before {oldest} is brought back."
            f" Begin with --from {oldest}, or change the term at /privacy/."
        )
    number = (end - begin).days + 1
    return [day_bounds((end - timedelta(days=n)).isoformat(), zone) for n in range(number)]


def _date(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongDays(f"{option} must be a day such as 2026-05-18; it was {text!r}.") from None


def day_name(at_ms: int, timezone: str) -> str:
    """`2026-05-18`"""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(timezone)).date().isoformat()


class Progress:
    """How a run goes on: a line that is drawn over on a terminal, a line a day elsewhere."""

    def __init__(self, days: list[tuple[int, int]], timezone: str, write: Callable[[str], object]) -> None:
        self._timezone, self._write = timezone, write
        self._places = {bounds[0]: place for place, bounds in enumerate(days)}
        self._number = len(days)
        self._terminal = sys.stderr.isatty()
        self._began: float | None = None
        self._first = 0.0
        self._note = ""
        self._drawn = 0

    def moved(self, day: BackfillDay, at_ms: int) -> None:
        """A part of a day is kept."""
        self._note = ""
        self._draw(day, at_ms)

    def ended(self, day: BackfillDay) -> None:
        """A day was read to its end."""
        if not self._terminal:
            words = {"done": f"{day.calls} calls", "open": f"not closed: {day.why}"}.get(day.state, f"NOT COMPLETE: {day.why}")
            self._write(f"{day_name(day.from_ms, self._timezone)}  {words}")
        elif day.state == "incomplete":
            self.clear()
            self._write(f"{day_name(day.from_ms, self._timezone)}  NOT COMPLETE: {day.why}")

    def say(self, words: str) -> None:
        """Why it does not go on just now."""
        if self._terminal:
            self._note = words
            self._put(self._line + f"  ({words})" if self._drawn else words)
        else:
            self._write(words)

    def clear(self) -> None:
        """Leave the terminal as it was."""
        if self._drawn:
            sys.stderr.write("\r" + " " * self._drawn + "\r")
            sys.stderr.flush()
            self._drawn = 0

    _line = ""

    def _draw(self, day: BackfillDay, at_ms: int) -> None:
        done = (self._places[day.from_ms] + (at_ms - day.from_ms) / (day.to_ms - day.from_ms)) / self._number
        if not self._terminal:
            return
        now = time.monotonic()
        if self._began is None:
            self._began, self._first = now, done
        filled = int(done * WIDTH)
        self._line = f"{day_name(day.from_ms, self._timezone)} [{'#' * filled}{'.' * (WIDTH - filled)}] {done:4.0%}{self._left(now, done)}"
        self._put(self._line)

    def _left(self, now: float, done: float) -> str:
        spent, share = now - (self._began or now), done - self._first
        if spent < 5 or share <= 0:
            return ""
        left = spent / share * (1 - done)
        return f"  {left / 60:.0f} min left" if left >= 90 else f"  {left:.0f} s left"

    def _put(self, text: str) -> None:
        sys.stderr.write("\r" + text.ljust(self._drawn))
        sys.stderr.flush()
        self._drawn = len(text)
