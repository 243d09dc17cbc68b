"""The health page: in plain words first whether everything works, then every part with its figures.

Rules that hold here: it works while Redis, the database or the collector is away, and says so; whoever was let in a while ago still is
while the database cannot be asked; nothing on it is a secret.
"""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from stats.domain.checkup import Finding
from stats.domain.facts import SourceFacts
from stats.domain.roll import ScreenReport, WebReport, WorkerReport
from wallboard.api.examination import Examined, examine
from wallboard.pages.diagnosis import about_words, instant, say
from wallboard.pages.frame import about_viewer, common, draw_plain, private
from wallboard.pages.sources import ORDER
from wallboard.pages.words import FEEDS, REASONS, SOCKET_STATES, SOURCE_STATES, ago, clock_time, day_and_time, iso, looked_at, spoken
from wallboard.push import admission
from wallboard.push.admission import DatabaseAway, Key

MOODS = {"live": "good", "connecting": "waiting", "seeding": "waiting", "paused": "waiting"}
MOST_SCREENS = 100
ASK_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """Somebody whose login cannot be looked up now, and who was let in a while ago."""

    is_authenticated: bool = True
    is_active: bool = True
    is_staff: bool = False


async def page(request: HttpRequest) -> HttpResponse:
    """GET /health/"""
    secret = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    try:
        known = await admission.passed(Key("person", secret)) if 0 < len(secret) <= admission.LONGEST_KEY else None
    except DatabaseAway:
        request.user = AnonymousUser()
        return draw_plain(request, 503, _("The database does not answer"), _("Boards go on. Try again in a few seconds."))
    if known is None:
        request.user = AnonymousUser()
        return private(HttpResponseRedirect(reverse("login") + "?" + urlencode({"next": request.get_full_path()})))
    request.user = await _person(request)
    found = await examine(known.organisation)
    template = "_health.html" if "part" in request.GET else "health.html"
    context = {**common("health"), **about_viewer(known.viewer), **told(found)}
    return private(HttpResponse(render_to_string(f"app/{template}", context, request)))


async def _person(request: HttpRequest) -> Any:
    try:
        async with asyncio.timeout(ASK_WITHIN_S):
            person = await request.auser()
    except (DatabaseError, InterfaceError, TimeoutError):
        return Remembered()
    return person if person.is_authenticated else Remembered()


def told(found: Examined) -> dict[str, Any]:
    """Everything the template shows, in words."""
    vitals, now, zone = found.vitals, found.vitals.now, found.timezone
    words, do = say(found.headline, now, zone)
    bad = any(each.level == "bad" for each in found.findings)
    return {
        "now": now,
        "at": clock_time(now, zone),
        "mood": "bad" if bad else "good",
        "headline": words,
        "headline_do": do,
        "findings": [_finding(each, now, zone) for each in found.findings],
        "sources": [_source(each, found) for each in vitals.sources],
        "worker": _worker(found),
        "workers": [_worker_line(each, now) for each in vitals.roll.workers] if vitals.roll is not None else [],
        "store": _store(found),
        "archive": _archive(found),
        "webs": [_web_line(each, now) for each in vitals.roll.webs] if vitals.roll is not None else [],
        "screens": _screens(found),
        "unlisted": _unlisted(found),
        "recount": _recount(found),
    }


def _finding(finding: Finding, now: int, zone: str) -> dict[str, str]:
    words, do = say(finding, now, zone)
    return {"level": finding.level, "code": finding.code, "about": about_words(finding.about), "words": words, "do": do}


def _source(source: SourceFacts, found: Examined) -> dict[str, Any]:
    vitals, zone = found.vitals, found.timezone
    now = vitals.now
    feeds = [feed for feed in ORDER if feed in source.sockets] + sorted(set(source.sockets) - set(ORDER))
    quarantined = sorted((why, n) for (name, why), n in vitals.quarantined.items() if name == source.name and n)
    facts = [
        (_("Day read up to"), day_and_time(source.seeded_to, zone)),
        (_("Proven complete"), _("yes") if source.exact else _("not yet")),
        (_("History lags the stream by"), spoken(source.lag_ms / 1000) if source.lag_ms is not None else _("not known")),
        (_("Hourly slots complete to"), instant(source.slots_to, now, zone) if source.slots_to else _("not known")),
        (_("Kept by"), found.holders.get(source.name) or (_("nobody") if vitals.store is not None else _("not known"))),
        (_("Collector last reported"), ago(source.written_at or None, now)),
        (_("Unreadable, kept aside"), ", ".join(f"{why}: {n}" for why, n in quarantined) or _("none")),
    ]
    if source.tenant and source.tenant != "*":
        facts.append((_("The vendor's customer"), source.tenant))
    if source.drift:
        facts.append((_("Fields the vendor changed"), ", ".join(source.drift)))
    paused = source.state == "paused"
    # Of a paused source the reason is who paused it, which the finding says; no feed of it is lost.
    reason = "" if paused else source.reason or ""
    return {
        "name": source.name,
        "provider": source.provider,
        "state": source.state,
        "mood": MOODS.get(source.state, "bad"),
        "words": str(SOURCE_STATES.get(source.state, source.state)),
        "reason": str(REASONS.get(reason, reason)),
        "facts": facts,
        "sockets": [
            {
                "feed": feed,
                "name": str(FEEDS.get(feed, feed)),
                "state": state,
                "words": str(SOCKET_STATES.get(state, state)),
                "last": ago(socket.last_frame, now),
                "last_iso": iso(socket.last_frame, zone),
                "alive": ago(socket.alive_at, now),
                "reopened": max(0, socket.openings - 1),
                "note": _("The hourly batch is overdue.") if socket.overdue and not paused else "",
            }
            for feed in feeds
            for socket in [source.sockets[feed]]
            for state in ["paused" if paused else socket.state]
        ],
    }


