"""`manage.py export`: one organisation's history as Parquet files, for whoever reckons with it elsewhere."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError

from stats.clock import now_ms
from stats.domain.periods import business_day, day_bounds
from stats.history import parquet
from stats.history.open_tables import OPEN_TABLES
from stats.models import Organisation


def _day(written: str) -> str:
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        raise ArgumentTypeError(f"{written!r} is no day; write it like 2026-05-18") from None


class Command(BaseCommand):
    """Writes a file a table and month, and a manifest; begun again it goes on where it was."""

    help = "Writes an organisation's history as Parquet: a file a table and month, and manifest.json. No telephone numbers are in it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose history, which days and tables, and where to."""
        parser.add_argument("--organisation", default="default", help="the organisation's slug")
        parser.add_argument("--from", dest="first", type=_day, required=True, metavar="DATE", help="the first day")
        parser.add_argument("--to", dest="last", type=_day, default=None, metavar="DATE", help="the last day (default: today)")
        parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the files go")
        names = ", ".join(each.name for each in OPEN_TABLES)
        parser.add_argument("--what", default="", metavar="TABLES", help=f"some of {names}, with commas between (default: all)")
        parser.add_argument("--again", action="store_true", help="write months anew that are there")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Writes, or says in one sentence why not."""
        try:
            held = Organisation.objects.filter(slug=options["organisation"]).first()
            if held is None:
                raise CommandError(f"There is no organisation {options['organisation']!r}.")
            first, last = options["first"], options["last"] or business_day(now_ms(), held.timezone)
            if last < first:
                raise CommandError(f"--to {last} is before --from {first}.")
            wanted = parquet.Wanted(
                organisation=held.slug,
                timezone=held.timezone,
                first=day_bounds(first, held.timezone)[0],
                end=day_bounds(last, held.timezone)[1],
                tables=[name.strip() for name in options["what"].split(",") if name.strip()],
                folder=options["out"],
                now_ms=now_ms(),
                again=options["again"],
            )
            manifest = parquet.write(wanted, lambda name, rows: self.stdout.write(f"{name}: {rows} rows"))
        except KeyError as name:
            raise CommandError(f"There is no table {name}; there are {', '.join(each.name for each in OPEN_TABLES)}.") from None
        except parquet.NoParquet:
            raise CommandError("Parquet is written by pyarrow: .venv/bin/python -m pip install -r requirements-parquet.txt") from None
        except (DatabaseError, InterfaceError) as why:
            raise CommandError(f"The database does not answer ({type(why).__name__}); begun again, it goes on here.") from None
        except OSError as why:
            raise CommandError(f"{why.strerror}: {why.filename or options['out']}. Begun again, it goes on here.") from None
        self.stdout.write(f"{len(manifest['files'])} files in {options['out']}")
