"""What is asked of a telephone company about one call: its recordings, the sound of one, and to call somebody back.

Rules that hold here: every errand opens the company anew and lets it go; whoever waits for an answer is told after PATIENCE_S that there is
none; sound is passed on piece by piece and never held; where it lies is known to the company alone, and no address leaves this module.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from stats.clock import now_ms
from stats.domain.errors import Refused, Retry
from stats.domain.notes import Recording
from stats.providers.base import Dials, LiveProvider, Sound, Sounds, SourceConfig
from stats.providers.registry import COMPANIES

PATIENCE_S = 20.0


@asynccontextmanager
async def sound(name: str, config: SourceConfig, recording: Recording, byte_range: str | None = None) -> AsyncIterator[Sound]:
    """The sound of a recording on its way; `byte_range` is a Range header. Raises Retry or Refused, in the middle too."""
    async with AsyncExitStack() as held:
        vendor = await _opened(held, name, config)
        if not isinstance(vendor, Sounds):
            raise Refused("config", "this telephone company keeps no recordings")
        try:
            async with asyncio.timeout(PATIENCE_S):
                heard = await held.enter_async_context(vendor.sound(recording, byte_range=byte_range))
        except TimeoutError:
            raise Retry("timeout") from None
        yield heard


async def recordings(name: str, config: SourceConfig, id_call: str, start_ms: int, end_ms: int) -> Sequence[Recording]:
    """The recordings the company has of one call that began in [start, end). Raises Retry or Refused."""
    async with AsyncExitStack() as held:
        vendor = await _opened(held, name, config)
        if not isinstance(vendor, Sounds):
            return ()
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await vendor.recordings(id_call, start_ms=start_ms, end_ms=end_ms, received_at=now_ms())
        except TimeoutError:
            raise Retry("timeout") from None


async def dial(name: str, config: SourceConfig, number: str, *, agent: str, reference: str) -> str:
    """Have an agent connected to a number (E.164). What the company calls it, or an address to open. Raises Retry or Refused."""
    async with AsyncExitStack() as held:
        vendor = await _opened(held, name, config)
        if not isinstance(vendor, Dials):
            raise Refused("config", "this telephone company calls nobody for us")
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await vendor.dial(number, agent=agent, reference=reference)
        except TimeoutError:
            raise Retry("timeout") from None


def dials(name: str) -> bool:
    """Whether a company can be told to call somebody."""
    known = COMPANIES.get(name)
    return known is not None and known.can.get("dial", "none") != "none"


async def _opened(held: AsyncExitStack, name: str, config: SourceConfig) -> LiveProvider:
    known = COMPANIES.get(name)
    if known is None or known.connect is None:
        raise Refused("config", "no such telephone company")
    vendor = known.connect(config)
    held.push_async_callback(vendor.close)
    return vendor
