"""Says in plain words what is configured, reachable, stale or wrong."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import ERROR, WARNING, run_checks
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor

from stats import vault
from stats.clock import now_ms, offset_s
from stats.domain.board import LATE_AFTER_MS
from stats.domain.facts import SocketFacts, SourceFacts
from stats.live.board_store import Store, StoreAway
from stats.live.mirror import Mirror
from stats.live.server import RedisAway, require_redis
from stats.models import Organisation, Source

Verdict = Literal["ok", "note", "wrong"]
MARKS: dict[Verdict, str] = {"ok": "   ok", "note": " note", "wrong": "WRONG"}
ANSWER_WITHIN_S = 8.0
# How each word of a source's health reads, and whether somebody must do something.
STATES: dict[str, tuple[Verdict, str]] = {
    "live": ("ok", "live"),
    "seeding": ("note", "connected, reading the day so far"),
    "connecting": ("note", "connecting, no good handshake yet"),
    "stale": ("wrong", "stale: a connection is lost or has gone silent, numbers may be old"),
    "down": ("wrong", "cannot be reached; check the network, and TELAVOX_LIVE_URL and TELAVOX_HISTORIC_URL"),
    "auth_error": (
        "wrong",
        "the vendor refuses our token (401). Make a new one: Telavox, Settings, My Account, Username and password, Integration, "
        "Manage Token, Create new Statistics Token; then give it as TELAVOX_TOKEN and start again",
    ),
    "config_error": ("wrong", "the vendor does not know the path of a feed; check TELAVOX_LIVE_URL"),
}
SOCKETS = {"open": "open", "connecting": "connecting", "away": "lost", "refused": "refused (401)", "config": "unknown path"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    verdict: Verdict
    about: str
    words: str


class Command(BaseCommand):
    """`manage.py doctor`"""

    help = "Says in plain words what is configured, reachable, stale or wrong; exit 1 when something is wrong."
    # It runs the checks itself, and reports them with the rest.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit 0 when nothing is wrong."""
        wrong = 0
        for finding in findings():
            wrong += finding.verdict == "wrong"
            self.stdout.write(f"{MARKS[finding.verdict]}  {finding.about}: {finding.words}")
        self.stdout.write("" if not wrong else f"\n{wrong} thing{'s are' if wrong > 1 else ' is'} wrong.")
        if wrong:
            raise SystemExit(1)


def findings() -> Iterator[Finding]:
    """Everything there is to say, the foundations first."""
    yield from _of_the_clock()
    yield from _of_settings()
    database = list(_of_database())
    yield from database
    if any(finding.verdict == "wrong" for finding in database):
        return
    organisations = list(Organisation.objects.order_by("slug"))
    if not organisations:
        yield Finding("wrong", "organisation", "there is none yet; `manage.py up` makes the first")
    for organisation in organisations:
        yield from _of_configuration(organisation)
    try:
        url = require_redis()
    except RedisAway as why:
        yield Finding("wrong", "Redis", str(why))
        return
    yield Finding("ok", "Redis", f"answers at {_without_secrets(url)}")
    try:
        yield from asyncio.run(_of_life(url, [(o.slug, o.timezone) for o in organisations]))
    except (StoreAway, TimeoutError) as why:
        yield Finding("wrong", "Redis", f"answered a ping, but not our questions ({type(why).__name__})")


def _of_the_clock() -> Iterator[Finding]:
    offset = offset_s()
    if offset:
        yield Finding(
            "wrong", "CLOCK", f"CLOCK_OFFSET_S SHIFTS TIME BY {offset:g} S. IT IS FOR TESTS ALONE. Every number belongs to another day."
        )


def _of_settings() -> Iterator[Finding]:
    where = f"port {settings.PORT}, files under {settings.VAR_DIR}, hosts {', '.join(settings.ALLOWED_HOSTS)}"
    yield Finding("ok", "settings", where)
    for message in run_checks():
        if message.level >= WARNING:
            hint = f" {message.hint}" if message.hint else ""
            yield Finding("wrong" if message.level >= ERROR else "note", str(message.id), f"{message.msg}{hint}")


def _of_database() -> Iterator[Finding]:
    engine = str(settings.DATABASES["default"]["ENGINE"]).rpartition(".")[2]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except (DatabaseError, InterfaceError) as why:
        yield Finding("wrong", "database", f"{engine} does not answer ({type(why).__name__}); check DATABASE_URL")
        return
    if waiting:
        yield Finding(
            "wrong",
            "database",
            f"{engine} answers, but {waiting} changes of its tables wait; `manage.py up` or `manage.py migrate` makes them",
        )
    else:
        yield Finding("ok", "database", f"{engine} answers and is up to date")


