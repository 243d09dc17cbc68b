"""Corrects what a source last said of itself by what we know of the one who said it: the worker, and the store between us.

Rules that hold here: a source whose worker has been silent too long is not live, whatever it last reported; when the store is away
that is the reason, for then we cannot know about the worker; nothing gets better by waiting.
"""

from collections.abc import Mapping

from stats.domain.board import LATE_AFTER_MS, Values
from stats.domain.facts import SourceFacts

OF_THE_WORKER = ("worker_silent", "silent")
_HOPEFUL = ("live", "seeding")


def correct(values: Values, sources: Mapping[str, SourceFacts], now: int, *, store_away: bool) -> None:
    """Puts the honest `state` and `reason` into every `source:` and `feed:` scope of `values`."""
    for name, source in sources.items():
        silent = now - source.written_at >= LATE_AFTER_MS
        if not silent:
            continue
        why = "store_away" if store_away else "worker_silent"
        told = values.get(f"source:{name}")
        if told is not None and told.get("state") in _HOPEFUL:
            told["state"], told["reason"] = "stale", why
        for feed in ("calls", "presence", "agents"):
            standing = values.get(f"feed:{name}:{feed}")
            if standing is None:
                continue
            if standing.get("state") in _HOPEFUL:
                standing["state"] = "stale"
            if store_away and standing.get("reason") in OF_THE_WORKER:
                standing["reason"] = why
