"""One source as the database describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stats.domain.metrics import CountingRules
from stats.history.erased import NOBODY, Erased


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """A source to be kept, its tokens in clear for the worker alone; repr hides them.

    `hook_address`: where the vendor is to post to us now, with the key in it; "" where nothing was ordered. `paused_at` (epoch ms) and
    `paused_by`: whoever stopped it; such a source is not to be reached at all.
    """

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
    second_token: str = field(default="", repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)
    hook_address: str = field(default="", repr=False)
    hook_secret: bool = False  # what it signs with is kept
    paused_at: int | None = None
    paused_by: str = ""

    def reached_as(self, other: "Assigned") -> bool:
        """Whether a session made for one serves the other: only how to count, and of whom nothing is told, may differ."""
        alike = replace(self, rules=other.rules, timezone=other.timezone, erased=other.erased, hook_secret=other.hook_secret)
        return alike == other
