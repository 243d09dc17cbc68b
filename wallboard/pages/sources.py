"""Each telephone company's feed: its state in words, its sockets with their last frames, and what to do when it refuses us."""

from dataclasses import dataclass

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.http import HttpResponse
from django.utils.translation import gettext as _

from stats.domain.facts import SocketFacts, SourceFacts
from stats.live.connection import StoreAway
from stats.models import Source
from wallboard.pages.archives import archives_of
from wallboard.pages.frame import Visit, draw, for_people
from wallboard.pages.source_token import set_when
from wallboard.pages.words import FEEDS, REASONS, SOCKET_STATES, SOURCE_STATES, ago, clock_time, day_and_time, iso
from wallboard.push import live

# The vendor sends it at each full hour; five minutes of grace.
HOURLY_BATCH = "profile_history"
OVERDUE_MS = 65 * 60 * 1000
# The order in which people think of them.
ORDER = ("calls", "queues", "agents", "profile_live", "profile_history")
GOOD, WAITING = ("live",), ("connecting", "seeding")


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLine:
    """One socket of a source."""

    feed: str
    name: str
    state: str
    words: str
    last_frame: str
    last_frame_iso: str
    last_frame_ago: str
    alive_ago: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCard:
    """One source. `mood` is good, waiting or bad."""

    name: str
    provider: str
    state: str
    mood: str
    words: str
    reason: str
    refused: bool
    seeded_to: str
    exact: bool
    lag: str
    drift: list[str]
    quarantined: list[tuple[str, int]]
    sockets: list[SocketLine]
    reported: str
    token: str
    archive: str


async def sources(visit: Visit) -> HttpResponse:
    """GET /sources/"""
    counts: dict[tuple[str, str], int] = {}
    try:
        counts = await live.store().quarantine_counts(visit.organisation.slug)
    except StoreAway:
        # The page says itself that the store is away; it must not be away with it.
        pass
    tokens, archives = await _tokens(visit), await archives_of(visit)
    cards = [
        _card(source, visit, counts, tokens.pop(source.name, ""), archives.get(source.name, ""))
        for source in sorted(visit.facts.sources.values(), key=lambda each: each.name)
    ]
    template = "_sources.html" if "part" in visit.request.GET else "sources.html"
    return draw(
        visit,
        template,
        "sources",
        cards=cards,
        store_away=visit.snapshot.store_away,
        at=clock_time(visit.now, visit.timezone),
        unheard=sorted(tokens.items()),
    )


async def _tokens(visit: Visit) -> dict[str, str]:
    """What is to be said of each source's token, by name, to whoever may change it."""

    def read() -> dict[str, str]:
        rows = Source.objects.filter(organisation__slug=visit.viewer.organisation)
        return {row.name: set_when(row, visit.timezone) for row in rows}

    try:
        return await database_sync_to_async(read)() if visit.may("sources") else {}
    except DatabaseError:
        return {}


def _card(source: SourceFacts, visit: Visit, counts: dict[tuple[str, str], int], token: str, archive: str) -> SourceCard:
    told = visit.snapshot.values.get(f"source:{source.name}", {})
    state = str(told.get("state", source.state))
    reason = str(told.get("reason") or "")
    feeds = [feed for feed in ORDER if feed in source.sockets] + sorted(set(source.sockets) - set(ORDER))
    return SourceCard(
        name=source.name,
        provider=source.provider,
        state=state,
        mood="good" if state in GOOD else "waiting" if state in WAITING else "bad",
        words=str(SOURCE_STATES.get(state, state)),
        reason=str(REASONS.get(reason, "")),
        refused=state == "auth_error",
        seeded_to=day_and_time(source.seeded_to, visit.timezone),
        exact=source.exact,
        lag=_("%(seconds)d s") % {"seconds": source.lag_ms // 1000} if source.lag_ms is not None else "",
        drift=list(source.drift),
        quarantined=sorted((why, number) for (name, why), number in counts.items() if name == source.name),
        sockets=[_line(feed, source.sockets[feed], visit) for feed in feeds],
        reported=ago(source.written_at or None, visit.now),
        token=token,
        archive=archive,
    )


def _line(feed: str, socket: SocketFacts, visit: Visit) -> SocketLine:
    return SocketLine(
        feed=feed,
        name=str(FEEDS.get(feed, feed)),
        state=socket.state,
        words=str(SOCKET_STATES.get(socket.state, socket.state)),
        last_frame=clock_time(socket.last_frame, visit.timezone),
        last_frame_iso=iso(socket.last_frame, visit.timezone),
        last_frame_ago=ago(socket.last_frame, visit.now),
        alive_ago=ago(socket.alive_at, visit.now),
        note=_note(feed, socket, visit.now),
    )


def _note(feed: str, socket: SocketFacts, now: int) -> str:
    if feed != HOURLY_BATCH:
        return ""
    if socket.overdue or (socket.last_frame is not None and now - socket.last_frame > OVERDUE_MS):
        return _("The hourly batch is overdue.")
    return _("Comes at each full hour; silence between is normal.")


page = for_people(sources)
