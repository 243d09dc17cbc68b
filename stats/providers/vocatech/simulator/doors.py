"""The REST API under /v1: who may ask, how often, and every endpoint of the guide."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from aiohttp import web

from stats.providers.vocatech.simulator.book import FIELDS, BadRequest
from stats.providers.vocatech.simulator.documents import Document, iso, segment_id
from stats.providers.vocatech.simulator.documents import journey as journey_of
from stats.providers.vocatech.simulator.postman import EVENTS
from stats.simulation.records import Call

if TYPE_CHECKING:
    from stats.providers.vocatech.simulator.house import VocatechSimulator

Door = Callable[[web.Request], Awaitable[web.StreamResponse]]
MOST_ROWS = 500
TYPES = {400: "BAD_REQUEST", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "RESOURCE_NOT_FOUND", 422: "VALIDATION_ERROR"}
TYPES |= {429: "RATE_LIMIT_EXCEEDED", 500: "SERVER_ERROR", 503: "SERVICE_UNAVAILABLE"}


def problem(status: int, message: str, **headers: str) -> web.Response:
    """An error as the guide writes them."""
    body = {"error": {"code": status, "type": TYPES.get(status, "ERROR"), "message": message}}
    return web.json_response(body, status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


class Doors:
    """The endpoints of one company."""

    def __init__(self, house: VocatechSimulator) -> None:
        self._house = house

    def add_to(self, app: web.Application) -> None:
        v1, add = "/v1", app.router.add_route
        add("GET", f"{v1}/calls", self._let_in(self._calls, "reports"))
        add("GET", f"{v1}/messages", self._let_in(self._messages, "reports"))
        add("POST", f"{v1}/messages", self._let_in(self._send, "messaging"))
        add("GET", f"{v1}/media/{{id}}", self._let_in(self._media))
        add("GET", f"{v1}/contacts/fields", self._let_in(self._fields))
        add("GET", f"{v1}/contacts", self._let_in(self._contacts))
        add("POST", f"{v1}/contacts", self._let_in(self._push))
        add("DELETE", f"{v1}/contacts", self._let_in(self._drop))
        add("GET", f"{v1}/webhooks", self._let_in(self._webhooks))
        add("POST", f"{v1}/webhooks", self._let_in(self._make))
        add("GET", f"{v1}/webhooks/failures", self._let_in(self._failures))
        add("*", f"{v1}/webhooks/{{id:\\d+}}", self._let_in(self._webhook))
        add("POST", f"{v1}/webhooks/{{id:\\d+}}/test", self._let_in(self._test))
        add("GET", "/storage/{media}.mp3", self._house.storage.fetch)
        add("*", "/{path:.*}", self._let_in(self._nothing))

    def _let_in(self, door: Door, tier: str = "default") -> Door:
        async def opened(request: web.Request) -> web.StreamResponse:
            house = self._house
            house.asked.append(f"{request.method} {request.path_qs}")
            if house.failing:
                status, after = house.failing.pop(0)
                return problem(status, "Something went wrong.", **({"Retry_After": str(after)} if after is not None else {}))
            given = request.headers.get("Authorization", "")
            if given not in (f"Bearer {house.token}", f"Bearer {house.other_token}"):
                return problem(401, "Invalid or missing API key." if given else "Missing API key.")
            wait = house.limits.ask(tier, house.now())
            if wait is not None:
                return problem(429, "Too many requests.", Retry_After=str(wait))
            try:
                return await door(request)
            except BadRequest as why:
                return problem(422, str(why))
            except (json.JSONDecodeError, AttributeError, TypeError, KeyError):
                return problem(400, "The request body is invalid.")

        return opened

    async def _nothing(self, _request: web.Request) -> web.Response:
        return problem(404, "Endpoint not found.")

    def _paged(self, request: web.Request, name: str, rows: Sequence[Any], write: Callable[[Any], Document]) -> web.Response:
        page, limit = _number(request, "page", 1), _number(request, "limit", 100)
        if limit > MOST_ROWS:
            raise BadRequest("The limit may not be greater than 500.")
        shown = [write(each) for each in rows[(page - 1) * limit : page * limit]]
        if self._house.switches.bare_lists:
            return web.json_response(shown)
        meta = {"page": page, "limit": limit, "total_pages": max(1, -(-len(rows) // limit)), f"total_{name}": len(rows)}
        return web.json_response({"query": dict(request.query), name: shown, "meta": meta})

    # -- calls, messages, media ----------------------------------------------------------------------------------------

    async def _calls(self, request: web.Request) -> web.Response:
        house = self._house
        found = [] if self._other(request) else house.book.find_calls(dict(request.query), house.api_url)
        return self._paged(request, "calls", found, lambda each: house.book.written(each, house.api_url))

    async def _messages(self, request: web.Request) -> web.Response:
        return self._paged(request, "messages", self._house.book.find_messages(dict(request.query)), dict)

    async def _send(self, request: web.Request) -> web.Response:
        asked = await request.json()
        missing = [name for name in ("platform", "from", "to", "message") if not asked.get(name)]
        if missing:
            return problem(422, f"The {missing[0]} field is required.")
        if asked.get("test"):
            return web.json_response({"test": True, "valid": True})
        self._house.send_message(asked)
        return web.json_response({"success": True}, status=201)

    async def _media(self, request: web.Request) -> web.Response:
        house, media = self._house, request.match_info["id"]
        if self._other(request):
            return problem(403, "You do not have access to this resource.")
        found = house.recorded.get(media.removeprefix("rec_")) if media.startswith("rec_") else None
        if found is None:
            return problem(404, "Media not found.")
        seconds = found if isinstance(found, int) else _seconds(found, media.removeprefix("rec_"), house)
        link, expires = house.storage.link(house.url, media, seconds)
        told = {"id": media, "type": "recording", "content_type": "audio/mp3", "format": "mp3", "duration": seconds}
        return web.json_response({**told, "url": link, "expires_at": iso(expires)})

    # -- contacts ------------------------------------------------------------------------------------------------------

    async def _fields(self, _request: web.Request) -> web.Response:
        return web.json_response({"fields": FIELDS})

    async def _contacts(self, request: web.Request) -> web.Response:
        return self._paged(request, "contacts", self._house.book.find_contacts(dict(request.query)), dict)

    async def _push(self, request: web.Request) -> web.Response:
        asked = await request.json()
        given = asked.get("contacts") or [asked]
        if len(given) > MOST_ROWS:
            raise BadRequest("The contacts may not have more than 500 items.")
        done = [self._house.book.put_contact(each["fields"]) for each in given]
        created = sum(action == "created" for _, action in done)
        summary = {"total": len(done), "created": created, "updated": len(done) - created, "errors": 0}
        contacts = [{"contact": contact, "action": action} for contact, action in done]
        return web.json_response({"summary": summary, "contacts": contacts, "errors": []}, status=201 if created else 200)

    async def _drop(self, request: web.Request) -> web.Response:
        asked = await request.json()
        for key in asked.get("ids") or [asked["id"]]:
            self._house.book.contacts.pop(int(key), None)
        return web.Response(status=204)

    # -- webhooks ------------------------------------------------------------------------------------------------------

    async def _webhooks(self, _request: web.Request) -> web.Response:
        shown = [each.shown() for each in self._house.postman.webhooks.values()]
        return web.json_response(shown)

    async def _make(self, request: web.Request) -> web.Response:
        asked = await request.json()
        events = asked.get("event_filters") or []
        if not str(asked.get("url", "")).startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise BadRequest("The url format is invalid.")
        if not events or any(event not in EVENTS for event in events):
            raise BadRequest("The selected event filters are invalid.")
        made, new = self._house.postman.make(str(asked.get("name", "")), asked["url"], events, asked.get("extension_filters") or [])
        shown = made.shown()
        return web.json_response({**shown, "secret_key": made.secret_key} if new else shown, status=201 if new else 200)

    async def _webhook(self, request: web.Request) -> web.Response:
        webhooks, key = self._house.postman.webhooks, int(request.match_info["id"])
        known = webhooks.get(key)
        if known is None:
            return problem(404, "Webhook endpoint not found.")
        if request.method == "DELETE":
            del webhooks[key]
            return web.Response(status=204)
        if request.method == "PATCH":
            for name, value in (await request.json()).items():
                if name in ("name", "url", "event_filters", "extension_filters", "is_active"):
                    setattr(known, name, value)
        return web.json_response(known.shown())

    async def _test(self, request: web.Request) -> web.Response:
        known = self._house.postman.webhooks.get(int(request.match_info["id"]))
        if known is None:
            return problem(404, "Webhook endpoint not found.")
        self._house.postman.test(known)
        return web.json_response({"success": True, "message": "Test delivery queued."})

    async def _failures(self, request: web.Request) -> web.Response:
        return self._paged(request, "failures", self._house.postman.failures[::-1], dict)

    def _other(self, request: web.Request) -> bool:
        """Another company's key."""
        return request.headers.get("Authorization") == f"Bearer {self._house.other_token}"


def _seconds(call: Call, segment: str, house: VocatechSimulator) -> int:
    for place, each in enumerate(journey_of(call, house.switches, "")):
        if segment_id(call, place) == segment:
            return int(each["duration"])
    return 0


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise BadRequest(f"The {name} must be at least 1.")
    return int(text)
