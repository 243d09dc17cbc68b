"""How old a number may be and still be believed; `static/tv/freshness.js` says the same in the browser.

Rules that hold here: a level only ever gets worse by waiting; what is unknown has no value at all; a sum is as good as its worst part.
The steps: late from 15 s without a sign of life, stale from 60 s (we no longer know whether the caller still waits), and after
five minutes the number goes, because a number that old is read as if it were true.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Values = Mapping[str, Mapping[str, object]]

LATE_MS = 15_000
STALE_MS = 60_000
GONE_MS = 300_000
LEVELS = ("live", "late", "stale", "unknown")
# AGENTS: what counts agents, which one doubtful agent makes doubtful; PRESENCE: what one agent is judged by.
CALLS, PRESENCE, AGENTS = "calls", "presence", "agents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What may be said of numbers that stand on one feed: `alive_at` is its last sign of life (epoch ms), `reason` a short code."""

    level: str
    alive_at: int | None
    reason: str
    source: str | None
    by: str | None = None  # who paused it

    @property
    def rank(self) -> int:
        """0 for live to 3 for unknown."""
        return LEVELS.index(self.level)

    @property
    def ticks(self) -> bool:
        """Whether a clock that counts from an instant is still true."""
        return self.level in ("live", "late")


def standing_of(values: Values, source: str, feed: str, now: int) -> Standing:
    """The standing of one feed of one source; a feed nobody has told of is unknown."""
    told = values.get(f"feed:{source}:{feed}")
    if told is None:
        return Standing(level="unknown", alive_at=None, reason="connecting", source=source)
    alive = told.get("alive_at")
    alive_at = int(alive) if isinstance(alive, int | float) and not isinstance(alive, bool) else None
    level = told.get("level")
    reason, by = told.get("reason"), told.get("by")
    return Standing(
        level=aged(level if isinstance(level, str) and level in LEVELS else "unknown", alive_at, now),
        alive_at=alive_at,
        reason=reason if isinstance(reason, str) else "connecting",
        source=source,
        by=by if isinstance(by, str) else None,
    )


def aged(level: str, alive_at: int | None, now: int) -> str:
    """The level as the time since the last sign of life makes it; live and unknown do not age by themselves."""
    if level in ("live", "unknown") or alive_at is None:
        return level
    age = now - alive_at
    if age >= GONE_MS:
        return "unknown"
    return "stale" if age >= STALE_MS else level


def sources_in(values: Values) -> list[str]:
    """The names of every source the values speak of, in order."""
    named = {scope.split(":", 1)[1] for scope in values if scope.startswith("source:")}
    fed = {scope.split(":")[1] for scope in values if scope.startswith("feed:")}
    return sorted(named | fed)


def worst(standings: Iterable[Standing]) -> Standing:
    """The one that may be believed least; with none at all nothing has been heard of anybody."""
    nothing = Standing(level="unknown", alive_at=None, reason="no_source", source=None)
    return max(standings, key=lambda standing: standing.rank, default=nothing)


def standing_for(values: Values, source: object, feed: str, now: int) -> Standing:
    """The standing of what belongs to one source, or to all of them when `source` is no name."""
    if isinstance(source, str) and source:
        return standing_of(values, source, feed, now)
    return worst(standing_of(values, name, feed, now) for name in sources_in(values))
