"""What the doctor looks at: the foundations, the configuration, and, as everybody else who judges, the vitals of each organisation.

Rules that hold here: each finding is one line that says what, since when and what to do; what is away keeps nothing else from being
looked at; no secret is ever said.
"""

import asyncio
import shutil
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.checks import ERROR, WARNING, run_checks
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor

from stats import vault
from stats.clock import now_ms, offset_s
from stats.domain import checkup
from stats.domain.checkup import Vitals, diagnose
from stats.domain.facts import SocketFacts, SourceFacts
from stats.live.address import read_address, shown
from stats.live.board_store import Store, StoreAway
from stats.live.inspection import Inspection
from stats.live.mirror import Mirror
from stats.live.rollcall import RollCall
from stats.live.server import RedisAway, require_redis
from stats.live.unkept import Unkept
from stats.management.telling import ago, instant
from stats.models import Organisation, Source
from stats.providers.registry import COMPANIES

Verdict = Literal["ok", "note", "wrong"]
ANSWER_WITHIN_S = 8.0
MB = 1_048_576
SOCKETS = {"open": "open", "connecting": "connecting", "away": "lost", "refused": "refused (401)", "config": "unknown path"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    verdict: Verdict
    about: str
    words: str


def findings() -> Iterator[Finding]:
    """Everything there is to say, the foundations first."""
    if offset_s():
        yield Finding("wrong", "CLOCK", _say("clock_shifted", offset=f"{offset_s():g}"))
    yield from _of_settings()
    yield from _of_disk()
    yield from _of_database()
    try:
        organisations = list(Organisation.objects.order_by("slug"))
        if not organisations:
            yield Finding("wrong", "organisation", "there is none yet; `manage.py up` makes the first")
        for organisation in organisations:
            yield from _of_configuration(organisation)
        wanted = [(o.slug, o.timezone) for o in organisations]
    except (DatabaseError, InterfaceError):
        # What is in Redis can be judged all the same.
        wanted = [("default", str(settings.ORG_TIMEZONE))]
    try:
        url = require_redis()
    except RedisAway as why:
        yield Finding("wrong", "Redis", f"{why} {_hangs()}".rstrip())
        return
    try:
        yield from asyncio.run(_of_life(url, wanted))
    except (StoreAway, TimeoutError) as why:
        yield Finding("wrong", "Redis", f"answered a ping, but not our questions ({type(why).__name__})")


def _say(code: str, **values: str | int) -> str:
    words, do = checkup.SAY[code]
    return f"{words} {do}".format(**values).rstrip()


def _of_settings() -> Iterator[Finding]:
    where = f"port {settings.PORT}, files under {settings.VAR_DIR}, hosts {', '.join(settings.ALLOWED_HOSTS)}"
    yield Finding("ok", "settings", where)
    for message in run_checks():
        if message.level >= WARNING:
            hint = f" {message.hint}" if message.hint else ""
            yield Finding("wrong" if message.level >= ERROR else "note", str(message.id), f"{message.msg}{hint}")


def _of_disk() -> Iterator[Finding]:
    place = Path(settings.VAR_DIR)
    try:
        free = shutil.disk_usage(place).free // MB
    except OSError as why:
        yield Finding("wrong", "disk", f"{place} cannot be looked at ({type(why).__name__}); check VAR_DIR")
        return
    if free < checkup.DISK_LOW_MB:
        yield Finding("wrong", "disk", _say("disk_low", place=str(place), mb=free))
    else:
        yield Finding("ok", "disk", f"{place} has {free:,} MB left".replace(",", " "))


def _of_database() -> Iterator[Finding]:
    engine = str(settings.DATABASES["default"]["ENGINE"]).rpartition(".")[2]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())" if connection.vendor == "postgresql" else "SELECT 1")
            (told,) = cursor.fetchone()
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except (DatabaseError, InterfaceError) as why:
        what = "See that it runs and that DATABASE_URL is right; boards go on meanwhile."
        yield Finding("wrong", "database", f"{engine} does not answer ({type(why).__name__}). {what}")
        return
    if waiting:
        yield Finding("wrong", "database", f"{engine} answers, but {_say('migrations', n=waiting)}")
        return
    size = int(told) if connection.vendor == "postgresql" else _size_of(str(settings.DATABASES["default"]["NAME"]))
    yield Finding("ok", "database", f"{engine} answers and is up to date; it holds {size / MB:.1f} MB")


def _size_of(file: str) -> int:
    try:
        return Path(file).stat().st_size
    except OSError:
        return 0


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
        company = COMPANIES.get(source.provider)
        if not given and not (company is not None and company.token_optional):
            yield Finding("wrong", about, "has no token; give it in the administration, or TELAVOX_TOKEN")
        else:
            hosts = " and ".join(sorted({urlsplit(url).netloc for url in (source.live_url, source.historic_url) if url}))
            kept = "a token is kept sealed" if given else "without a token"
            yield Finding("ok", about, f"{source.provider}, {kept}; speaks to {hosts or 'the usual address'}")
        if company is not None and company.hook is not None and not settings.PUBLIC_URL:
            words = f"{company.title} posts to us, and PUBLIC_URL does not say where; give the address it reaches us by"
            yield Finding("note", about, words)


