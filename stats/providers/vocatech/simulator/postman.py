"""Webhooks as customers order them, and the post to their endpoints: signed, tried five times over two hours and a half, then given up.

Rules that hold here: a delivery is the same bytes under the same id each time, signed anew; instants are the emulator's, so that whoever
moves its clock moves the ladder; the secret is told once, when a webhook is made.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import hmac
import json
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from stats.providers.vocatech.simulator.documents import COMPANY_ID, Document, iso, iso_seconds
from stats.providers.vocatech.simulator.switches import Switches

EVENTS = ("call.started", "call.answered", "call.ended", "call.transcription", "message.sent", "message.received", "message.status_updated")
LADDER_MS = (60_000, 300_000, 1_800_000, 7_200_000)
TIMEOUT_S = 5.0
AT_ONCE = 32
MOST_FAILURES = 5_000


@dataclass(slots=True)
class Webhook:
    id: int
    name: str
    url: str
    event_filters: list[str]
    extension_filters: list[str]
    secret_key: str
    created_at: int
    is_active: bool = True

    def shown(self) -> Document:
        """Without the secret."""
        return {
            "id": self.id,
            "name": self.name,
            "url": self.url,
            "event_filters": self.event_filters,
            "extension_filters": self.extension_filters,
            "is_active": self.is_active,
            "created_at": iso(self.created_at),
        }


@dataclass(order=True, slots=True)
class Delivery:
    due: int
    turn: int
    webhook: Webhook = field(compare=False)
    document: Document = field(compare=False)
    attempts: int = field(default=0, compare=False)
    last_status: int | None = field(default=None, compare=False)
    last_error: str = field(default="", compare=False)


class Postman:
    """`now`: the emulator's clock, epoch ms. Chance here is its own, so that switches never change the floor."""

    def __init__(self, switches: Switches, now: Callable[[], int], chance: random.Random) -> None:
        self.webhooks: dict[int, Webhook] = {}
        self.failures: list[Document] = []
        self.posted = self.taken = 0  # attempts, and those answered 2xx
        self._switches, self._now, self._chance = switches, now, chance
        self._due: list[Delivery] = []
        self._turn = 0
        self._wake = asyncio.Event()
        self._on_the_way: set[asyncio.Task[None]] = set()
        self._ids = random.Random(chance.random())

    # -- webhooks ------------------------------------------------------------------------------------------------------

    def make(self, name: str, url: str, events: list[str], extensions: list[str]) -> tuple[Webhook, bool]:
        """(the webhook, whether it is new)."""
        if self._switches.reuse:
            for known in self.webhooks.values():
                if known.url == url:
                    return known, False
        self._turn += 1
        made = Webhook(4_000 + self._turn, name, url, events, extensions, f"whsec_{secrets.token_hex(24)}", self._now())
        self.webhooks[made.id] = made
        return made, True

    # -- events --------------------------------------------------------------------------------------------------------

    def tell(self, event: str, data: Document, *, at: int | None = None, after_ms: int = 0) -> str:
        """An event to everybody who wants it, its id. `at`: when it happened; `after_ms`: how much later it is posted."""
        at = self._now() if at is None else at
        document = self.envelope(event, data, at)
        for webhook in self.webhooks.values():
            if not webhook.is_active or event not in webhook.event_filters:
                continue
            if webhook.extension_filters and event.startswith("call.") and data.get("extension") not in webhook.extension_filters:
                continue
            self.post(webhook, document, after_ms=after_ms)
        return str(document["id"])

    def envelope(self, event: str, data: Document, at: int) -> Document:
        kind = "evt_msg_" if event.startswith("message.") else "evt_"
        return {
            "id": f"{kind}{self._ids.getrandbits(48):012x}",
            "event_type": event,
            "timestamp": iso_seconds(at),
            "company_id": COMPANY_ID,
            "data": data,
        }

    def post(self, webhook: Webhook, document: Document, *, after_ms: int = 0) -> None:
        switches, chance = self._switches, self._chance
        if switches.out_of_order and chance.random() < switches.out_of_order:
            after_ms += chance.randrange(2_000)
        self._put(Delivery(self._now() + after_ms, 0, webhook, document))
        if switches.duplicates and chance.random() < switches.duplicates:
            self._put(Delivery(self._now() + after_ms + chance.randrange(2_000), 0, webhook, document))

    def test(self, webhook: Webhook) -> None:
        """POST /webhooks/{id}/test."""
        self.post(webhook, self.envelope("webhook.test", {"message": "Testleverans – allt väl"}, self._now()))

    def _put(self, delivery: Delivery) -> None:
        self._turn += 1
        delivery.turn = self._turn
        heapq.heappush(self._due, delivery)
        self._wake.set()

    def wake(self) -> None:
        """The clock has been moved."""
        self._wake.set()

    @property
    def waiting(self) -> int:
        """Deliveries that are to be tried, or tried again."""
        return len(self._due) + len(self._on_the_way)

    def written(self) -> list[Document]:
        """Every event that waits to be posted, in the order in which they were told."""
        return [each.document for each in sorted(self._due, key=lambda each: each.turn)]

    # -- the round -----------------------------------------------------------------------------------------------------

    async def go_round(self) -> None:
        """For ever: whatever is due."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
            try:
                while True:
                    self._wake.clear()
                    while self._due and self._due[0].due <= self._now() and len(self._on_the_way) < AT_ONCE:
                        task = asyncio.create_task(self._carry(session, heapq.heappop(self._due)))
                        self._on_the_way.add(task)
                        task.add_done_callback(self._carried)
                    late = self._due[0].due - self._now() if self._due and len(self._on_the_way) < AT_ONCE else 250
                    try:
                        await asyncio.wait_for(self._wake.wait(), timeout=min(max(late, 1), 250) / 1000)
                    except TimeoutError:
                        pass
            finally:
                for task in list(self._on_the_way):
                    task.cancel()
                await asyncio.gather(*self._on_the_way, return_exceptions=True)

    def _carried(self, task: asyncio.Task[None]) -> None:
        self._on_the_way.discard(task)
        self._wake.set()

    async def _carry(self, session: aiohttp.ClientSession, delivery: Delivery) -> None:
        webhook = delivery.webhook
        if webhook.id not in self.webhooks:
            return
        body = json.dumps(delivery.document, ensure_ascii=False).encode()
        delivery.attempts += 1
        self.posted += 1
        try:
            headers = {"Content-Type": "application/json", **self.signature(webhook.secret_key, body)}
            async with session.post(webhook.url, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.read()
                delivery.last_status, delivery.last_error = answer.status, "" if answer.ok else f"HTTP {answer.status}"
        except (aiohttp.ClientError, OSError, TimeoutError) as why:
            delivery.last_status, delivery.last_error = None, "timeout" if isinstance(why, TimeoutError) else "connection failed"
        if delivery.last_status is not None and 200 <= delivery.last_status < 300:
            self.taken += 1
        elif delivery.attempts <= len(LADDER_MS):
            delivery.due = self._now() + LADDER_MS[delivery.attempts - 1]
            self._put(delivery)
        else:
            self._give_up(delivery)

    def signature(self, secret: str, body: bytes) -> dict[str, str]:
        """The headers that prove a body."""
        at = str((self._now() + round(self._switches.skew_s * 1000)) // 1000)
        if self._switches.help_page_signature:
            return {"X-Vocatech-Timestamp": at, "X-Vocatech-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}
        signed = hmac.new(secret.encode(), f"t={at}.".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Vocatech-Signature": f"t={at},v1={signed}"}

    def _give_up(self, delivery: Delivery) -> None:
        failed: dict[str, Any] = {
            "id": 70_000 + len(self.failures),
            "webhook_id": delivery.webhook.id,
            "event_id": delivery.document["id"],
            "event_type": delivery.document["event_type"],
            "url": delivery.webhook.url,
            "attempts": delivery.attempts,
            "response_code": delivery.last_status,
            "error": delivery.last_error,
            "failed_at": iso(self._now()),
            "payload": delivery.document,
        }
        self.failures.append(failed)
        del self.failures[:-MOST_FAILURES]
