"""One run of a backfill in this process, against an upstream of the test's own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection

from stats.history.backfill_tables import BackfillDay
from stats.history.shelf import let_go
from stats.ingest.asking import Asking
from stats.ingest.backfill import Backfill, Outcome
from stats.management.backfilling import days_of
from stats.models import Organisation
from stats.providers.base import LiveProvider, SourceConfig
from stats.providers.registry import PROVIDERS
from tests.backfill.month import FIRST, LAST, NOW_MS, ORGANISATION, SOURCE, TOKEN, ZONE


class Unplugged(Exception):
    """The run was ended in the middle."""


@dataclass
class Heard:
    """What a run said; it ends in the middle after `stop_after` parts."""

    lines: list[str] = field(default_factory=list)
    parts: int = 0
    stop_after: int | None = None

    def moved(self, day: BackfillDay, at_ms: int) -> None:
        """A part is kept."""
        self.parts += 1
        if self.stop_after is not None and self.parts >= self.stop_after:
            raise Unplugged

    def ended(self, day: BackfillDay) -> None:
        """A day was read."""

    def say(self, words: str) -> None:
        """Why it waits."""
        self.lines.append(words)


def in_a_thread(question: Callable[..., Any]) -> Callable[..., Any]:
    """A question to the database in a thread of its own, whose connection is closed."""

    def ask(*given: Any, **named: Any) -> Any:
        try:
            return question(*given, **named)
        finally:
            connection.close()

    return sync_to_async(ask, thread_sensitive=False)


def provider_of(historic_url: str) -> LiveProvider:
    """The vendor at that address."""
    return PROVIDERS["telavox"](SourceConfig(name=SOURCE, live_url="ws://127.0.0.1:1", historic_url=historic_url, token=TOKEN))


async def fill(
    historic_url: str,
    *,
    first: str = FIRST,
    last: str = LAST,
    zone: str = ZONE,
    now_ms: int = NOW_MS,
    again: bool = False,
    backwards: bool = False,
    heard: Heard | None = None,
    page: int | None = None,
    most: int | None = None,
) -> Outcome:
    """Read these days. `most`: how long a part may be, ms."""
    heard = heard or Heard()
    made = {"name": "Here", "timezone": zone}
    organisation, _ = await in_a_thread(Organisation.objects.get_or_create)(slug=ORGANISATION, defaults=made)
    days = days_of(first, last, organisation, now_ms)
    provider = provider_of(historic_url)
    asking = Asking(provider, heard.say)
    if page is not None:
        asking.page = page
    run = Backfill(asking, ORGANISATION, SOURCE, now=lambda: now_ms, watch=heard, say=heard.say)
    if most is not None:
        run.longest_ms = most
    try:
        return await run.run(list(reversed(days)) if backwards else days, again=again)
    finally:
        await provider.close()
        await let_go()
