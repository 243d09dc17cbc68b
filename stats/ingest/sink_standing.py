"""How a place that recordings are sent to is: it takes, it refuses us, or it is away; and how long is waited for each.

Rules that hold here: a refusal stops everything until the place lets us in again; whoever is away is left alone for a while, longer each
time; every change is told once, in the place's own words.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from stats.clock import now_ms
from stats.domain.errors import Refused, Retry
from stats.history import outbox
from stats.history.shelf import ask
from stats.ingest.backoff import delays

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paces:
    """How long is waited, in seconds. `retries`: after the first attempt, the second ...; `reads`: likewise from sending to asking."""

    look: float = 5.0
    whole_look: float = 600.0
    idle: float = 1.0
    read: float = 10.0
    refused: float = 300.0
    no_call: float = 30.0
    unsure: float = 300.0  # what was taken in may show a while later
    away: float = 300.0
    retries: Sequence[float] = (60, 300, 900, 3_600, 3_600, 14_400, 43_200, 86_400)
    reads: Sequence[float] = (60, 300, 900, 3_600, 21_600, 86_400)


class Standing:
    """One place, as everything that speaks to it sees it."""

    def __init__(self, organisation: str, sink: str, paces: Paces) -> None:
        self.organisation, self.sink, self.paces = organisation, sink, paces
        self.open = asyncio.Event()  # unset before the beginning, and while the place refuses us
        self._away = delays(1.0, paces.away)
        self._resting_until = 0.0
        self._told = ("", "")

    def rest_s(self) -> float:
        """Seconds for which it is to be left alone."""
        return max(0.0, self._resting_until - asyncio.get_running_loop().time())

    @property
    def takes(self) -> bool:
        """Whether it may be spoken to now."""
        return self.open.is_set() and self.rest_s() <= 0

    async def answers(self) -> None:
        """It spoke to us as it should. Raises Away."""
        self._away = delays(1.0, self.paces.away)
        await self._tell("sending")

    async def refused(self, why: Refused) -> None:
        """It does not let us in. Raises Away."""
        log.warning("sink.refused", sink=self.sink, kind=why.kind, reason=why.reason)
        self.open.clear()
        await self._tell("auth_error" if why.kind == "auth" else "config_error", why.reason)

    async def is_away(self, why: Retry) -> None:
        """It did not answer, or asked for time. Raises Away."""
        pause = max(next(self._away), why.after_s or 0.0)
        self._resting_until = asyncio.get_running_loop().time() + pause
        log.warning("sink.away", sink=self.sink, reason=why.reason, again_s=round(pause, 1))
        await self._tell("away", why.reason)

    async def _tell(self, state: str, words: str = "") -> None:
        if (state, words) != self._told:
            await ask(partial(outbox.note_state, self.organisation, self.sink, state, words, now_ms()))
            self._told = (state, words)
