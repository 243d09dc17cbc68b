"""Fills the archive from a telephone system's past, newest day first; interrupted and begun again, it goes on where it was."""

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseFault

from stats.clock import now_ms
from stats.domain.errors import Refused
from stats.history.assignments import Assigned
from stats.history.partitions import provide
from stats.history.shelf import let_go
from stats.history.telling import Away
from stats.ingest.asking import Asking, Silence
from stats.ingest.backfill import Backfill, Outcome
from stats.management.backfilling import Progress, WrongDays, day_name, days_of
from stats.management.choosing import WRONG_OPTIONS, asked_for, failure
from stats.management.commands.ingest import connect
from stats.vault import Unreadable

NOT_WHOLE, INTERRUPTED, ENDED = 3, 130, 143
GOES_ON = " What was read is kept; the same command goes on from there."


class Command(BaseCommand):
    """`manage.py backfill --from DATE --to DATE [--source S] [--organisation O] [--again]`"""

    help = "Fills history from the telephone system's own, as often as you like; exit 3 when a day could not be proved complete."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which days, and of whom."""
        parser.add_argument("--from", dest="first", metavar="DATE", required=True, help="the first day, such as 2026-05-01")
        parser.add_argument("--to", dest="last", metavar="DATE", required=True, help="the last day, today at most")
        parser.add_argument("--source", metavar="S", help="only this source (default: all that are enabled)")
        parser.add_argument("--organisation", metavar="SLUG", help="whose (default: the only one)")
        parser.add_argument("--again", action="store_true", help="also days that were read whole before")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit 0 when every day is whole."""
        try:
            organisation, sources = asked_for(options["organisation"], options["source"])
            days = days_of(options["first"], options["last"], organisation, now_ms())
        except WrongDays as why:
            raise CommandError(str(why), returncode=WRONG_OPTIONS) from why
        except (DatabaseFault, Unreadable) as why:
            raise failure(why) from why
        try:
            # Rows of a month that has no partition are kept all the same, and are moved when it has one.
            provide(days[-1][0], days[0][1])
        except DatabaseFault as why:
            self.stderr.write(f"The archive's months could not be made beforehand ({type(why).__name__}).")
        unproved = 0
        for source in sources:
            unproved += self._fill(source, days, again=options["again"])
        if unproved:
            raise SystemExit(NOT_WHOLE)

    def _fill(self, source: Assigned, days: list[tuple[int, int]], *, again: bool) -> int:
        progress = Progress(days, source.timezone, self._line)
        name = f"{source.organisation}/{source.name}"
        number = len(days)
        self._line(f"{name}: {number} day{'s' if number > 1 else ''}, {day_name(days[0][0], source.timezone)} first")
        try:
            outcome = asyncio.run(self._run(source, days, progress, again=again))
        except asyncio.CancelledError:
            progress.clear()
            self.stderr.write("Stopped. What was read is kept; the same command goes on from there.")
            raise SystemExit(self._ended_by) from None
        except (Refused, Silence, Away, DatabaseFault) as why:
            progress.clear()
            raise failure(why, source.name, GOES_ON) from why
        progress.clear()
        self._tell(name, source.timezone, outcome)
        return len(outcome.unproved)

    _ended_by = INTERRUPTED

    async def _run(self, source: Assigned, days: list[tuple[int, int]], progress: Progress, *, again: bool) -> Outcome:
        provider = connect(source)
        asking = Asking(provider, progress.say)
        backfill = Backfill(asking, source.organisation, source.name, now=now_ms, watch=progress, say=progress.say)
        work = asyncio.create_task(backfill.run(days, again=again))

        def stop(by: int) -> None:
            self._ended_by = by
            work.cancel()

        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, stop, INTERRUPTED)
        loop.add_signal_handler(signal.SIGTERM, stop, ENDED)
        try:
            return await work
        finally:
            await provider.close()
            await let_go()

    def _tell(self, name: str, timezone: str, outcome: Outcome) -> None:
        words = f"{name}: {outcome.calls} calls read, {outcome.changed} rows new or changed"
        words += f", {outcome.slots_changed} hours of agents" if outcome.slots_changed else ""
        words += f", {outcome.open} calls still go on" if outcome.open else ""
        words += f", {outcome.unreadable} rows unreadable" if outcome.unreadable else ""
        self._line(words + ".")
        for note in outcome.notes:
            self._line(f"{name}: {note}.")
        if outcome.unproved:
            listed = ", ".join(f"{day_name(day.from_ms, timezone)} ({day.why})" for day in outcome.unproved)
            self._line(f"{name}: not proved complete, and read again by the same command: {listed}.")

    def _line(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()
