"""What is wrong, since when, and what to do: one judgement for the health page, the API, the doctor and whoever else asks.

Rules that hold here: what could not be asked is not judged, the fault that kept us from asking is; the worst comes first; a sentence
names sources by their names, whoever paused one, and nobody else; every sentence is in SAY, so that it can be translated.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from stats.domain.audit import AuditReport
from stats.domain.facts import SourceFacts
from stats.domain.freshness import LATE_AFTER_MS
from stats.domain.roll import Roll

Level = Literal["bad", "note"]
Facts = Mapping[str, str | int]

FULL, NEARLY_FULL = 0.9, 0.75
BACKLOG_NOTE, BACKLOG_BAD = 200, 2_000
SLOW_LOOP_MS = 1_000
AUDIT_SILENT_MS = 5 * 60_000
DISK_LOW_MB = 500
BAD_STATES = ("auth_error", "config_error", "down", "stale")

# code -> (what is so, what to do about it). Words in braces are filled in; `since` is a time of day.
SAY: Mapping[str, tuple[str, str]] = {
    "fine": ("Everything works. {open} of {all} sockets are open; the last frame came {ago} ago.", ""),
    "fine_quiet": ("Everything works. {open} of {all} sockets are open; no call has been told yet.", ""),
    "clock_shifted": (
        "CLOCK_OFFSET_S SHIFTS TIME BY {offset} S. IT IS FOR TESTS ALONE. Every number is of another time.",
        "Take CLOCK_OFFSET_S out of the settings and start again.",
    ),
    "store_away": (
        "The store of numbers (Redis) does not answer, since {since}. Boards keep their last numbers and say so.",
        "See that Redis runs and that REDIS_URL is right; everything then goes on by itself.",
    ),
    "store_policy": (
        "Redis may throw numbers away when it is full: maxmemory-policy is {policy}.",
        "Set maxmemory-policy noeviction.",
    ),
    "store_full": (
        "Redis is full: {share} % of the memory it may take is taken. New numbers are refused, and boards turn late.",
        "Raise maxmemory, or give the wallboard a Redis of its own.",
    ),
    "store_nearly_full": ("Redis has taken {share} % of the memory it may take.", "Raise maxmemory before it is full."),
    "store_replica": (
        "The Redis at REDIS_URL is a replica and takes no writes.",
        "Give the address of the primary, or of the Sentinels that know it.",
    ),
    "database_away": (
        "The database does not answer, since {since}. Boards go on; nobody new can log in, and ended calls wait to be kept.",
        "See that the database runs and that DATABASE_URL is right; what waits is then kept by itself.",
    ),
    "migrations": ("{n} changes of the database's tables wait.", "Run `manage.py migrate`; `manage.py up` does it at every start."),
    "nothing_configured": (
        "No telephone system is connected.",
        "Add a source at /sources/, or give TELAVOX_TOKEN and start again.",
    ),
    "worker_never": ("No collector has ever reported.", "Start `manage.py up`, or `manage.py ingest`, and see what it writes."),
    "worker_silent": (
        "The collector has been silent; it last reported {since}. Boards are late, and say so.",
        "See that `manage.py up` or `manage.py ingest` runs, and what it wrote last; a new one goes on where this one ended.",
    ),
    "worker_slow": ("The collector {name} is busy: its timers were up to {ms} ms late.", "See what else runs on that machine."),
    "source_auth_error": (
        "{source} refuses our token (401).",
        "Make a new one at your telephone system and replace it at /sources/ (Telavox: Settings, My Account, Username and password, "
        "Integration, Manage Token, Create new Statistics Token; where it comes from TELAVOX_TOKEN, there).",
    ),
    "source_config_error": (
        "{source} does not know the path of a feed; the others go on.",
        "Correct its address at /sources/, or in TELAVOX_LIVE_URL.",
    ),
    "source_down": (
        "{source} cannot be reached; last heard {since}.",
        "Check the network, and its address at /sources/. What was missed is read when it is back.",
    ),
    "source_stale": (
        "{source}: {open} of {all} sockets are open. Numbers may be old; last heard {since}.",
        "Nothing yet: it reconnects by itself and reads what was missed. If it lasts, check the network.",
    ),
    "source_connecting": ("{source} is being connected; no good handshake yet.", "Wait a minute; then check the network."),
    "source_paused": (
        "{source} is paused, by {who} since {since}. Nothing of it is read or counted.",
        "Let it go on at /sources/ when it is to count again; what it missed of today is then read.",
    ),
    "source_paused_plain": (
        "{source} is paused. Nothing of it is read or counted.",
        "Let it go on at /sources/ when it is to count again; what it missed of today is then read.",
    ),
    "source_seeding": ("{source} is connected, and the day so far is being read.", "Nothing: it takes seconds to minutes."),
    "batch_overdue": (
        "{source}: the hourly batch of presence is overdue.",
        "Nothing: it is asked of the history. Times in state of past hours may be missing till then.",
    ),
    "not_exact": (
        "{source}: today's numbers are not yet proven complete.",
        "Nothing: the proof comes with a second reading, minutes after the first.",
    ),
    "drift": (
        "{source} has changed fields we ask for; we go on without: {fields}.",
        "Ask for an update of the wallboard.",
    ),
    "foreign_tenant": (
        "{source} sent {n} documents of another customer. They were dropped.",
        "Tell the vendor, and see that the token is of the right account.",
    ),
    "quarantine": (
        "{source}: {n} frames or rows could not be read and were put aside ({reasons}).",
        "Nothing else suffers. If the number grows, ask for an update of the wallboard.",
    ),
    "backlog": ("{n} ended calls wait to be kept in the database.", "Nothing is lost: they are kept as soon as the database takes them."),
    "backlog_bad": (
        "{n} ended calls wait to be kept in the database.",
        "See that the database answers and that its disk has room. Calls are held until then.",
    ),
    "lies_now": (
        "{n} numbers differ from their recount since {since}, the worst of them {worst}: {shown} is shown, {recounted} is right.",
        "The sums are made anew by themselves, once an hour at most; `manage.py recount --fix` does it at once. Please report it.",
    ),
    "lies_today": ("A wrong number was shown for {seconds} s today. It has been put right.", "Please report it."),
    "audit_silent": (
        "Nothing has been recounted since {since}.",
        "See what the collector wrote last; the numbers may be right all the same.",
    ),
    "screens_slow": ("{n} screens do not answer; they are told nothing more until they do.", "Look at their network."),
    "disk_low": (
        "The disk of {place} has {mb} MB left.",
        "Make room. Boards go on meanwhile; what is to be kept waits.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing worth saying. `since` is epoch ms; `values` fill the sentence."""

    code: str
    level: Level
    about: str
    since: int | None = None
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What could be found out; None is what could not. `sources` carry the state that is shown of them. Instants are epoch ms."""

    now: int
    clock_offset_s: float = 0.0
    store: Facts | None = None
    store_away_since: int | None = None
    database_away_since: int | None = None
    migrations: int = 0
    configured: int | None = None
    sources: tuple[SourceFacts, ...] = ()
    worker_seen_at: int = 0
    roll: Roll | None = None
    unkept: int | None = None
    quarantined: Mapping[tuple[str, str], int] = field(default_factory=dict)
    audit: AuditReport | None = None
    disk_place: str = ""
    disk_free_mb: int | None = None


def diagnose(vitals: Vitals) -> list[Finding]:
    """Everything worth saying, the worst first; nothing when all is well."""
    found = [
        *_of_engines(vitals),
        *_of_worker(vitals),
        *(finding for source in vitals.sources for finding in _of_source(source, vitals)),
        *_of_numbers(vitals),
    ]
    return sorted(found, key=lambda finding: finding.level != "bad")


def headline(vitals: Vitals) -> Finding:
    """The first finding that is bad, or that all is well."""
    for finding in diagnose(vitals):
        if finding.level == "bad":
            return finding
    at_work = [source for source in vitals.sources if source.state != "paused"]
    if vitals.sources and not at_work:
        return _paused(vitals.sources[0])
    sockets = [socket for source in at_work for socket in source.sockets.values()]
    newest = max((socket.last_frame for socket in sockets if socket.last_frame is not None), default=None)
    values = {"open": sum(1 for socket in sockets if socket.state == "open"), "all": len(sockets)}
    return Finding(code="fine" if newest is not None else "fine_quiet", level="note", about="all", since=newest, values=values)


def _of_engines(vitals: Vitals) -> Iterator[Finding]:
    if vitals.clock_offset_s:
        yield Finding(code="clock_shifted", level="bad", about="clock", values={"offset": f"{vitals.clock_offset_s:g}"})
    if vitals.store_away_since is not None:
        yield Finding(code="store_away", level="bad", about="store", since=vitals.store_away_since)
    elif vitals.store is not None:
        yield from _of_store(vitals.store)
    if vitals.database_away_since is not None:
        yield Finding(code="database_away", level="bad", about="database", since=vitals.database_away_since)
    if vitals.migrations:
        yield Finding(code="migrations", level="bad", about="database", values={"n": vitals.migrations})
    if vitals.configured == 0:
        yield Finding(code="nothing_configured", level="bad", about="sources")
    if vitals.disk_free_mb is not None and vitals.disk_free_mb < DISK_LOW_MB:
        yield Finding(code="disk_low", level="bad", about="disk", values={"place": vitals.disk_place, "mb": vitals.disk_free_mb})


def _of_store(store: Facts) -> Iterator[Finding]:
    policy, most, used = str(store.get("maxmemory_policy", "")), int(store.get("maxmemory", 0)), int(store.get("used_memory", 0))
    if policy not in ("", "noeviction"):
        yield Finding(code="store_policy", level="bad", about="store", values={"policy": policy})
    if store.get("role") in ("slave", "replica"):
        yield Finding(code="store_replica", level="bad", about="store")
    share = used / most if most else 0.0
    if share >= NEARLY_FULL:
        code, level = ("store_full", "bad") if share >= FULL else ("store_nearly_full", "note")
        yield Finding(code=code, level="bad" if level == "bad" else "note", about="store", values={"share": round(share * 100)})


def _of_worker(vitals: Vitals) -> Iterator[Finding]:
    if vitals.store_away_since is not None or vitals.configured == 0:
        return
    if not vitals.worker_seen_at:
        yield Finding(code="worker_never", level="bad", about="worker")
    elif vitals.now - vitals.worker_seen_at >= LATE_AFTER_MS:
        yield Finding(code="worker_silent", level="bad", about="worker", since=vitals.worker_seen_at)
    for worker in vitals.roll.workers if vitals.roll is not None else ():
        if worker.loop_lag_ms >= SLOW_LOOP_MS:
            yield Finding(code="worker_slow", level="note", about="worker", values={"name": worker.name, "ms": worker.loop_lag_ms})


def _of_source(source: SourceFacts, vitals: Vitals) -> Iterator[Finding]:
    about, named = f"source {source.name}", {"source": source.name.capitalize()}
    alive = [socket.alive_at for socket in source.sockets.values() if socket.calls or socket.presence]
    heard = min((at for at in alive if at is not None), default=None)
    silent = vitals.now - vitals.worker_seen_at >= LATE_AFTER_MS
    if source.state in BAD_STATES and not (source.state == "stale" and (silent or vitals.store_away_since is not None)):
        counts = {"open": sum(1 for s in source.sockets.values() if s.state == "open"), "all": len(source.sockets)}
        yield Finding(code=f"source_{source.state}", level="bad", about=about, since=heard, values={**named, **counts})
    elif source.state in ("connecting", "seeding"):
        yield Finding(code=f"source_{source.state}", level="note", about=about, values=named)
    elif source.state == "paused":
        yield _paused(source)
    elif source.known and not source.exact:
        yield Finding(code="not_exact", level="note", about=about, values=named)
    if source.state != "paused" and any(socket.overdue for socket in source.sockets.values()):
        yield Finding(code="batch_overdue", level="note", about=about, values=named)
    if source.drift:
        yield Finding(code="drift", level="note", about=about, values={**named, "fields": ", ".join(source.drift)})
    reasons = {why: n for (name, why), n in vitals.quarantined.items() if name == source.name and n}
    if foreign := reasons.pop("foreign_tenant", 0):
        yield Finding(code="foreign_tenant", level="bad", about=about, values={**named, "n": foreign})
    if reasons:
        listed = ", ".join(f"{why} {n}" for why, n in sorted(reasons.items()))
        yield Finding(code="quarantine", level="note", about=about, values={**named, "n": sum(reasons.values()), "reasons": listed})


def _paused(source: SourceFacts) -> Finding:
    """By whom and since when, where its report tells: a feed that was open is away since then, one that was lost for longer."""
    since = max((socket.away_since for socket in source.sockets.values() if socket.away_since is not None), default=None)
    values, about = {"source": source.name.capitalize()}, f"source {source.name}"
    if since is None or not source.reason:
        return Finding(code="source_paused_plain", level="note", about=about, since=since, values=values)
    return Finding(code="source_paused", level="note", about=about, since=since, values={**values, "who": source.reason})


def _of_numbers(vitals: Vitals) -> Iterator[Finding]:
    if vitals.unkept is not None and vitals.unkept >= BACKLOG_NOTE:
        bad = vitals.unkept >= BACKLOG_BAD
        yield Finding(
            code="backlog_bad" if bad else "backlog", level="bad" if bad else "note", about="archive", values={"n": vitals.unkept}
        )
    audit = vitals.audit
    if audit is not None and audit.different:
        values: dict[str, str | int] = {
            "n": audit.different,
            "worst": audit.worst,
            "shown": audit.shown or 0,
            "recounted": audit.recounted or 0,
        }
        yield Finding(code="lies_now", level="bad", about="numbers", since=audit.since, values=values)
    elif audit is not None and audit.lie_seconds_today >= 1:
        yield Finding(code="lies_today", level="note", about="numbers", values={"seconds": round(audit.lie_seconds_today)})
    alive = vitals.store_away_since is None and vitals.now - vitals.worker_seen_at < LATE_AFTER_MS
    if audit is not None and alive and vitals.now - audit.at >= AUDIT_SILENT_MS:
        yield Finding(code="audit_silent", level="note", about="numbers", since=audit.at)
    slow = sum(web.slow for web in vitals.roll.webs) if vitals.roll is not None else 0
    if slow:
        yield Finding(code="screens_slow", level="note", about="boards", values={"n": slow})
