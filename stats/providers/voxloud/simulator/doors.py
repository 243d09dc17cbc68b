"""The API's doors: key and limit first, then whatever is asked, with the vendor's status codes and nothing beyond them."""

from __future__ import annotations

import re
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from stats.providers.voxloud.simulator.documents import Document
from stats.providers.voxloud.simulator.posting import KINDS, Subscription
from stats.providers.voxloud.simulator.records import as_csv

if TYPE_CHECKING:
    from stats.providers.voxloud.simulator.pbx import VoxloudSimulator

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_WORDS = {
    400: "Your request is not well-formed.",
    401: "Your API key is wrong.",
    403: "The requested resource is not accessible with your credentials.",
    404: "The specified resource could not be found.",
    405: "You tried to access an endpoint with an invalid method.",
    406: "You requested a format that isn't JSON.",
    429: "You're doing too many requests! Slow down!",
    500: "We had a problem with our server. Try again later.",
    503: "We're temporarily offline for maintenance. Please try again later.",
}
_E164 = re.compile(r"\+\d{8,15}")


class Doors:
    """Serves one house."""

    def __init__(self, house: VoxloudSimulator) -> None:
        self._house = house
        self._asked: deque[float] = deque()
        self.failures: deque[tuple[int, float | None]] = deque()
        self.requests: dict[str, int] = {}

    def add_routes(self, app: web.Application) -> None:
        """Under /api, as the vendor's examples have it."""
        add = app.router.add_route
        add("POST", "/api/v1/validate-auth", self._open(self._validate))
        add("GET", "/api/v2/users", self._open(self._users))
        add("*", "/api/v1/contacts", self._open(self._contacts))
        add("*", "/api/v1/contacts/{id}", self._open(self._contact))
        add("*", "/api/v1/webhook-subscriptions", self._open(self._subscriptions))
        add("*", "/api/v1/webhook-subscriptions/{id}", self._open(self._subscription))
        add("*", "/api/v1/click-to-call", self._open(self._clicks))
        add("*", "/api/v1/click-to-call/{id}", self._open(self._click))
        add("POST", "/api/v1/click-to-call/{id}/connect", self._open(self._connect))
        add("*", "/api/v1/telephony-events", self._open(self._events))
        add("GET", "/api/v1/telephony-events/{id}", self._open(self._event))
        add("*", "/api/{rest:.*}", self._open(self._nothing))
        app.router.add_get("/media/call_recordings/{name}", self._house.media.serve)

    def _open(self, handler: Handler) -> Handler:
        async def serve(request: web.Request) -> web.StreamResponse:
            name = f"{request.method} {request.path}"
            self.requests[name] = self.requests.get(name, 0) + 1
            if self.failures:
                return self.refuse(*self.failures.popleft())
            if request.headers.get("Voverc-Auth") not in self._house.keys:
                return self.refuse(401)
            if not self._has_room():
                return self.refuse(429, 7.0 if self._house.switches.retry_after else None)
            wanted = request.headers.get("Accept", "*/*")
            is_list = request.path == "/api/v1/telephony-events"
            if not any(kind in wanted for kind in ("*/*", "application/*", "application/json")) and not (is_list and "text/csv" in wanted):
                return self.refuse(406)
            try:
                return await handler(request)
            except (ValueError, TypeError, KeyError, AttributeError, msgspec.MsgspecError):
                return self.refuse(400)

        return serve

    def _has_room(self) -> bool:
        limit, now = self._house.switches.most_a_minute, time.monotonic()
        while self._asked and self._asked[0] < now - 60:
            self._asked.popleft()
        if limit and len(self._asked) >= limit:
            return False
        self._asked.append(now)
        return True

    def refuse(self, status: int, retry_after_s: float | None = None) -> web.Response:
        """An error, with a body of which nothing is documented."""
        headers = {} if retry_after_s is None else {"Retry-After": f"{retry_after_s:g}"}
        words, how = _WORDS.get(status, ""), self._house.switches.errors
        if how == "json":
            return web.json_response({"status": status, "message": words}, status=status, headers=headers)
        return web.Response(text=words if how == "text" else "", status=status, headers=headers)

    # -- who and what --------------------------------------------------------------------------------------------------

    async def _nothing(self, _request: web.Request) -> web.Response:
        return self.refuse(404)

    async def _validate(self, _request: web.Request) -> web.Response:
        return web.json_response({"name": "Exempelbolaget AB", "email": "admin@floor.example"})

    async def _users(self, _request: web.Request) -> web.Response:
        return web.json_response(self._house.users())

    async def _contacts(self, request: web.Request) -> web.Response:
        contacts = self._house.contacts
        if request.method == "POST":
            asked = await _body(request)
            if not asked.get("first_name") or not _E164.fullmatch(asked.get("primary_phone", "")):
                return self.refuse(400)
            contact = {"id": str(uuid.uuid4()), "crm_name": "Voxloud", **asked}
            contacts[contact["id"]] = contact
            return web.json_response(contact)
        if request.method != "GET":
            return self.refuse(405)
        offset, limit = int(request.query.get("offset", 0)), int(request.query.get("limit", 20))
        if offset < 0 or not 0 < limit <= 100:
            return self.refuse(400)
        found = [each for each in contacts.values() if _matches(each, request.query)]
        return web.json_response({"data": found[offset : offset + limit], "has_next": offset + limit < len(found)})

    async def _contact(self, request: web.Request) -> web.Response:
        contacts, key = self._house.contacts, request.match_info["id"]
        if key not in contacts:
            return self.refuse(404)
        if request.method in ("PUT", "POST"):
            contacts[key] |= await _body(request)
        elif request.method == "DELETE":
            del contacts[key]
            return web.Response(status=200)
        elif request.method != "GET":
            return self.refuse(405)
        return web.json_response(contacts[key])

    # -- subscriptions -------------------------------------------------------------------------------------------------

    async def _subscriptions(self, request: web.Request) -> web.Response:
        posting, switches = self._house.posting, self._house.switches
        if request.method == "GET":
            told = [each.told() for each in posting.subscriptions.values()]
            for place, each in enumerate(told):
                if switches.list_names == "type" or (switches.list_names == "mixed" and place):
                    each["type"] = each.pop("event_type")
            return web.json_response(told)
        if request.method != "POST":
            return self.refuse(405)
        asked = await _body(request)
        kind = asked["event_type"]
        if kind not in KINDS or (kind == "CLICK_TO_CALL" and not switches.click_to_call_subscriptions):
            return self.refuse(400)
        if not str(asked["callback_url"]).startswith(("http://", "https://")):
            return self.refuse(400)
        made = Subscription(event_type=kind, callback_url=asked["callback_url"], notification_email=asked.get("notification_email"))
        posting.subscribe(made)
        return web.json_response(made.told())

    async def _subscription(self, request: web.Request) -> web.Response:
        posting, key = self._house.posting, request.match_info["id"]
        known = posting.subscriptions.get(key)
        if known is None:
            return self.refuse(404)
        if request.method == "DELETE":
            posting.cancel(key)
            return web.Response(status=200)
        if request.method in ("PUT", "POST"):
            if self._house.switches.update_by not in (request.method, "both"):
                return self.refuse(405)
            asked = await _body(request)
            if asked["id"] != key or asked["event_type"] not in KINDS:
                return self.refuse(400)
            known.callback_url, known.event_type = asked["callback_url"], asked["event_type"]
            known.notification_email = asked.get("notification_email", known.notification_email)
            if asked.get("enabled") and not known.enabled:
                known.failed_count = known.in_a_row = 0
                known.last_error = None
            known.enabled = bool(asked.get("enabled", known.enabled))
        elif request.method != "GET":
            return self.refuse(405)
        return web.json_response(known.told())

    # -- click to call -------------------------------------------------------------------------------------------------

    async def _clicks(self, request: web.Request) -> web.Response:
        clicks = self._house.clicks
        if request.method == "GET":
            return web.json_response(list(clicks.values()))
        if request.method != "POST":
            return self.refuse(405)
        asked = await _body(request)
        limit = self._house.switches.click_to_call_limit or len(self._house.users()) + len(self._house.groups())
        known = {str(each["extension_number"]) for each in self._house.users()}
        if not asked["name"] or str(asked["extension"]) not in known or not asked["outboundNumber"]:
            return self.refuse(400)
        if asked.get("dial_first", "extension") not in ("contact", "extension") or len(clicks) >= limit:
            return self.refuse(400)
        made = {
            "id": uuid.uuid4().hex,
            "name": f"ctc-{asked['name']}",
            "extension": str(asked["extension"]),
            "outboundNumber": asked["outboundNumber"],
            "dial_first": asked.get("dial_first", "extension"),
        }
        clicks[made["id"]] = made
        return web.json_response(made)

    async def _click(self, request: web.Request) -> web.Response:
        clicks, key = self._house.clicks, request.match_info["id"]
        if key not in clicks:
            return self.refuse(404)
        if request.method == "DELETE":
            del clicks[key]
            return web.Response(status=200)
        return web.json_response(clicks[key]) if request.method == "GET" else self.refuse(405)

    async def _connect(self, request: web.Request) -> web.Response:
        click = self._house.clicks.get(request.match_info["id"])
        if click is None:
            return self.refuse(404)
        contact = (await _body(request))["contact"]
        if not _E164.fullmatch(contact):
            return self.refuse(400)
        self._house.click(click, contact)
        return web.json_response({"contact": contact})

    # -- telephony events ----------------------------------------------------------------------------------------------

    async def _events(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            row = self._house.records.of_call(request.query["callId"])
            if row is None:
                return self.refuse(404)
            how = self._house.switches.by_call_id
            return web.json_response(row if how == "object" else [row] if how == "list" else {"content": [row], "last": True})
        if request.method != "POST":
            return self.refuse(405)
        asked = await _body(request)
        name, _, order = request.query.get("sort", "timestamp,desc").partition(",")
        size, page = int(request.query.get("size", 20)), int(request.query.get("page", 0))
        if name != "timestamp" or size < 1 or page < 0:
            return self.refuse(400)
        told = self._house.records.page(
            _instant(asked.get("date_time_from")),
            _instant(asked.get("date_time_to")),
            asked.get("number"),
            descending=order.lower() == "desc",
            page=page,
            size=min(size, self._house.switches.largest_page),
        )
        if self._house.switches.false_totals:
            told["totalElements"] += 6
        if "text/csv" in request.headers.get("Accept", ""):
            return web.Response(text=as_csv(told["content"]), content_type="text/csv")
        return web.json_response(told)

    async def _event(self, request: web.Request) -> web.Response:
        row = self._house.records.of_id(int(request.match_info["id"]))
        return web.json_response(row) if row is not None else self.refuse(404)


async def _body(request: web.Request) -> Document:
    return msgspec.json.decode(await request.read(), type=dict[str, Any])


def _instant(text: str | None) -> int | None:
    """ISO 8601; one without a zone is not well-formed."""
    if text is None:
        return None
    told = datetime.fromisoformat(text)
    if told.tzinfo is None:
        raise ValueError(text)
    return round(told.timestamp() * 1000)


def _matches(contact: Document, query: Mapping[str, str]) -> bool:
    def has(wanted: str | None, *there: str | None) -> bool:
        return wanted is None or any(wanted.lower() in (each or "").lower() for each in there)

    return (
        has(query.get("first_name"), contact.get("first_name"))
        and has(query.get("last_name"), contact.get("last_name"))
        and has(query.get("email"), contact.get("primary_email"), *contact.get("emails", ()))
        and has(query.get("phone"), contact.get("primary_phone"), *contact.get("phones", ()))
    )
