"""The look-alike: one door to send recordings to, one to ask about them, tokens that end, and troubles that can be ordered.

Deeds of the control path: `switch {name: value}`; `trouble {door, times, status, body, content_type, after_s, wait_s, drop}` for the next
so many requests at a door ("enqueue", "graphql"; drop "before" or "after" keeping: the line is cut without an answer); `analyse` (all that
was sent is listened to now); `put {metadata}` (somebody else has sent this); `token {lives_s}`.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web
from graphql import ExecutionResult

from stats.providers.voxjar.simulator.answers import Answers
from stats.providers.voxjar.simulator.enqueue import Unfit, Upload, read_upload
from stats.providers.voxjar.simulator.library import Library
from stats.providers.voxjar.simulator.switches import Switches
from stats.providers.voxjar.simulator.tokens import SHORT_S, Tokens
from stats.simulation.exchange import Subject
from stats.simulation.house import House, wall_ms
from stats.simulation.records import Call as FloorCall
from stats.simulation.records import Direction

HISTORY_MS = 3 * 3_600_000


@dataclass(slots=True, kw_only=True)
class Trouble:
    """What becomes of the next `times` requests at a door. `status` 0: they are served after all."""

    door: str
    times: int = 1
    status: int = 0
    body: str = ""
    content_type: str = "application/json"
    after_s: float | None = None  # Retry-After
    wait_s: float = 0.0
    drop: str = ""


@dataclass(slots=True)
class Counted:
    """How often each door was used, and what for."""

    enqueued: int = 0
    refused: int = 0
    asked: int = 0
    open_now: int = 0
    identifiers: list[str] = field(default_factory=list)  # of every upload that was kept, in their order


class VoxjarSimulator(House):
    """`start`: somebody else sends the recorded calls of a floor to it, beside whatever we send."""

    def __init__(self, *, token: str = "", switches: Switches | None = None, start: bool = False, seed: int = 1, **house: Any) -> None:
        now: Callable[[], int] = house.pop("now", wall_ms)
        super().__init__(start=start, seed=seed, now=now, history_ms=house.pop("history_ms", HISTORY_MS), **house)
        self.switches = switches or Switches()
        self.tokens = Tokens(seed, token)
        self.token = token or self.tokens.make(now() // 1000)
        self.library = Library(now)
        self.counted = Counted()
        self.troubles: list[Trouble] = []
        login: Callable[[], str] = lambda: self.tokens.make(now() // 1000, lives_s=SHORT_S)  # noqa: E731
        self._answers = Answers(self.library, self.switches, now, login)
        self.deeds = {"switch": self._switch, "trouble": self._trouble, "analyse": self._analyse, "put": self._put, "token": self._token}

    def add_routes(self, app: web.Application) -> None:
        """The two doors."""
        app.router.add_post("/enqueue", self._enqueue)
        app.router.add_post("/graphql", self._graphql)

    def hear(self, at: int, subject: Subject) -> None:
        """Recorded calls are sent when they end; their agents by e-mail."""
        if not isinstance(subject, FloorCall) or subject.ended_at is None or not subject.recorded or subject.internal or not subject.number:
            return
        heard = next((offer for offer in reversed(subject.offers) if offer.answered_at is not None), None)
        if heard is None or heard.answered_at is None:
            return
        queue = subject.visits[-1].queue.name if subject.visits else "Direct"
        metadata = {
            "identifier": f"acd:{subject.id}",
            "type": {"identifier": queue, "name": queue},
            "timestamp": _iso(subject.started_at),
            "direction": "OUTGOING" if subject.direction is Direction.OUTGOING else "INCOMING",
            "agents": [{"identifier": heard.agent.email, "name": heard.agent.name, "phoneNumber": heard.agent.phone}],
            "customers": [{"identifier": subject.number, "name": subject.number, "phoneNumber": subject.number}],
            "disposition": {"identifier": "answered", "name": "Answered"},
            "metadata": {"talk_ms": (heard.ended_at or subject.ended_at) - heard.answered_at},
        }
        self.library.put(metadata, size=1, digest="", done_at=at + round(self.switches.processing_s * 1000))

    def state(self) -> Mapping[str, object]:
        """Of the back door."""
        counted = self.counted
        return {
            "calls": len(self.library.calls),
            "enqueued": counted.enqueued,
            "refused": counted.refused,
            "asked": counted.asked,
            "switches": self.switches.as_mapping(),
        }

    # -- the doors -----------------------------------------------------------------------------------------------------

    async def _enqueue(self, request: web.Request) -> web.StreamResponse:
        trouble = self._next_trouble("enqueue")
        if trouble is not None and trouble.wait_s:
            await asyncio.sleep(trouble.wait_s)
        if fault := self.tokens.fault(request.headers.get("Authorization", ""), self.now() // 1000):
            self.counted.refused += 1
            await _drain(request)
            return web.json_response({"error": fault}, status=401)
        if trouble is not None and trouble.status:
            await _drain(request)
            return _ordered(trouble)
        if trouble is not None and trouble.drop == "before":
            await request.content.readany()
            return _cut(request)
        self.counted.open_now += 1
        try:
            upload = await read_upload(request, refuse_placeholders=self.switches.refuse_placeholders)
        except Unfit as unfit:
            await _drain(request)
            return web.json_response(unfit.told, status=400)
        finally:
            self.counted.open_now -= 1
        answer = self._keep(upload)
        return _cut(request) if trouble is not None and trouble.drop == "after" else answer

    def _keep(self, upload: Upload) -> web.Response:
        identifier = str(upload.metadata["identifier"])
        if identifier in self.library.calls and self.switches.duplicates == "conflict":
            return web.json_response({"error": "a call with this identifier exists", "identifier": identifier}, status=409)
        done_at = self.now() + round(self.switches.processing_s * 1000)
        try:
            self.library.put(upload.metadata, size=upload.size, digest=upload.digest, done_at=done_at)
        except ValueError:
            return web.json_response({"error": "timestamp must be a datetime"}, status=400)
        self.counted.enqueued += 1
        self.counted.identifiers.append(identifier)
        return web.json_response({**upload.metadata, "status": "enqueued"})

    async def _graphql(self, request: web.Request) -> web.StreamResponse:
        self.counted.asked += 1
        trouble = self._next_trouble("graphql")
        if trouble is not None:
            await asyncio.sleep(trouble.wait_s)
            if trouble.drop:
                return _cut(request)
            if trouble.status:
                return _ordered(trouble)
        try:
            asked = msgspec.json.decode(await request.read(), type=dict[str, Any])
            query, variables = str(asked["query"]), dict(asked.get("variables") or {})
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
            return web.json_response({"errors": [{"message": "expected {query, variables}"}]}, status=400)
        # `login` is how one gets a token, so that nobody has one yet.
        fault = self.tokens.fault(request.headers.get("Authorization", ""), self.now() // 1000)
        if fault and "login" not in query:
            self.counted.refused += 1
            status = 200 if self.switches.auth_as_200 else 401
            return web.json_response({"errors": [{"message": fault, "extensions": {"code": "UNAUTHENTICATED"}}]}, status=status)
        return web.json_response(_formatted(self._answers.answer(query, variables)))

    def _next_trouble(self, door: str) -> Trouble | None:
        trouble = next((each for each in self.troubles if each.door == door and each.times > 0), None)
        if trouble is not None:
            trouble.times -= 1
        return trouble

    # -- what a test may do --------------------------------------------------------------------------------------------

    async def _switch(self, asked: Mapping[str, Any]) -> object:
        for name, value in asked.items():
            self.switches.set(name, value)
        return self.switches.as_mapping()

    async def _trouble(self, asked: Mapping[str, Any]) -> object:
        self.troubles.append(Trouble(**asked))
        return {"ordered": len(self.troubles)}

    async def _analyse(self, _asked: Mapping[str, Any]) -> object:
        self.analyse()
        return {"calls": len(self.library.calls)}

    async def _put(self, asked: Mapping[str, Any]) -> object:
        self.put(asked["metadata"])
        return {"calls": len(self.library.calls)}

    async def _token(self, asked: Mapping[str, Any]) -> object:
        return {"token": self.tokens.make(self.now() // 1000, lives_s=int(asked["lives_s"]))}

    def analyse(self) -> None:
        """All that was sent has been listened to."""
        for call in self.library.calls.values():
            call.done_at = min(call.done_at, self.now())

    def put(self, metadata: Mapping[str, Any]) -> None:
        """Somebody else has sent this."""
        self.library.put(metadata, size=1, digest=hashlib.sha256(b"").hexdigest(), done_at=self.now())


async def _drain(request: web.Request) -> None:
    async for _ in request.content.iter_chunked(1 << 16):
        pass


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _ordered(trouble: Trouble) -> web.Response:
    headers = {"Retry-After": f"{trouble.after_s:g}"} if trouble.after_s is not None else {}
    return web.Response(status=trouble.status, text=trouble.body, content_type=trouble.content_type, headers=headers)


def _formatted(result: ExecutionResult) -> dict[str, Any]:
    told: dict[str, Any] = {"data": result.data}
    if result.errors:
        told["errors"] = [dict(error.formatted) for error in result.errors]
    return told


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
