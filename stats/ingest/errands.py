"""What is asked of a telephone company by whoever sets it up: to post to us, to stop, to show what is ordered, to go on, to send a test.

Rules that hold here: every errand opens the company anew and lets it go; after PATIENCE_S it is given up as a Retry; nothing is stored.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from stats.domain.errors import Refused, Retry
from stats.providers.base import Company, Connected, Hooked, HookFact, SourceConfig, Via
from stats.providers.registry import COMPANIES

PATIENCE_S = 45.0
_ERRANDS = ("connect", "disconnect", "hooks", "revive", "try_out")


def companies() -> list[Company]:
    """Every company there is, in the order people are shown them."""
    return list(COMPANIES.values())


def company(name: str) -> Company | None:
    """One of them; None for a name that nobody has."""
    return COMPANIES.get(name)


def vias(name: str) -> dict[str, Via]:
    """How each feed of a company comes to us; empty for a company that has none, or that nobody knows."""
    known = COMPANIES.get(name)
    return {feed: spec.via for feed, spec in getattr(known.connect if known else None, "feeds", {}).items()}


def asks(name: str) -> bool:
    """Whether what a company posts to us is ordered through its API; where not, people paste our address there."""
    known = COMPANIES.get(name)
    return known is not None and known.connect is not None and all(hasattr(known.connect, errand) for errand in _ERRANDS)


async def connect(name: str, config: SourceConfig, address: str) -> Connected:
    """Order what is missing. Raises Retry or Refused."""
    async with _opened(name, config) as vendor:
        return await vendor.connect(address)


async def disconnect(name: str, config: SourceConfig, address: str) -> int:
    """Cancel everything ordered for an address. Raises Retry or Refused."""
    async with _opened(name, config) as vendor:
        return await vendor.disconnect(address)


async def hooks(name: str, config: SourceConfig, address: str) -> Sequence[HookFact]:
    """What is ordered for an address. Raises Retry or Refused."""
    async with _opened(name, config) as vendor:
        return await vendor.hooks(address)


async def revive(name: str, config: SourceConfig, address: str) -> int:
    """Put what the vendor has switched off on again. Raises Retry or Refused."""
    async with _opened(name, config) as vendor:
        return await vendor.revive(address)


async def try_out(name: str, config: SourceConfig, address: str) -> None:
    """Ask for a test delivery. Raises Retry or Refused."""
    async with _opened(name, config) as vendor:
        await vendor.try_out(address)


@asynccontextmanager
async def _opened(name: str, config: SourceConfig) -> AsyncIterator[Hooked]:
    known = COMPANIES.get(name)
    if known is None or known.connect is None:
        raise Refused("config", "no such telephone company")
    vendor = known.connect(config)
    try:
        if not isinstance(vendor, Hooked):
            raise Refused("config", "nothing can be ordered of this telephone company")
        async with asyncio.timeout(PATIENCE_S):
            yield vendor
    except TimeoutError:
        raise Retry("timeout") from None
    finally:
        await vendor.close()
