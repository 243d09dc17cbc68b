"""One ingest worker: keeps every source it can get the lease of. Run as many as you like, on as many machines."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from channels.db import database_sync_to_async
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.crypto import salted_hmac

from stats.garbage import look_seldom
from stats.history.assignments import Assigned
from stats.history.configuration import read_assignments_async
from stats.history.hooks import keep_secret
from stats.history.shelf import Shelf
from stats.ingest.attendance import Attendance
from stats.ingest.auditing import Auditing
from stats.ingest.recorder import Tape
from stats.ingest.supervisor import Supervisor, keep_going
from stats.live.board_store import Store
from stats.live.server import RedisAway, ensure_redis
from stats.live.vitals import LoopWatch
from stats.providers.base import LiveProvider, SourceConfig
from stats.providers.registry import PROVIDERS

log = structlog.get_logger(__name__)


def connect(assigned: Assigned) -> LiveProvider:
    """A provider for one source."""
    config = SourceConfig(
        name=assigned.name,
        live_url=assigned.live_url,
        historic_url=assigned.historic_url,
        token=assigned.token,
        default_region=assigned.default_region,
        second_token=assigned.second_token,
        settings=assigned.settings,
    )
    return PROVIDERS[assigned.provider](config)


def mark(assigned: Assigned) -> str:
    """Tells whether a source is still reached by the same address and token; says nothing of either."""
    return salted_hmac("wallboard.source", f"{assigned.live_url}\n{assigned.historic_url}\n{assigned.token}").hexdigest()[:16]


class Command(BaseCommand):
    """`manage.py ingest`"""

    help = "Runs one ingest worker until SIGTERM; any number may run."
    requires_system_checks = ()  # `up` has run them, and says what they say once

    def add_arguments(self, parser: CommandParser) -> None:
        """`--tape FILE` records what the sockets say."""
        parser.add_argument("--tape", metavar="FILE", help="also write every frame to FILE (raw: holds telephone numbers)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs until SIGTERM or SIGINT, then lets every lease go."""
        try:
            url = ensure_redis(settings.VAR_DIR)
        except RedisAway as why:
            raise CommandError(str(why)) from why
        tape = Tape(Path(options["tape"])) if options["tape"] else None
        look_seldom()
        asyncio.run(self._run(url, tape))

    async def _run(self, url: str, tape: Tape | None) -> None:
        store = Store(url)

        async def ask() -> Sequence[Assigned]:
            # An embedded server ends with the process that started it; whoever needs it next starts it again.
            if not await store.answers():
                ensure_redis(settings.VAR_DIR)
            return await read_assignments_async()

        async def keep(assigned: Assigned, secret: str) -> None:
            await database_sync_to_async(keep_secret)(assigned.hook_address, secret)

        supervisor = Supervisor(store, ask, connect, shelf_of=Shelf, tape=tape, mark=mark, keep_secret=keep)
        task = asyncio.create_task(supervisor.run())
        beside = self._beside(store, supervisor)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        log.info("ingest.started")
        try:
            await task
        except asyncio.CancelledError:
            log.info("ingest.stopped")
        finally:
            for each in beside:
                each.cancel()
            await store.close()
            if tape is not None:
                tape.close()

    def _beside(self, store: Store, supervisor: Supervisor) -> list[asyncio.Task[None]]:
        """What a worker does beside its sources: it recounts, and says that it is there."""

        def held() -> list[str]:
            return [organisation for organisation, (holds, _) in supervisor.duties().items() if holds]

        watch = LoopWatch()
        works = {
            "loop": watch.run,
            "audit": Auditing(store, held).run,
            "attendance": Attendance(store, supervisor.duties, watch).run,
        }
        return [asyncio.create_task(keep_going(name, work), name=name) for name, work in works.items()]
