"""One request as it comes over ASGI, and one answer.

Rules that hold here: a body is measured before it is read where it names its length, and while it is read; nothing past the limit is kept;
who drips is not waited for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from wallboard.origins import headers_named

BODY_WITHIN_S = 10.0

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class TooLarge(Exception):
    """The body is larger than may be; what was read of it is gone."""


class TooSlow(Exception):
    """The body did not come in time."""


class Gone(Exception):
    """Whoever asked has hung up."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said; `again_after_s`: when to come again."""

    status: int
    body: bytes = b"{}"
    content_type: str = "application/json"
    again_after_s: int | None = None
    allow: str = ""


async def body_of(scope: Any, receive: Receive, largest: int) -> bytes:
    """The whole body, at most so many bytes. Raises TooLarge, TooSlow or Gone."""
    for length in headers_named(scope, b"content-length"):
        # Whatever is no number is the server's affair: it measures for itself.
        if length.isdecimal() and int(length[:20]) > largest:
            raise TooLarge
    chunks: list[bytes] = []
    room = largest
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                chunk = message.get("body", b"")
                room -= len(chunk)
                if room < 0:
                    raise TooLarge
                chunks.append(chunk)
                if not message.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError:
        raise TooSlow from None


async def say(send: Send, reply: Reply) -> None:
    """Sends an answer that nobody keeps."""
    headers = [
        (b"content-type", reply.content_type.encode("latin-1")),
        (b"content-length", str(len(reply.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if reply.again_after_s is not None:
        headers.append((b"retry-after", str(reply.again_after_s).encode()))
    if reply.allow:
        headers.append((b"allow", reply.allow.encode("latin-1")))
    if settings.SECURE_HSTS_SECONDS:
        headers.append((b"strict-transport-security", f"max-age={settings.SECURE_HSTS_SECONDS}".encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
