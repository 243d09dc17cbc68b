"""One source as the database describes it."""

from dataclasses import dataclass, field, replace

from stats.domain.metrics import CountingRules
from stats.history.erased import NOBODY, Erased


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """A source to be kept, its token in clear for the worker alone; repr hides it."""

    organisation: str
    timezone: str
    provider: str
    name: str
    live_url: str
    historic_url: str
    token: str = field(repr=False)
    default_region: str
    rules: CountingRules
    erased: Erased = NOBODY

    def reached_as(self, other: "Assigned") -> bool:
        """Whether a session made for one serves the other: only how to count, and of whom nothing is told, may differ."""
        return replace(self, rules=other.rules, timezone=other.timezone, erased=other.erased) == other
