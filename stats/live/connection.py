"""One connection to Redis, whatever its shape, and what its failures mean to us: the store is away, or it refused one thing.

Rules that hold here:
- Every question ends within LIMIT_S, waiting for its turn included; who waits is never turned away sooner.
- A failure that says something of the server is StoreAway: the same question may be asked again. One that says something of the
  question is StoreRefused: asked again it would be refused again.
- Who is cancelled while asking is cancelled.
- A subscription is asked for a sign of life when it has been silent, for a dead one is silent too.
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable
from importlib import resources
from typing import Any, TypeVar

from redis import exceptions

from stats.live.address import read_address
from stats.live.clients import client_for, listener_for
from stats.live.server_facts import facts_of, fullness

Answer = TypeVar("Answer")

POOL = 12
LIMIT_S = 5.0
# A silent subscription is asked after so long, and given up when it says nothing for as long again.
SILENCE_S = 5.0
# redis-py's Cluster client has errors beside its own root.
_FAILURES = (TimeoutError, exceptions.RedisError, exceptions.RedisClusterException, OSError)


class StoreAway(Exception):
    """Redis cannot be reached, hangs, is loading, read-only or full; what was asked has not, or not surely, happened."""


class StoreRefused(StoreAway):
    """Redis is well and will not do this: a key holds another shape, or a value is none it can take. Nothing has happened."""


class Connection:
    """A bounded number of questions at a time: many askers wait for their turn, none is turned away."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.address = read_address(url)
        self.client = client_for(self.address, POOL)
        self.listener = listener_for(self.address, self.client)
        self._turns = asyncio.Semaphore(POOL)
        self._scripts: dict[str, tuple[str, str]] = {}
        self._finding = asyncio.Lock()
        self._open: set[asyncio.Future[Any]] = set()
        # A Cluster client that looks for its nodes anew closes connections that others are just opening, and they find nothing there.
        self._failures = (*_FAILURES, AttributeError) if self.address.mode == "cluster" else _FAILURES

    async def ask(self, answer: Awaitable[Answer], *, lingers: bool = False) -> Answer:
        """Await an answer of Redis, for LIMIT_S; every failure is StoreAway, and StoreRefused where asking again is pointless.

        `lingers`: the answer is put off until there is something to say; asked of the `listener`, it takes nobody's turn.
        """
        question = asyncio.ensure_future(self._in_turn(answer, lingers))
        self._open.add(question)

        def over(_: object) -> None:
            self._open.discard(question)
            if asyncio.iscoroutine(answer):
                answer.close()  # its turn may never have come
            if not question.cancelled():
                question.exception()  # nobody may be there any more to be told

        question.add_done_callback(over)
        try:
            await asyncio.wait({question}, timeout=LIMIT_S)
        finally:
            question.cancel()
        if not question.done() or question.cancelled():
            raise StoreAway("TimeoutError")
        try:
            return question.result()
        except exceptions.ResponseError as why:
            raise refusal_or_absence(why) from why
        except self._failures as why:
            raise StoreAway(type(why).__name__) from why

    async def _in_turn(self, answer: Awaitable[Answer], lingers: bool) -> Answer:
        """A task of its own, for the client library loses one cancellation in ten, and nobody may wait longer for that."""
        async with contextlib.nullcontext() if lingers else self._turns:
            if self.address.mode == "cluster":
                await self._find_nodes()
            return await answer

    async def _find_nodes(self) -> None:
        """One asker at a time looks who serves what; the client would let all of them look at once, and break each other's connections."""
        async with self._finding:
            await self.client.initialize()

    async def run(self, script: str, keys: list[str], arguments: list[Any]) -> Any:
        """Run one of the Lua files beside this module."""
        if script not in self._scripts:
            source = resources.files("stats.live").joinpath(script).read_text()
            self._scripts[script] = source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
        source, digest = self._scripts[script]
        return await self.ask(self._run(source, digest, keys, arguments))

    async def _run(self, source: str, digest: str, keys: list[str], arguments: list[Any]) -> Any:
        try:
            return await self.client.evalsha(digest, len(keys), *keys, *arguments)
        except exceptions.NoScriptError:
            # A server that started anew, or another one: told the text, it keeps it.
            return await self.client.eval(source, len(keys), *keys, *arguments)

    async def server_facts(self) -> dict[str, str | int]:
        """What the server says of itself; of a Cluster, the fullest primary. Raises StoreAway."""
        if self.address.mode != "cluster":
            return facts_of(await self.ask(self.client.info()))
        told = await self.ask(self.client.info(target_nodes=self.client.PRIMARIES))
        each = list(told.values()) if "run_id" not in told else [told]
        return max((facts_of(info) for info in each), key=fullness)

    async def listen(self, channel: str, *, every_s: float = 1.0) -> AsyncIterator[bytes | None]:
        """Messages of a channel, and None after each silent `every_s`; reconnects for ever, a lost connection is silence."""
        while True:
            subscription = None
            try:
                if self.address.mode == "cluster":
                    async with asyncio.timeout(LIMIT_S):
                        await self._find_nodes()
                subscription = self.listener.pubsub(ignore_subscribe_messages=True)
                async with asyncio.timeout(LIMIT_S):
                    await subscription.subscribe(channel)
                heard, asked = time.monotonic(), False
                while True:
                    message = await subscription.get_message(timeout=every_s)
                    if message is not None:
                        heard, asked = time.monotonic(), False
                    elif time.monotonic() - heard > SILENCE_S * (2 if asked else 1):
                        if asked:
                            raise TimeoutError
                        asked = True
                        await subscription.ping()
                    yield message["data"] if message is not None and message["type"] == "message" else None
            except self._failures:
                yield None
                await asyncio.sleep(min(1.0, every_s))
            finally:
                if subscription is not None:
                    try:
                        await subscription.aclose()
                    except _FAILURES:
                        pass

    async def close(self) -> None:
        """Let go of every connection."""
        for client in (self.client, self.listener):
            try:
                await client.aclose()
            except _FAILURES:
                pass


def refusal_or_absence(why: exceptions.ResponseError) -> StoreAway:
    """What an error answer means: of the question, or of the server's state (OOM, MISCONF, READONLY, NOPERM, CLUSTERDOWN...)."""
    if type(why) is exceptions.ResponseError and (why.status_code == "ERR" or "WRONGTYPE" in str(why)):
        return StoreRefused(why.status_code or "WRONGTYPE")
    return StoreAway(type(why).__name__)


def absence_of_one(answer: Exception) -> None:
    """One answer of several failed: nothing when the question was refused, StoreAway when it says something of the server."""
    if isinstance(answer, exceptions.ResponseError) and isinstance(refusal_or_absence(answer), StoreRefused):
        return
    raise StoreAway(type(answer).__name__) from answer
