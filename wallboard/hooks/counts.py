"""How often each kind of answer was given to what was posted to this process, and a line in the log for those that somebody should see.

Rules that hold here: strangers cause one line a minute at most, whatever they do; no line and no label holds a key, a secret or a body.
"""

from collections import Counter
from time import monotonic
from typing import Literal

import structlog

log = structlog.get_logger(__name__)

Outcome = Literal[
    "taken",
    "again",
    "test",
    "unheeded",  # the source is switched off
    "unknown",  # nobody's address
    "refused",  # not who it says it is
    "malformed",
    "method",
    "large",
    "slow",
    "host",
    "insecure",
    "flood",
    "full",
    "store_away",
    "database_away",
    "failed",
]
QUIET: tuple[Outcome, ...] = ("taken", "again", "test", "unheeded")
SAY_EVERY_S = 60.0


class Counts:
    """Of this process."""

    def __init__(self) -> None:
        # By organisation, source ("" for nobody's), outcome.
        self.total: Counter[tuple[str, str, Outcome]] = Counter()
        self._said: dict[tuple[str, str, Outcome], tuple[float, int]] = {}

    def add(self, organisation: str, source: str, outcome: Outcome, reason: str = "") -> None:
        """One more; `reason` is for the log alone."""
        name = (organisation, source, outcome)
        self.total[name] += 1
        if outcome in QUIET:
            return
        said_at, at = self._said.get(name, (float("-inf"), 0))
        if monotonic() - said_at >= SAY_EVERY_S:
            self._said[name] = monotonic(), self.total[name]
            whose = {"organisation": organisation, "source": source} if source else {}
            log.warning("hook.not_taken", outcome=outcome, reason=reason, times=self.total[name] - at, **whose)


counts = Counts()
