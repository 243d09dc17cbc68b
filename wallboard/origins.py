"""Refuses browser sockets that another site opened.

A browser always sends Origin, a program seldom does. So: no Origin is let in (such a client has no cookie jar of a person),
our own origin is let in, the origins of TRUSTED_ORIGINS are let in, everything else is closed before the handshake ends.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

DEFAULT_PORTS = {"http": 80, "https": 443}


def same_origin(origin: str, host: str, *, secure: bool) -> bool:
    """Whether `origin` (scheme://host[:port]) is the one the request's Host header stands for."""
    own_scheme = "https" if secure else "http"
    try:
        theirs, ours = urlsplit(origin), urlsplit(f"{own_scheme}://{host}")
        return (
            theirs.scheme == own_scheme
            and theirs.hostname is not None
            and theirs.hostname == ours.hostname
            and (theirs.port or DEFAULT_PORTS[own_scheme]) == (ours.port or DEFAULT_PORTS[own_scheme])
        )
    except ValueError:
        return False


class OwnOrigin:
    """ASGI middleware for WebSockets; a refused one gets close code 4403 before it was accepted, which is HTTP 403."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        if self.is_welcome(scope):
            return await self._inner(scope, receive, send)
        message = await receive()
        if message["type"] == "websocket.connect":
            await send({"type": "websocket.close", "code": 4403})
        return None

    def is_welcome(self, scope: Any) -> bool:
        """Whether the headers of this handshake name an allowed host and an allowed origin, each at most once."""
        origins = headers_named(scope, b"origin")
        if not is_called_ours(scope) or len(origins) > 1:
            return False
        if not origins:
            return True
        origin = origins[0].lower()
        host = headers_named(scope, b"host")[0].lower()
        return origin in settings.CSRF_TRUSTED_ORIGINS or same_origin(origin, host, secure=is_secure(scope))


def headers_named(scope: Any, name: bytes) -> list[str]:
    """Every value of a header, by its lower-case name."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def is_called_ours(scope: Any) -> bool:
    """Whether exactly one host is named, and ALLOWED_HOSTS holds it."""
    hosts = headers_named(scope, b"host")
    domain = split_domain_port(hosts[0])[0] if len(hosts) == 1 else ""
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def is_secure(scope: Any) -> bool:
    """Whether it came through TLS, as far as settings let us believe it."""
    if settings.BEHIND_PROXY:
        return headers_named(scope, b"x-forwarded-proto") == ["https"]
    return bool(scope.get("scheme") in ("wss", "https"))