def _of_configuration(organisation: Organisation) -> Iterator[Finding]:
    sources = list(Source.objects.filter(organisation=organisation).order_by("name"))
    yield Finding("ok", f"organisation {organisation.slug}", f"its days are those of {organisation.timezone}")
    if not any(source.enabled for source in sources):
        yield Finding("wrong", f"organisation {organisation.slug}", "no telephone system is connected; give TELAVOX_TOKEN and start again")
    for source in sources:
        about = f"source {source.name}"
        if not source.enabled:
            yield Finding("note", about, "is turned off")
            continue
        try:
            given = bool(source.token)
        except vault.Unreadable:
            yield Finding("wrong", about, "its token cannot be unsealed, for the key is gone; give the token again, or VAULT_KEYS")
            continue
        if not given:
            yield Finding("wrong", about, "has no token")
        else:
            hosts = " and ".join(sorted({urlsplit(url).netloc for url in (source.live_url, source.historic_url) if url}))
            yield Finding("ok", about, f"{source.provider}, a token is kept sealed; speaks to {hosts or 'the usual address'}")


async def _of_life(url: str, organisations: list[tuple[str, str]]) -> list[Finding]:
    store = Store(url)
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            found: list[Finding] = []
            for slug, timezone in organisations:
                now = now_ms()
                mirror = Mirror(store, slug, timezone)
                await mirror.refresh(now)
                counts = await store.quarantine_counts(slug)
                found += _of_worker(mirror, slug, now)
                for source in mirror.facts.sources.values():
                    found += _of_source(source, now)
                    kept = {why: number for (name, why), number in counts.items() if name == source.name and number}
                    if kept:
                        listed = ", ".join(f"{why} {number}" for why, number in sorted(kept.items()))
                        found.append(Finding("note", f"source {source.name}", f"unreadable frames kept aside: {listed}"))
            return found
    finally:
        await store.close()


def _of_worker(mirror: Mirror, slug: str, now: int) -> Iterator[Finding]:
    seen = mirror.worker_seen_at
    if not seen:
        yield Finding("wrong", f"worker of {slug}", "has never reported; is `manage.py up` or `manage.py ingest` running?")
    elif now - seen >= LATE_AFTER_MS:
        yield Finding("wrong", f"worker of {slug}", f"last reported {_ago(seen, now)}; is `manage.py up` or `manage.py ingest` running?")
    else:
        yield Finding("ok", f"worker of {slug}", f"reported {_ago(seen, now)}")


def _of_source(source: SourceFacts, now: int) -> Iterator[Finding]:
    about = f"source {source.name}"
    verdict, words = STATES.get(source.state, ("wrong", source.state))
    if now - source.written_at >= LATE_AFTER_MS:
        yield Finding("wrong", about, f"was {source.state} {_ago(source.written_at, now)}, and nothing has been heard of it since")
    else:
        reason = f" ({source.reason})" if source.reason and verdict != "ok" else ""
        yield Finding(verdict, about, words + reason)
    if source.sockets:
        yield Finding(
            verdict if verdict == "ok" else "note", about, "; ".join(_socket(n, s, now) for n, s in sorted(source.sockets.items()))
        )
    if source.known and not source.exact:
        yield Finding("note", about, "today's numbers are shown, but not yet proven complete")
    if source.drift:
        yield Finding("note", about, f"the vendor's history has lost fields we ask for; we go on without: {', '.join(source.drift)}")
    for name, socket in source.sockets.items():
        if socket.overdue:
            yield Finding("wrong", about, f"/{name} should have sent its hourly batch, last frame {_ago(socket.last_frame, now)}")


def _socket(name: str, socket: SocketFacts, now: int) -> str:
    return f"/{name} {SOCKETS.get(socket.state, socket.state)}, last frame {_ago(socket.last_frame, now)}"


def _ago(instant: int | None, now: int) -> str:
    if not instant:
        return "never"
    seconds = max(0, now - instant) // 1000
    if seconds < 120:
        return f"{seconds} s ago"
    return f"{seconds // 60} min ago" if seconds < 7200 else f"{seconds // 3600} h ago"


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    return (
        parts.path
        if parts.scheme == "unix"
        else f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
    )
