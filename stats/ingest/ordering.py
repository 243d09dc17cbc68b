"""What a vendor was asked to post to us, looked after: ordered where it is missing, put on again where the vendor has switched it off.

Rules that hold here:
- Between two looks nothing may have come although the feed seemed open: after anything was mended, or where the vendor says that posts
  were not taken which it does not repeat, the past is read from the last good look.
- A vendor that cannot be asked is told on; what was ordered goes on meanwhile.
- A secret the vendor names when something is ordered is kept before anything else is done with it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from stats.clock import now_ms
from stats.domain.errors import Refused, Retry
from stats.ingest.backoff import AUTH_PROBE_S
from stats.ingest.health import SourceHealth
from stats.providers.base import Hooked, HookFact

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 60.0
# By then every web process knows the secret that came with it.
TRY_AFTER_S = 15.0
# The vendor's words, as pages show them.
MOST_WORDS = 200
KeepSecret = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """Where a vendor posts to us ("": nowhere), and who keeps a secret it names.

    `unsigned`: it signs, and nobody knows with what, because we ended between its word and our keeping it.
    """

    address: str = ""
    unsigned: bool = False
    keep_secret: KeepSecret | None = None


NOTHING_POSTED = Posted()


class Ordering:
    """The subscriptions of one source at one address of ours.

    `missed(since)`: something may have to be read; `lost(since)`: what is told once may be among it. `good_at`: when all was well, as far
    as anybody before us knew (epoch ms).
    """

    def __init__(
        self,
        provider: Hooked,
        posted: Posted,
        health: SourceHealth,
        *,
        changed: Callable[[], None],
        missed: Callable[[int], None],
        lost: Callable[[int], None],
        works: Callable[[], None],
        good_at: int = 0,
    ) -> None:
        self._provider, self._address, self._keep_secret, self._health = provider, posted.address, posted.keep_secret, health
        self._unsigned = posted.unsigned
        self._changed, self._missed, self._lost, self._works = changed, missed, lost, works
        self._good_at = good_at
        self._untried = False  # something was ordered, and the vendor has not been asked to prove that it comes

    async def keep(self) -> None:
        """Look now and every minute, for ever."""
        while True:
            pause = LOOK_EVERY_S
            try:
                await self._look()
                if self._untried:
                    pause = TRY_AFTER_S
            except Refused as why:
                self._health.because("hooks", why.reason[:MOST_WORDS])
                if why.kind == "auth":
                    self._health.auth = True
                    pause = AUTH_PROBE_S[0]
                self._changed()
            except Retry as why:
                self._health.because("hooks", why.reason[:MOST_WORDS])
                pause = max(LOOK_EVERY_S, why.after_s or 0.0)
            await asyncio.sleep(pause)

    async def _look(self) -> None:
        found = await self._provider.hooks(self._address)
        self._works()
        if self._untried:
            self._untried = False
            await self._provider.try_out(self._address)
        mended = 0
        if any(not each.enabled for each in found):
            mended += await self._provider.revive(self._address)
        if self._unsigned and found:
            await self._provider.disconnect(self._address)
        connected = await self._provider.connect(self._address)
        self._unsigned = self._unsigned and not connected.secret
        if connected.secret and self._keep_secret is not None:
            await self._keep_secret(connected.secret)
        mended += connected.made
        self._untried = connected.made > 0
        if mended:
            log.warning("hooks.mended", source=self._health.facts.name, hooks=mended)
        lost = self._were_refused(found)
        if mended:
            was = {each.event for each in found if each.enabled}
            found = await self._provider.hooks(self._address)
            lost = lost or any(each.once and each.event not in was for each in found)
            self._health.facts.refused = _failures(found)  # whoever puts one on again may begin to count anew
        if lost:
            self._lost(self._good_at)
        elif mended:
            self._missed(self._good_at)
        self._good_at = self._health.facts.looked_at = now_ms()
        self._tell(found, connected.notes)

    def _were_refused(self, found: Sequence[HookFact]) -> bool:
        """Whether posts that come once were not taken since the last look, ours or that of whoever looked before us."""
        before, now = self._health.facts.refused, _failures(found)
        self._health.facts.refused = now
        return before is not None and any(failed > before.get(event, 0) for event, failed in now.items())

    def _tell(self, found: Sequence[HookFact], notes: Sequence[str]) -> None:
        self._health.facts.hooks = tuple((each.event, "on" if each.enabled else "off", each.last_error[:MOST_WORDS]) for each in found)
        off = sorted(each.event for each in found if not each.enabled)
        words = [f"switched off by the vendor: {', '.join(off)}"] if off else [] if found else ["nothing is ordered"]
        self._health.because("hooks", "; ".join([*words, *notes])[:MOST_WORDS] or None)
        self._changed()


def _failures(found: Sequence[HookFact]) -> dict[str, int]:
    return {each.event: each.failed for each in found if each.once}
