"""One connection pool to Redis, and what its failures mean to us: the store is away, or it refused."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from importlib import resources
from typing import Any, TypeVar

import redis.asyncio as redis
from redis import exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from stats.live.server_facts import facts_of

Answer = TypeVar("Answer")

POOL = 12
TIMEOUT_S = 5.0


class StoreAway(Exception):
    """Redis cannot be reached, hangs, is loading, read-only or full; what was asked has not, or not surely, happened."""


class Connection:
    """A bounded, blocking pool: many askers wait for a connection, none is turned away."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=POOL,
            timeout=TIMEOUT_S,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 1),
            retry_on_error=[exceptions.ConnectionError],
            decode_responses=False,
            protocol=2,
        )
        self.client = redis.Redis(connection_pool=self._pool)
        self._scripts: dict[str, Any] = {}

    async def ask(self, answer: Awaitable[Answer]) -> Answer:
        """Await an answer of Redis; every failure is StoreAway."""
        try:
            return await answer
        except (TimeoutError, exceptions.RedisError, OSError) as why:
            raise StoreAway(type(why).__name__) from why

    async def run(self, script: str, keys: list[str], arguments: list[Any]) -> Any:
        """Run one of the Lua files beside this module."""
        if script not in self._scripts:
            source = resources.files("stats.live").joinpath(script).read_text()
            self._scripts[script] = self.client.register_script(source)
        return await self.ask(self._scripts[script](keys=keys, args=arguments))

    async def server_facts(self) -> dict[str, str | int]:
        """What the server says of itself; raises StoreAway."""
        return facts_of(await self.ask(self.client.info()))

    async def listen(self, channel: str, *, every_s: float = 1.0) -> AsyncIterator[bytes | None]:
        """Messages of a channel, and None after each silent `every_s`; reconnects for ever, a lost connection is silence."""
        while True:
            subscription = self.client.pubsub(ignore_subscribe_messages=True)
            try:
                await subscription.subscribe(channel)
                while True:
                    message = await subscription.get_message(timeout=every_s)
                    yield message["data"] if message is not None else None
            except (TimeoutError, exceptions.RedisError, OSError):
                yield None
                await asyncio.sleep(min(1.0, every_s))
            finally:
                try:
                    await subscription.aclose()  # type: ignore[no-untyped-call]
                except (TimeoutError, exceptions.RedisError, OSError):
                    pass

    async def close(self) -> None:
        """Let go of every connection."""
        try:
            await self.client.aclose()
            await self._pool.aclose()
        except (exceptions.RedisError, OSError):
            pass
