"""Today's live numbers against the slow way from the stored records."""

from dataclasses import dataclass

from stats.domain.board import values
from stats.domain.lacking import is_lacking
from stats.domain.outcomes import settle
from stats.domain.periods import business_day, day_bounds
from stats.domain.recount import recount
from stats.live.board_store import Store
from stats.live.mirror import Mirror

DAY_MS = 86_400_000
PERCENTILES = ("wait_p50", "wait_p90")
PERCENTILE_ERROR = 0.05


@dataclass(frozen=True, slots=True)
class Difference:
    """One number that is shown otherwise than the records say."""

    scope: str
    metric: str
    shown: object
    recounted: object

    @property
    def name(self) -> tuple[str, str]:
        """What tells differences apart."""
        return self.scope, self.metric


async def differences(store: Store, organisation: str, timezone: str, now: int) -> tuple[list[Difference], int]:
    """Every difference, and how many calls were counted. Raises StoreAway."""
    mirror = Mirror(store, organisation, timezone)
    await mirror.refresh(now)
    start = min(day_bounds(business_day(now, timezone), timezone)[0], now - DAY_MS // 12) - DAY_MS // 4
    calls = [settle(call) for call in await store.calls_between(organisation, start, now + DAY_MS)]
    shown = values(mirror.facts, now)
    if not any(s.known for s in mirror.facts.sources.values()):
        return [], len(calls)
    found: list[Difference] = []
    for scope, numbers in recount(calls, mirror.facts, now).items():
        for metric, expected in numbers.items():
            held = shown.get(scope, {}).get(metric)
            if not (held is None and is_lacking(shown, scope, metric)) and not _equal(metric, held, expected):
                found.append(Difference(scope, metric, held, expected))
    return found, len(calls)


def _equal(metric: str, shown: object, expected: object) -> bool:
    if isinstance(shown, dict) and isinstance(expected, dict):
        return shown.keys() == expected.keys() and all(_equal(metric, shown[k], expected[k]) for k in shown)
    if isinstance(shown, bool) or isinstance(expected, bool) or shown is None or expected is None:
        return shown == expected
    if isinstance(shown, int | float) and isinstance(expected, int | float):
        allowed = abs(expected) * PERCENTILE_ERROR + 0.002 if metric.rpartition(".")[2] in PERCENTILES else 0.0015
        return abs(shown - expected) <= allowed
    return shown == expected
