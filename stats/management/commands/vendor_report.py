"""Fetches a telephone system's own report of any past time, and puts it beside our archive: for whoever doubts a number."""

import asyncio
import csv
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseFault

from stats.clock import now_ms
from stats.domain.errors import Refused
from stats.domain.vendor_rows import DATASETS, Row
from stats.history.assignments import Assigned
from stats.history.shelf import let_go
from stats.history.telling import Away
from stats.history.vendor_reports import Compared
from stats.ingest.asking import Asking, Silence
from stats.ingest.vendor_reports import LONGEST_MS, VendorReport, Wanted, beside_ours, fetch, party_of
from stats.management.choosing import WRONG_OPTIONS, asked_for, failure
from stats.management.commands.ingest import connect
from stats.vault import Unreadable

DIFFER, NOT_WHOLE = 4, 3
LISTED = 20
INSTANTS = frozenset({"started_at", "ended_at", "entered_at", "answered_at", "began_at", "start", "end"})
FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Command(BaseCommand):
    """`manage.py vendor_report --dataset D --from T --to T [--queue ID] [--agent ID] [--format csv|json] [--keep]`"""

    help = "Prints the telephone system's own report, and how it differs from our archive; exit 4 when it does, 3 when it is not complete."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to ask for."""
        parser.add_argument("--dataset", choices=DATASETS, required=True)
        parser.add_argument("--from", dest="first", metavar="TIME", required=True, help="2026-05-18 or 2026-05-18T09:00")
        parser.add_argument("--to", dest="last", metavar="TIME", required=True, help="the same: a day is meant whole, a time is not in it")
        parser.add_argument("--queue", metavar="ID", help="only of this queue: its id, or a:<account id>")
        parser.add_argument("--agent", metavar="ID", help="only of this agent, the same way")
        parser.add_argument("--format", choices=("csv", "json"), default="csv")
        parser.add_argument("--numbers", action="store_true", help="whole telephone numbers; else their last digits are left out")
        parser.add_argument("--keep", action="store_true", help="also keep what the telephone system tells of these days")
        parser.add_argument("--source", metavar="S", help="of this source (default: the only one)")
        parser.add_argument("--organisation", metavar="SLUG", help="whose (default: the only one)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit 0 when the two agree."""
        try:
            organisation, sources = asked_for(options["organisation"], options["source"])
        except (DatabaseFault, Unreadable) as why:
            raise failure(why) from why
        if len(sources) > 1:
            raise CommandError(f"There are several sources ({', '.join(s.name for s in sources)}): name one with --source.", returncode=2)
        source, zone = sources[0], ZoneInfo(organisation.timezone)
        wanted = Wanted(
            dataset=options["dataset"],
            start_ms=_instant("--from", options["first"], zone, end=False),
            end_ms=_instant("--to", options["last"], zone, end=True),
            queue=_party("--queue", options["queue"]),
            agent=_party("--agent", options["agent"]),
        )
        if not 0 < wanted.end_ms - wanted.start_ms <= LONGEST_MS:
            raise CommandError(
                "--to must be after --from, and by 35 days at most; more is what `backfill` is for.", returncode=WRONG_OPTIONS
            )
        try:
            report, compared = asyncio.run(self._ask(source, wanted))
        except (Refused, Silence, Away) as why:
            raise failure(why, source.name) from why
        rows = [_readable(row, zone, whole=options["numbers"]) for row in report.rows]
        if options["format"] == "json":
            beside = asdict(compared) if compared is not None else None
            self.stdout.write(
                json.dumps({"rows": rows, "not_complete": report.lacking, "compared": beside}, ensure_ascii=False, default=str)
            )
        else:
            self._table(rows)
        self._tell(report, compared)
        if options["keep"]:
            days = [datetime.fromtimestamp(at / 1000, zone).date().isoformat() for at in (wanted.start_ms, wanted.end_ms - 1)]
            words = ["--from", days[0], "--to", days[1], "--source", source.name, "--organisation", organisation.slug, "--again"]
            call_command("backfill", *words, stdout=self.stderr, stderr=self.stderr)
        if report.lacking:
            raise SystemExit(NOT_WHOLE)
        if compared is not None and not compared.agree:
            raise SystemExit(DIFFER)

    async def _ask(self, source: Assigned, wanted: Wanted) -> tuple[VendorReport, Compared | None]:
        provider = connect(source)
        try:
            report = await fetch(Asking(provider, lambda words: self.stderr.write(words)), wanted, now_ms())
            return report, await beside_ours(source.organisation, source.name, wanted, report.tellings)
        finally:
            await provider.close()
            await let_go()

    def _table(self, rows: list[Row]) -> None:
        if rows:
            table = csv.DictWriter(self.stdout, list(rows[0]))
            table.writeheader()
            table.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)

    def _tell(self, report: VendorReport, compared: Compared | None) -> None:
        say = self.stderr.write
        if report.lacking:
            say(f"NOT COMPLETE: {report.lacking}.")
        if report.unreadable:
            say(f"{report.unreadable} rows could not be read.")
        if compared is None:
            say(f"The telephone system says {len(report.rows)} rows.")
            return
        say(f"The telephone system says {compared.vendor}, we have {compared.ours}{': they agree.' if compared.agree else '.'}")
        if compared.going_on:
            say(f"{compared.going_on} calls still go on and are not in the archive yet.")
        _list(say, "It has, and we do not", compared.vendor_alone)
        _list(say, "We have, and it does not", compared.ours_alone)
        for each in compared.differing[:LISTED]:
            told = "; ".join(f"{name}: it says {theirs}, we {ours}" for name, (theirs, ours) in each.fields.items() if "number" not in name)
            say(f"{each.id_call} differs: {told or 'in its number'}")
        if len(compared.differing) > LISTED:
            say(f"... and {len(compared.differing) - LISTED} more differ.")


def _list(say: Any, words: str, ids: Iterable[str]) -> None:
    told = list(ids)
    if told:
        more = f" and {len(told) - LISTED} more" if len(told) > LISTED else ""
        say(f"{words} ({len(told)}): {', '.join(told[:LISTED])}{more}")


def _instant(option: str, text: str, zone: ZoneInfo, *, end: bool) -> int:
    try:
        if len(text) == len("2026-05-18"):
            day = date.fromisoformat(text) + timedelta(days=1 if end else 0)
            return round(datetime.combine(day, time(), zone).timestamp() * 1000)
        told = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{option} must be a day or a time such as 2026-05-18T09:00; it was {text!r}.", returncode=2) from None
    return round((told if told.tzinfo is not None else told.replace(tzinfo=zone)).timestamp() * 1000)


def _party(option: str, text: str | None) -> Any:
    try:
        return party_of(text) if text is not None else None
    except ValueError:
        raise CommandError(
            f"{option} must be an id such as 111834, or a:998877 for an account id; it was {text!r}.", returncode=2
        ) from None


def _readable(row: Row, zone: ZoneInfo, *, whole: bool) -> Row:
    """Instants in the organisation's zone; numbers without their last digits."""
    told = dict(row)
    for name, value in row.items():
        if name in INSTANTS and isinstance(value, int):
            told[name] = datetime.fromtimestamp(value / 1000, zone).isoformat(timespec="milliseconds")
        elif name == "number" and isinstance(value, str) and not whole:
            told[name] = f"{value[:-4]}\u2026" if len(value) > 6 else "\u2026"
    return told


def _harmless(value: object) -> object:
    """Names and numbers are other people's words: no spreadsheet shall calculate them."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" \u00a0").startswith(FORMULA) else value
