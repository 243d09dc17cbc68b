"""The door for what vendors post to us: /hooks/<company>/<key>/, before Django, which would cost too much at hundreds a second.

Rules that hold here:
- Nothing is answered with a 2xx before it lies in Redis; where it cannot, the vendor is told to come again (503, never 429).
- Who is nobody, and who is not who they say, is told so and nothing else; no key, secret or body reaches a log.
- A body is read for an address somebody knows alone, up to what its company may post.
- One source's flood takes its own share of the door; only what was let in is counted against it.
"""

import asyncio
import re
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from django.conf import settings

from stats.clock import now_ms
from stats.domain.errors import Malformed, Refused
from stats.history.hooks import Posted, mark_of
from stats.ingest import door
from stats.live.board_store import Store, StoreAway
from stats.live.inbox import Inbox, Put
from wallboard.hooks.asking import Gone, Receive, Reply, Send, TooLarge, TooSlow, body_of, say
from wallboard.hooks.buckets import Buckets
from wallboard.hooks.counts import Outcome, counts
from wallboard.hooks.gathering import Gathering
from wallboard.hooks.heard import Heard
from wallboard.hooks.known import CannotSay, Known
from wallboard.origins import headers_named, is_called_ours, is_secure
from wallboard.push import live

log = structlog.get_logger(__name__)

PREFIX = "/hooks/"
# Twice what the busiest source may need for minutes; at once, what a vendor keeps back while we are being replaced.
RATE, BURST = 1_000.0, 2_000.0
# Requests of everybody together that are being answered: the rest may come again.
MOST_AT_ONCE = 2_000
AGAIN_SOON_S, AGAIN_LATER_S = 1, 10

_WHERE = re.compile(r"/hooks/([a-z0-9_-]{1,40})/([A-Za-z0-9_-]{32,128})/?")
NOBODY = Reply(404, b"")


class _Room:
    """What one event loop holds."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.known, self.heard = Known(), Heard()
        self.buckets = Buckets(rate=RATE, burst=BURST)
        self.gatherings: dict[tuple[str, str], Gathering] = {}
        self.busy = 0

    def gathering(self, posted: Posted) -> Gathering:
        """Where one source's posts go together."""
        name = (posted.organisation, posted.source)
        if name not in self.gatherings:
            self.gatherings[name] = Gathering(Inbox(self.store, *name))
        return self.gatherings[name]


# By event loop, because tests run many of them; a server has one.
_rooms: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Room]" = weakref.WeakKeyDictionary()


def _room() -> _Room:
    loop, store = asyncio.get_running_loop(), live.store()
    room = _rooms.get(loop)
    if room is None or room.store is not store:
        room = _rooms[loop] = _Room(store)
    return room


class _No(Exception):
    """Why nothing was taken, and what is said of it."""

    def __init__(self, outcome: Outcome, reply: Reply, reason: str = "") -> None:
        super().__init__(outcome)
        self.outcome, self.reply, self.reason = outcome, reply, reason


def before(inner: Callable[[Any, Any, Any], Awaitable[None]]) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """An application that answers what is posted to /hooks/, and leaves everything else to `inner`; for HTTP."""

    async def answered(scope: Any, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith(PREFIX):
            return await inner(scope, receive, send)
        room = _room()
        room.busy += 1
        try:
            reply = await _answer(room, scope, receive)
        except Gone:
            return None
        finally:
            room.busy -= 1
        return await say(send, reply)

    return answered


async def _answer(room: _Room, scope: Any, receive: Receive) -> Reply:
    whose = "", ""
    try:
        posted, hook = await _whose(room, scope)
        whose = posted.organisation, posted.source
        delivery = await _read(scope, receive, hook)
        outcome, answer = await _take(room, posted, hook, delivery)
    except _No as no:
        counts.add(*whose, no.outcome, no.reason)
        return no.reply
    counts.add(*whose, outcome)
    return Reply(answer.status, answer.body, answer.content_type)


async def _whose(room: _Room, scope: Any) -> tuple[Posted, door.Hook]:
    if not is_called_ours(scope):
        raise _No("host", Reply(400, b""))
    if settings.SECURE_SSL_REDIRECT and not is_secure(scope):
        # A redirect would be followed with the body left behind, and the key has been seen on the way already.
        raise _No("insecure", Reply(403, b""))
    if room.busy > MOST_AT_ONCE:
        raise _No("flood", Reply(503, b"", again_after_s=AGAIN_SOON_S))
    where = _WHERE.fullmatch(scope["path"])
    if where is None:
        raise _No("unknown", NOBODY)
    client = scope.get("client") or ("",)
    try:
        posted = await room.known.whose(mark_of(where[2]), str(client[0]))
    except CannotSay:
        raise _No("database_away", Reply(503, b"", again_after_s=AGAIN_LATER_S)) from None
    hook = door.hook_of(posted.provider) if posted is not None and posted.provider == where[1] else None
    if posted is None or hook is None:
        raise _No("unknown", NOBODY)
    return posted, hook


async def _read(scope: Any, receive: Receive, hook: door.Hook) -> door.Delivery:
    if scope["method"] not in hook.methods:
        raise _No("method", Reply(405, b"", allow=", ".join(hook.methods)))
    named: dict[str, str] = {}
    for name in hook.headers:
        values = headers_named(scope, name.encode("latin-1"))
        if len(values) > 1:
            # Which of two signatures was checked, another reader of the same request might see differently.
            raise _No("malformed", Reply(400, b""), f"{name} twice")
        if values:
            named[name] = values[0]
    try:
        body = await body_of(scope, receive, hook.largest)
    except TooLarge:
        raise _No("large", Reply(413, b"")) from None
    except TooSlow:
        raise _No("slow", Reply(408, b"")) from None
    return door.Delivery(
        at=now_ms(),
        method=scope["method"],
        content_type=next(iter(headers_named(scope, b"content-type")), ""),
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=named,
        body=body,
    )


async def _take(room: _Room, posted: Posted, hook: door.Hook, delivery: door.Delivery) -> tuple[Outcome, door.Answer]:
    checked = _checked(posted, hook, delivery)
    room.heard.note(posted.hook, proof=checked.verified)
    if not checked.keep:
        return "test", hook.answer
    if not posted.listens:
        # A vendor that is refused switches the address off. What is missed meanwhile is read from its history.
        return "unheeded", hook.answer
    if not room.buckets.take((posted.organisation, posted.source)):
        raise _No("flood", Reply(503, b"", again_after_s=AGAIN_SOON_S))
    try:
        put = await room.gathering(posted).put(checked.delivery_id, door.pack_delivery(delivery))
    except StoreAway as why:
        raise _No("store_away", Reply(503, b"", again_after_s=AGAIN_SOON_S), str(why)) from None
    if put is Put.FULL:
        raise _No("full", Reply(503, b"", again_after_s=AGAIN_LATER_S))
    return ("again", hook.again) if put is Put.AGAIN else ("taken", hook.answer)


def _checked(posted: Posted, hook: door.Hook, delivery: door.Delivery) -> door.Checked:
    try:
        return hook.check(delivery, posted.secrets, posted.settings)
    except Refused as why:
        raise _No("refused", Reply(401, b""), why.reason) from None
    except Malformed as why:
        raise _No("malformed", Reply(400, b""), why.reason) from None
    except Exception:
        log.exception("hook.check_failed", organisation=posted.organisation, source=posted.source)
        raise _No("failed", Reply(500, b"")) from None