def _hangs() -> str:
    """Whether somebody listens where Redis should be, and merely says nothing."""
    url = str(settings.REDIS_URL)
    if read_address(url).mode != "single":
        return ""
    parts = urlsplit(url)
    unix = parts.scheme == "unix"
    with closing(socket.socket(socket.AF_UNIX if unix else socket.AF_INET)) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(unquote(parts.path) if unix else (parts.hostname or "127.0.0.1", parts.port or 6379))
        except OSError:
            return ""
    return "Something listens there, but does not answer: it hangs, or is loading. Boards keep their last numbers and say so."


async def _of_life(url: str, organisations: list[tuple[str, str]]) -> list[Finding]:
    store = Store(url)
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            facts = await store.server_facts()
            most, used = int(facts["maxmemory"]), int(facts["used_memory"])
            room = f"{used // MB} of {most // MB} MB" if most else f"{used // MB} MB, no limit"
            policy = facts["maxmemory_policy"] or "policy unknown"
            words = f"answers at {shown(url)}: {facts['redis_version']}, {facts['role']}, {policy}, {room}"
            found = [Finding("ok", "Redis", words)]
            for number, (slug, timezone) in enumerate(organisations):
                vitals, lines = await _of_organisation(store, slug, timezone)
                # Redis is one for all of them.
                told = diagnose(replace(vitals, store=facts if number == 0 else None))
                found += lines
                for each in told:
                    values = {**each.values, "since": instant(each.since, vitals.now, timezone)}
                    about = {"worker": f"worker of {slug}", "store": "Redis"}.get(each.about, each.about)
                    found.append(Finding("wrong" if each.level == "bad" else "note", about, _say(each.code, **values)))
            return found
    finally:
        await store.close()


async def _of_organisation(store: Store, slug: str, timezone: str) -> tuple[Vitals, list[Finding]]:
    now = now_ms()
    mirror = Mirror(store, slug, timezone)
    await mirror.refresh(now)
    inspection, roll = Inspection(store, slug), await RollCall(store, slug).read()
    sources = tuple(source for _, source in sorted(mirror.facts.sources.items()))
    waiting = sum([await Unkept(store, slug, source.name).number() for source in sources])
    audit = await inspection.read_report()
    vitals = Vitals(
        now=now,
        sources=sources,
        worker_seen_at=mirror.worker_seen_at,
        roll=roll,
        unkept=waiting,
        quarantined=await store.quarantine_counts(slug),
        audit=audit,
    )
    lines = []
    if vitals.worker_seen_at:
        lines.append(Finding("ok", f"worker of {slug}", f"last reported {ago(vitals.worker_seen_at, now)}"))
    for worker in roll.workers:
        held, standby = ", ".join(worker.held) or "nothing", ", ".join(worker.standby) or "nothing"
        words = f"keeps {held}, stands by for {standby}; reported {ago(worker.written_at, now)}, its timers {worker.loop_lag_ms} ms late"
        lines.append(Finding("ok", f"worker {worker.name}", words))
    for source in sources:
        lines += _of_source(source, now, timezone, held=await inspection.is_held(source.name))
    if audit is not None:
        words = f"{audit.compared} numbers recounted {ago(audit.at, now)}; wrong for {audit.lie_seconds_today:.0f} s today"
        lines.append(Finding("ok", "numbers", f"{words}, for {audit.lie_seconds:.0f} s since the store began"))
    lines.append(Finding("ok", "archive", f"{waiting} ended calls wait to be kept"))
    return vitals, lines


def _of_source(source: SourceFacts, now: int, timezone: str, *, held: bool) -> Iterator[Finding]:
    about = f"source {source.name}"
    quiet = source.state in ("live", "seeding")
    if quiet:
        yield Finding("ok", about, f"{source.state}; {source.reason}" if source.reason else source.state)
    elif source.reason:
        yield Finding("note", about, source.reason)
    yield Finding(
        "ok" if held else "note", about, "a worker holds its lease" if held else "nobody holds its lease; a worker takes it within seconds"
    )
    if source.sockets:
        yield Finding("ok" if quiet else "note", about, "; ".join(_socket(n, s, now) for n, s in sorted(source.sockets.items())))
    lag = f", which lags by {source.lag_ms // 1000} s" if source.lag_ms is not None else ""
    if source.seeded_to is None:
        yield Finding("note", about, "the history API has not told the day yet")
    else:
        yield Finding("ok", about, f"the history API has told the day up to {instant(source.seeded_to, now, timezone)}{lag}")


def _socket(name: str, facts: SocketFacts, now: int) -> str:
    return f"/{name} {SOCKETS.get(facts.state, facts.state)}, last frame {ago(facts.last_frame, now)}"
