"""Recomputes today's live numbers the slow way from the stored records, and prints every difference."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from stats.clock import now_ms
from stats.ingest.recount import Difference, differences
from stats.live.board_store import Store, StoreAway
from stats.live.server import RedisAway, require_redis
from stats.models import Organisation

TRIES = 3


class Command(BaseCommand):
    """`manage.py recount [--fix]`"""

    help = "Recomputes today's numbers from the stored records and prints what differs; exit 1 if anything does."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--fix` has the worker rebuild every sum."""
        parser.add_argument("--fix", action="store_true", help="have the worker rebuild every sum from the records")
        parser.add_argument("--organisation", metavar="SLUG", help="only this organisation (default: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit 0 when nothing differs."""
        try:
            url = require_redis()
        except RedisAway as why:
            raise CommandError(str(why)) from why
        wanted = Organisation.objects.all()
        if options["organisation"]:
            wanted = wanted.filter(slug=options["organisation"])
        names = [(o.slug, o.timezone) for o in wanted]
        if not names:
            raise CommandError("There is no such organisation.")
        try:
            found = asyncio.run(self._recount(url, names, fix=options["fix"]))
        except StoreAway as why:
            raise CommandError(f"Redis went away ({why}); nothing was changed.") from why
        if found:
            raise SystemExit(1)

    async def _recount(self, url: str, names: list[tuple[str, str]], *, fix: bool) -> int:
        store = Store(url)
        try:
            total = 0
            for slug, timezone in names:
                found: list[Difference] = []
                for _ in range(TRIES):
                    # Records and sums are read a moment apart while calls go on; only what differs each time differs.
                    again, calls = await differences(store, slug, timezone, now_ms())
                    found = again if not found else [d for d in again if d.name in {f.name for f in found}]
                    if not found:
                        break
                    await asyncio.sleep(0.5)
                for difference in found:
                    self.stdout.write(
                        f"{slug} {difference.scope} {difference.metric}: shown {difference.shown}, recounted {difference.recounted}"
                    )
                if not found:
                    self.stdout.write(f"{slug}: every number equals the recount of {calls} calls.")
                total += len(found)
                if found and fix:
                    for source in await store.entries(slug, "sources"):
                        await store.order(slug, source, "rebuild")
                    self.stdout.write(f"{slug}: the worker has been told to rebuild its sums; recount again in half a minute.")
            return total
        finally:
            await store.close()