def _worker(found: Examined) -> str:
    vitals = found.vitals
    if vitals.store_away_since is not None:
        return _("Not known: the store of numbers does not answer.")
    return (
        _("Last report %(ago)s.") % {"ago": ago(vitals.worker_seen_at, vitals.now)}
        if vitals.worker_seen_at
        else _("None has ever reported.")
    )


def _worker_line(worker: WorkerReport, now: int) -> dict[str, Any]:
    return {
        "name": worker.name,
        "held": ", ".join(worker.held) or _("none"),
        "standby": ", ".join(worker.standby) or _("none"),
        "lag": worker.loop_lag_ms,
        "memory": worker.memory_mb,
        "up": spoken(max(0, now - worker.started_at) / 1000),
        "reported": ago(worker.written_at, now),
    }


def _store(found: Examined) -> list[tuple[str, str]]:
    vitals = found.vitals
    if vitals.store is None:
        since = instant(vitals.store_away_since, vitals.now, found.timezone)
        return [(_("State"), _("Does not answer, since %(since)s") % {"since": since})]
    store = vitals.store
    most, used = int(store.get("maxmemory", 0)), int(store.get("used_memory", 0))
    return [
        (_("State"), _("Answers")),
        (_("Role"), str(store.get("role", ""))),
        (_("Version"), str(store.get("redis_version", ""))),
        (_("Memory"), f"{used // 1_048_576} MB" + (f" / {most // 1_048_576} MB" if most else "")),
        (_("When full"), str(store.get("maxmemory_policy", ""))),
        (_("Running for"), spoken(float(store.get("uptime_in_seconds", 0)))),
        (_("Revision"), str(found.rev)),
        (_("Epoch"), found.epoch[:16]),
    ]


def _archive(found: Examined) -> list[tuple[str, str]]:
    vitals = found.vitals
    away = vitals.database_away_since
    database = (
        _("Answers") if away is None else _("Does not answer, since %(since)s") % {"since": instant(away, vitals.now, found.timezone)}
    )
    waiting = _("not known") if vitals.unkept is None else str(vitals.unkept)
    return [(_("Database"), database), (_("Ended calls that wait to be kept"), waiting)]


def _web_line(web: WebReport, now: int) -> dict[str, Any]:
    return {
        "name": web.name,
        "sockets": sum(web.boards.values()),
        "boards": ", ".join(f"{looked_at(board)}: {n}" for board, n in sorted(web.boards.items())),
        "rate": web.messages_per_s,
        "slow": web.slow,
        "rejected": web.rejected,
        "lag": web.loop_lag_ms,
        "memory": web.memory_mb,
        "reported": ago(web.written_at, now),
    }


def _screens(found: Examined) -> list[dict[str, Any]]:
    roll = found.vitals.roll
    lines = [_screen(screen, web, found) for web in roll.webs for screen in web.screens] if roll is not None else []
    # Televisions before people's own pages, those who do not answer before those who do.
    lines.sort(key=lambda line: (not line["slow"], line["kind"] != "screen", line["name"]))
    return lines[:MOST_SCREENS]


def _screen(screen: ScreenReport, web: WebReport, found: Examined) -> dict[str, Any]:
    if screen.kind == "screen":
        name = found.screen_names.get(screen.row or 0) or _("Screen %(n)d") % {"n": screen.row or 0}
    else:
        name = _("A person's page") if screen.kind == "person" else _("A program")
    old = max(0, found.vitals.now - web.written_at) / 1000
    return {
        "kind": screen.kind,
        "name": name,
        "board": looked_at(screen.board),
        "acknowledged": _("never") if screen.acknowledged_s is None else _("%(time)s ago") % {"time": spoken(screen.acknowledged_s + old)},
        "age": spoken(screen.data_age_s),
        "slow": screen.slow,
        "web": web.name,
    }


def _unlisted(found: Examined) -> int:
    roll = found.vitals.roll
    if roll is None:
        return 0
    listed = sum(len(web.screens) for web in roll.webs)
    return sum(web.unlisted for web in roll.webs) + max(0, listed - MOST_SCREENS)


def _recount(found: Examined) -> list[tuple[str, str]]:
    vitals, zone = found.vitals, found.timezone
    audit = vitals.audit
    if audit is None:
        return [(_("Last recount"), _("none yet") if vitals.store is not None else _("not known"))]
    lines = [
        (_("Last recount"), instant(audit.at, vitals.now, zone)),
        (_("Calls recounted"), str(audit.calls)),
        (_("Numbers compared"), str(audit.compared)),
        (_("Different now"), str(audit.different)),
        (_("Seconds a wrong number was shown, today"), f"{audit.lie_seconds_today:.0f}"),
        (_("Since the store began"), f"{audit.lie_seconds:.0f}"),
    ]
    if audit.different:
        lines.append((_("The worst"), f"{audit.worst}: {audit.shown} / {audit.recounted}"))
    if audit.rebuild_at is not None:
        lines.append((_("Sums last made anew"), instant(audit.rebuild_at, vitals.now, zone)))
    return lines
