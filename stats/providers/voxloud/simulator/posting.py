"""Webhook subscriptions, and what is posted to them: unsigned, one kind of event each, switched off after failures in a row."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec

from stats.providers.voxloud.simulator.documents import PBX, Document
from stats.providers.voxloud.simulator.switches import Switches

KINDS = ("FAX_CALL", "PHONE_CALL", "CLICK_TO_CALL", "CALL_STARTED", "CALL_INCOMING", "CALL_ANSWERED", "CALL_HANGUP")
LONGEST_LINE = 20_000
DISORDER_S = 0.95

Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


@dataclass(slots=True, eq=False, kw_only=True)
class Subscription:
    """One, with what waits to be posted to it."""

    event_type: str
    callback_url: str
    notification_email: str | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    enabled: bool = True
    failed_count: int = 0
    last_error: str | None = None
    in_a_row: int = 0
    line: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(LONGEST_LINE))
    worker: asyncio.Task[None] | None = None

    def told(self) -> Document:
        """As the API tells it."""
        document: Document = {
            "id": self.id,
            "enabled": self.enabled,
            "event_type": self.event_type,
            "failed_count": self.failed_count,
            "callback_url": self.callback_url,
        }
        if self.notification_email is not None:
            document["notification_email"] = self.notification_email
        if self.last_error is not None:
            document["last_error"] = self.last_error
        return document


class Posting:
    """Everybody who wants to be told."""

    def __init__(self, switches: Switches, chance: random.Random, spawn: Spawn) -> None:
        self.subscriptions: dict[str, Subscription] = {}
        self.posted = self.refused = self.mails = 0
        self._switches, self._chance, self._spawn = switches, chance, spawn
        self._session: aiohttp.ClientSession | None = None

    def subscribe(self, subscription: Subscription) -> None:
        """From now on it is posted to."""
        self.subscriptions[subscription.id] = subscription

    def cancel(self, subscription_id: str) -> bool:
        """Whether there was one."""
        gone = self.subscriptions.pop(subscription_id, None)
        if gone is not None and gone.worker is not None:
            gone.worker.cancel()
        return gone is not None

    def tell(self, kind: str, at: int, document: Document) -> None:
        """`kind` as a subscription names it."""
        switches, chance = self._switches, self._chance
        if kind in ("CALL_STARTED", "CALL_INCOMING", "CALL_ANSWERED", "CALL_HANGUP") and chance.random() < switches.lost:
            return
        body: Document = document
        if switches.envelope == "enveloped":
            short = kind.removeprefix("CALL_") if switches.types == "short" else kind
            body = {"timestamp": at, "type": short, "data": document, "pbx_id": PBX}
        self.tell_raw(kind, msgspec.json.encode(body))

    def tell_raw(self, kind: str, body: bytes) -> None:
        """Any bytes whatever."""
        switches, chance = self._switches, self._chance
        for each in list(self.subscriptions.values()):
            if not each.enabled or each.event_type != kind:
                continue
            if switches.out_of_order and chance.random() < switches.out_of_order:
                self._spawn(self._later(each, body, chance.uniform(0, DISORDER_S)))
            else:
                self._put(each, body)
            if switches.duplicates and chance.random() < switches.duplicates:
                self._spawn(self._later(each, body, chance.uniform(0, DISORDER_S)))

    async def idle(self) -> None:
        """Until everything told so far has been posted."""
        await asyncio.gather(*(each.line.join() for each in self.subscriptions.values() if each.enabled))

    async def close(self) -> None:
        """Lets go of the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _later(self, subscription: Subscription, body: bytes, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        self._put(subscription, body)

    def _put(self, subscription: Subscription, body: bytes) -> None:
        if subscription.line.full():
            return
        subscription.line.put_nowait(body)
        if subscription.worker is None or subscription.worker.done():
            subscription.worker = self._spawn(self._work(subscription))

    async def _work(self, subscription: Subscription) -> None:
        while True:
            body = await subscription.line.get()
            try:
                if subscription.enabled and subscription.id in self.subscriptions:
                    await self._post(subscription, body)
            finally:
                subscription.line.task_done()

    async def _post(self, subscription: Subscription, body: bytes) -> None:
        for _ in range(1 + self._switches.retries):
            error = await self._try(subscription.callback_url, body)
            if error is None:
                self.posted += 1
                subscription.in_a_row = 0
                return
            self.refused += 1
            subscription.failed_count += 1
            subscription.in_a_row += 1
            subscription.last_error = error
            limit = self._switches.failures_until_disabled
            if limit and subscription.in_a_row >= limit:
                subscription.enabled = False
                self.mails += subscription.notification_email is not None
                return

    async def _try(self, url: str, body: bytes) -> str | None:
        if self._session is None:
            self._session = aiohttp.ClientSession(headers={"User-Agent": "voxloud-look-alike"})
        timeout = aiohttp.ClientTimeout(total=self._switches.post_timeout_s)
        headers = {"Content-Type": "application/json"}
        try:
            async with self._session.post(url, data=body, headers=headers, timeout=timeout, allow_redirects=False) as response:
                return None if 200 <= response.status < 300 else f"HTTP {response.status}"
        except (aiohttp.ClientError, OSError, ValueError) as fault:
            return type(fault).__name__
