"""How far numbers can be believed: a source's feeds judged by their last sign of life, and why not in one word.

level    | when
---------+--------------------------------------------------------------------
unknown  | nothing was ever read: no value may be shown
stale    | no sign of life for a minute
late     | anything is wrong with the feed, or silence for LATE_AFTER_MS
live     | otherwise
"""

from collections.abc import Iterable

from stats.domain.agent_states import AgentState, KnownPresence
from stats.domain.facts import SocketFacts, SourceFacts
from stats.domain.lacking import HEARD_FROM, heard_from

# A source reports every other second; a sign of life older than this is no longer live.
LATE_AFTER_MS = 12_000
STALE_AFTER_MS = 60_000
OFF_DOUBTED_MS = 3_600_000


def feed_values(source: SourceFacts, *, presence: bool, as_of: int) -> dict[str, object]:
    """How far the numbers that stand on a source's calls (or presence) can be believed, and why not."""
    needed = [s for s in source.sockets.values() if (s.presence if presence else s.calls)]
    alive = [s.alive_at for s in needed]
    alive_at = min((a for a in alive if a is not None), default=None) if needed and all(a is not None for a in alive) else None
    reason = _reason(source, needed, alive_at, as_of)
    known = source.known if not presence else any(s.state == "open" or s.last_frame is not None for s in needed)
    if not known:
        level = "unknown"
    elif reason == "ok":
        level = "live"
    elif alive_at is None or as_of - alive_at >= STALE_AFTER_MS:
        level = "stale"
    else:
        level = "late"
    paused = {"by": source.reason} if reason == "paused" and source.reason else {}
    return {"level": level, "reason": reason, "alive_at": alive_at if level != "live" else None, "state": source.state, **paused}


def _reason(source: SourceFacts, needed: list[SocketFacts], alive_at: int | None, as_of: int) -> str:
    if source.state in ("auth_error", "down", "connecting", "paused"):
        return source.state
    if any(s.state == "config" for s in needed):
        return "config_error"
    if as_of - source.written_at >= LATE_AFTER_MS:
        return "worker_silent"
    if source.state == "seeding" and any(s.calls for s in needed):
        return "seeding"
    if any(s.state != "open" for s in needed) and (source.state == "stale" or source.state == "config_error"):
        return "socket_away"
    if alive_at is None or as_of - alive_at >= LATE_AFTER_MS:
        return "silent"
    return "ok"


def is_being_read(source: SourceFacts) -> bool:
    """Whether a part of a source's day is counted, and nobody knows yet how much is lacking."""
    return not source.known and source.state in ("seeding", "stale", "live")


def doubted_since(presence: KnownPresence, source: SourceFacts | None) -> int | None:
    """Since when an agent's state may have changed unseen; None when its document came after the feed was last opened."""
    told_at = presence.document.told_at
    if presence.document.derived:
        return None  # made of calls, which the feed itself vouches for
    opened = source.presence_open_at if source is not None else None
    if opened is not None and told_at >= opened:
        return None
    lost = source.presence_lost_at if source is not None else None
    return max(told_at, lost) if lost is not None else told_at


def counted_values(feed: dict[str, object], source: SourceFacts, held: Iterable[KnownPresence], as_of: int) -> dict[str, object]:
    """How far a number of agents can be believed: as the feed of presence, and late while any state in it is doubted.

    Who was off is no cause for more than an hour: whoever comes on duty says so, and the doubt would outlast the night.
    """
    if feed["level"] != "live":
        return feed
    for presence in held:
        since = doubted_since(presence, source)
        if since is None or as_of - since < LATE_AFTER_MS:
            continue
        if presence.state != AgentState.OFF or as_of - since < OFF_DOUBTED_MS:
            return {**feed, "level": "late", "reason": "unverified"}
    return feed


def source_values(source: SourceFacts) -> dict[str, object]:
    """A source as pages and the API show it."""
    return {
        "name": source.name,
        "provider": source.provider,
        "state": source.state,
        "sockets": {
            n: {"state": s.state, "last_frame": s.last_frame, "alive_at": s.alive_at, "overdue": s.overdue}
            for n, s in source.sockets.items()
        },
        "seeded_to": source.seeded_to,
        "vendor_ahead_s": source.vendor_ahead_ms / 1000,
        "worker_ahead_s": source.clock_ahead_ms / 1000,
        "exact": source.exact,
        "reason": source.reason,
        HEARD_FROM: heard_from(source),
        **({"lacks": {scope: list(names) for scope, names in source.lacks.items()}} if source.lacks else {}),
    }
