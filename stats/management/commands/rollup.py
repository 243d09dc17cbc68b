"""`manage.py rollup`: adds up for reports what is due, or makes every sum anew from the archive."""

import time
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError

from stats.clock import now_ms
from stats.domain.periods import day_bounds
from stats.history import rolling, rolling_due
from stats.history.patience import without_limit
from stats.history.rolling_rounds import left, make_anew
from stats.models import Organisation

TOLD_EVERY_S = 1.0


class Command(BaseCommand):
    """`manage.py rollup [--organisation SLUG] [--rebuild [--from DAY --to DAY]]`"""

    help = (
        "Adds up the archive for reports, as far as that is not done yet. The housekeeping process does the same by itself; this waits"
        " until all is done. It may be stopped at any moment, and begun again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and what."""
        parser.add_argument("--organisation", metavar="SLUG", help="of this organisation alone (default: of all)")
        parser.add_argument("--rebuild", action="store_true", help="make everything anew from the archive")
        parser.add_argument("--from", dest="first", metavar="DAY", help="with --rebuild: from this day on, such as 2026-05-01")
        parser.add_argument("--to", dest="last", metavar="DAY", help="with --rebuild: to this day, inclusive")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Organisation by organisation."""
        if (options["first"] or options["last"]) and not options["rebuild"]:
            raise CommandError("--from and --to go with --rebuild: what is due is always done whole.")
        days = tuple(_day(options[name], f"--{said}") for name, said in (("first", "from"), ("last", "to")))
        if days[0] and days[1] and days[0] > days[1]:
            raise CommandError(f"--to is before --from: {days[1]} is before {days[0]}.")
        found = list(Organisation.objects.filter(slug=options["organisation"]) if options["organisation"] else Organisation.objects.all())
        if not found and options["organisation"]:
            raise CommandError(f"There is no organisation {options['organisation']!r}.")
        try:
            for organisation in found:
                self._work(organisation, options["rebuild"], days[0], days[1])
        except KeyboardInterrupt:
            raise CommandError("Stopped. What is left is done by housekeeping, or when this is begun again.") from None
        except (DatabaseError, InterfaceError) as why:
            raise CommandError(
                f"The database is away ({type(why).__name__}). What was added up stays; begin again when it is back."
            ) from why

    def _work(self, organisation: Organisation, rebuild: bool, first: str | None, last: str | None) -> None:
        slug, zone = organisation.slug, organisation.timezone
        if rebuild:
            make_anew(organisation, day_bounds(first, zone)[0] if first else 0, day_bounds(last, zone)[1] if last else now_ms())
        rolling_due.of_other_definitions(slug)
        rolling_due.take_note(slug, zone, now_ms())
        total, told_at = left(slug), 0.0

        def go_on() -> bool:
            nonlocal told_at
            if time.monotonic() - told_at >= TOLD_EVERY_S:
                told_at = time.monotonic()
                self._tell(slug, total, left(slug))
            return True

        go_on()
        with without_limit():
            # What others are at just now is waited for.
            while not rolling.work(organisation, now_ms(), go_on) or (rebuild and left(slug)):
                time.sleep(0.2)
                go_on()
        self._tell(slug, total, left(slug))

    def _tell(self, slug: str, total: int, remaining: int) -> None:
        done = max(0, total - remaining)
        share = f" ({done * 100 // total} %)" if total else ""
        self.stdout.write(f"{slug}: {done} of {max(total, done)} quarter hours added up{share}")


def _day(told: str | None, name: str) -> str | None:
    if told is None:
        return None
    try:
        return date.fromisoformat(told).isoformat()
    except ValueError:
        raise CommandError(f"{name} must be a day such as 2026-05-01; it was {told!r}.") from None
