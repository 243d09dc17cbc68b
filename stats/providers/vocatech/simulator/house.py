"""The house: a floor whose calls become legs, events, rows, recordings, transcripts and messages; its API, and its back door for tests.

POST /control/switches  {"duplicates": 0.2}      GET /control/state
POST /control/clock     {"advance_ms": 60000}    the emulator's clock, which ladders, limits and links go by
POST /control/event     {"event", "data", "id"?} an event to every webhook     POST /control/row  {...}  a row of somebody's own
POST /control/fail      {"status", "count": 1, "retry_after"?}                 the next answers of the API
POST /control/token     {"revoke": true} or {"token": "..."}                   POST /control/scenario {"name", "real_time"}
POST /control/disable   {}                       every webhook is switched off
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from stats.providers.vocatech.simulator.book import Book, message_of
from stats.providers.vocatech.simulator.documents import (
    Document,
    caller_leg,
    extension,
    iso,
    journey,
    offer_leg,
    segment_id,
    visit_leg,
    words,
)
from stats.providers.vocatech.simulator.doors import Doors
from stats.providers.vocatech.simulator.limits import Limits
from stats.providers.vocatech.simulator.postman import Postman
from stats.providers.vocatech.simulator.sound import Storage
from stats.providers.vocatech.simulator.switches import Switches
from stats.simulation.exchange import Subject
from stats.simulation.house import House, wall_ms
from stats.simulation.records import Call, Offer, Visit

DEFAULT_TOKEN = "vt-key-made-up-for-the-look-alike-0001"  # noqa: S105 - nobody else's
OTHER_TOKEN = "vt-key-of-somebody-else-entirely-0002"  # noqa: S105
MINUTE_MS = 60_000
KEPT_MS = 48 * 3_600_000
MESSAGE_SHARE = 0.15
TOLD_ONCE = 50_000


class VocatechSimulator(House):
    """`token` opens the doors; the rest is the house's."""

    def __init__(
        self, *, token: str = DEFAULT_TOKEN, switches: Switches | None = None, now: Callable[[], int] = wall_ms, seed: int = 1, **house: Any
    ) -> None:
        self.ahead_ms = 0
        super().__init__(now=lambda: now() + self.ahead_ms, seed=seed, **house)
        self.token, self.other_token = token, OTHER_TOKEN
        self.switches = switches if switches is not None else Switches()
        self.limits = Limits()
        self.postman = Postman(self.switches, self.now, random.Random(f"post {seed}"))
        self.book = Book(self.switches, self.now, seed)
        self.storage = Storage(self.now, f"storage {seed}".encode())
        self.recorded: dict[str, Call | int] = {}
        self.failing: list[tuple[int, int | None]] = []
        self.asked: list[str] = []
        self._closed: set[int] = set()  # visits whose end has been told
        self._messages = 0
        self.deeds = {
            "switches": self._set_switches,
            "clock": self._move_clock,
            "event": self._tell_event,
            "row": self._put_row,
            "fail": self._fail,
            "token": self._replace_token,
            "scenario": self._play,
            "disable": self._disable,
        }

    @property
    def api_url(self) -> str:
        """The base URL of the guide."""
        return f"{self.url}/v1"

    def add_routes(self, app: web.Application) -> None:
        """The API."""
        Doors(self).add_to(app)

    async def went_live(self) -> None:
        """The post begins."""
        self.spawn(self.postman.go_round())

    def state(self) -> Mapping[str, object]:
        post = self.postman
        floor = self.floor
        return {
            "switches": self.switches.as_mapping(),
            "webhooks": [each.shown() for each in post.webhooks.values()],
            "posted": post.posted,
            "taken": post.taken,
            "waiting_to_be_posted": post.waiting,
            "failures": len(post.failures),
            "calls": len(floor.calls) if floor is not None else 0,
            "waiting": {queue.name: len(queue.line) for queue in floor.queues} if floor is not None else {},
            "talking": sum(queue.talking for queue in floor.queues) if floor is not None else 0,
            "reports_in_a_minute": self.limits.most["reports"],
        }

    # -- the floor speaks ----------------------------------------------------------------------------------------------

    def hear(self, at: int, subject: Subject) -> None:
        """The floor's listener."""
        if isinstance(subject, Offer):
            self._hear_offer(at, subject)
        elif isinstance(subject, Visit):
            self._hear_visit(at, subject)
        elif isinstance(subject, Call):
            self._hear_call(at, subject)

    def _hear_offer(self, at: int, offer: Offer) -> None:
        if not self.live:
            return
        call = offer.call
        if call.caller is not None and offer is call.offers[0] and offer.ringing:
            self._post("call.started", caller_leg(call, offer.agent, self.switches, ended=False), at)
        if offer.ended_at is not None:
            self._post("call.ended", offer_leg(offer, self.switches, ended=True), at)
        else:
            event = "call.started" if offer.answered_at is None else "call.answered"
            self._post(event, offer_leg(offer, self.switches, ended=False), at)

    def _hear_visit(self, at: int, visit: Visit) -> None:
        if not self.live or not self.switches.group_legs or id(visit) in self._closed:
            return
        if visit.answered_at is None and visit.closed_at is None:
            self._post("call.started", visit_leg(visit, self.switches, ended_at=None), at)
            return
        if visit.answered_at is not None and visit.answered_at == at and visit.closed_at is None:
            self._post("call.answered", visit_leg(visit, self.switches, ended_at=None), at)
            if self.switches.group_leg_ends == "talk":
                return
        if len(self._closed) > TOLD_ONCE:
            self._closed.clear()
        self._closed.add(id(visit))
        ended_at = visit.answered_at if visit.answered_at is not None and self.switches.group_leg_ends == "answer" else visit.closed_at
        self._post("call.ended", visit_leg(visit, self.switches, ended_at=ended_at), at)

    def _hear_call(self, at: int, call: Call) -> None:
        callee = call.offers[0].agent if call.offers else None
        if self.live and call.caller is not None:
            if call.ended_at is not None:
                self._post("call.ended", caller_leg(call, callee, self.switches, ended=True), at)
            elif call.answered:
                self._post("call.answered", caller_leg(call, callee, self.switches, ended=False), at)
        if call.ended_at is None:
            return
        self.book.keep(call)
        if len(self.recorded) > 2 * TOLD_ONCE:
            self.recorded.clear()
        if call.recorded:
            self._keep_recordings(call)
        if call.number is not None and self.chance.random() < MESSAGE_SHARE:
            self._write_message(call, at)
        if self.chance.random() < 0.01:
            self.book.forget_before(at - KEPT_MS)

    def _keep_recordings(self, call: Call) -> None:
        for place, segment in enumerate(journey(call, self.switches, "")):
            if segment["recording_url"] is None:
                continue
            self.recorded[segment_id(call, place)] = call
            if self.live and self.switches.transcripts:
                told = (each for each in call.offers if each.answered_at is not None and extension(each.agent) == segment["extension"])
                offer = next(told)
                data = offer_leg(offer, self.switches, ended=True) | words(offer.agent.name)
                self.postman.tell("call.transcription", data, after_ms=self.chance.randrange(5 * MINUTE_MS, 30 * MINUTE_MS))

    def _post(self, event: str, data: Document, at: int) -> None:
        self.postman.tell(event, data, at=at)

    # -- messages ------------------------------------------------------------------------------------------------------

    def _write_message(self, call: Call, at: int) -> None:
        self._messages += 1
        channel, incoming = ("whatsapp" if self._messages % 3 == 0 else "text"), self._messages % 4 == 0
        message = message_of(f"{self._messages + 12_000}", call, at, channel=channel, incoming=incoming)
        self.book.keep_message(message)
        steps = (
            []
            if incoming
            else ["failed"]
            if self._messages % 17 == 0
            else ["delivered", "read"]
            if channel == "whatsapp"
            else ["delivered"]
        )
        if not self.live:
            message["status"] = steps[-1] if steps else message["status"]
            return
        self.postman.tell("message.received" if incoming else "message.sent", dict(message), at=at)
        self._later(message, steps)

    def send_message(self, asked: Mapping[str, Any]) -> None:
        """POST /messages."""
        self._messages += 1
        now = self.now()
        message: Document = {
            **{"message_id": f"sms_{self._messages + 12_000}", "direction": "outgoing", "channel": "text", "from": asked["from"]},
            **{"to": asked["to"], "body": asked["message"], "status": "sent", "sent_at": iso(now), "attachments": []},
        }
        self.book.keep_message(message)
        self.postman.tell("message.sent", dict(message), at=now)
        self._later(message, ["delivered"])

    def _later(self, message: Document, steps: list[str]) -> None:
        for place, status in enumerate(steps):
            wait = (place + 1) * 2_000
            at = self.now() + wait
            message["status"] = status
            self.postman.tell("message.status_updated", {**message, "updated_at": iso(at)}, at=at, after_ms=wait)

    # -- a test speaks -------------------------------------------------------------------------------------------------

    def advance(self, by_ms: int) -> None:
        """Move the emulator's clock."""
        self.ahead_ms += by_ms
        self.postman.wake()

    async def _set_switches(self, asked: Mapping[str, Any]) -> object:
        self.switches.update(asked)
        return self.switches.as_mapping()

    async def _move_clock(self, asked: Mapping[str, Any]) -> object:
        self.advance(int(asked["advance_ms"]))
        await asyncio.sleep(0)
        return {"now": self.now()}

    async def _tell_event(self, asked: Mapping[str, Any]) -> object:
        document = self.postman.envelope(str(asked["event"]), asked["data"], self.now())
        document |= {"id": asked.get("id", document["id"]), "timestamp": asked.get("timestamp", document["timestamp"])}
        for webhook in self.postman.webhooks.values():
            self.postman.post(webhook, document)
        return {"id": document["id"]}

    async def _put_row(self, asked: Mapping[str, Any]) -> object:
        self.book.put_row(dict(asked))
        return {}

    async def _fail(self, asked: Mapping[str, Any]) -> object:
        after = asked.get("retry_after")
        self.failing += [(int(asked["status"]), None if after is None else int(after))] * int(asked.get("count", 1))
        return {}

    async def _replace_token(self, asked: Mapping[str, Any]) -> object:
        self.token = "" if asked.get("revoke") else str(asked["token"])
        return {}

    async def _play(self, asked: Mapping[str, Any]) -> object:
        return {"call_id": await self.play(str(asked.get("name", "doc-example")), real_time=bool(asked.get("real_time")))}

    async def _disable(self, _asked: Mapping[str, Any]) -> object:
        for webhook in self.postman.webhooks.values():
            webhook.is_active = False
        return {}
