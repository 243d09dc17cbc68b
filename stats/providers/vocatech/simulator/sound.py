"""Recordings: silence in MP3, behind links that are signed and expire on the emulator's clock."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from aiohttp import web

LIFETIME_MS = 30 * 60_000
# MPEG 1 layer III, 32 kbit/s, 44.1 kHz, mono: 26.122 ms a frame.
_FRAME = b"\xff\xfb\x10\xc4" + bytes(100)
_LONGEST_S = 120


class Storage:
    """Where signed links lead. `now`: epoch ms."""

    def __init__(self, now: Callable[[], int], key: bytes) -> None:
        self._now, self._key = now, key
        self.heard: list[str | None] = []  # the Authorization that came with each fetch

    def link(self, base: str, media: str, seconds: int) -> tuple[str, int]:
        """(the link, when it expires)."""
        expires = self._now() + LIFETIME_MS
        return f"{base}/storage/{media}.mp3?seconds={seconds}&expires={expires}&signature={self._sign(media, seconds, expires)}", expires

    async def fetch(self, request: web.Request) -> web.Response:
        """GET /storage/{media}.mp3; no key is asked for."""
        media, query = request.match_info["media"], request.query
        try:
            seconds, expires = int(query.get("seconds", "")), int(query.get("expires", ""))
        except ValueError:
            return web.Response(status=403, text="<Error>SignatureDoesNotMatch</Error>")
        if not hmac.compare_digest(query.get("signature", ""), self._sign(media, seconds, expires)):
            return web.Response(status=403, text="<Error>SignatureDoesNotMatch</Error>")
        if self._now() >= expires:
            return web.Response(status=400, text="<Error>ExpiredToken</Error>")
        self.heard.append(request.headers.get("Authorization"))
        sound = _FRAME * round(min(max(seconds, 1), _LONGEST_S) / 0.026122)
        headers = {"Content-Type": "audio/mpeg", "Accept-Ranges": "bytes"}
        wanted = request.http_range
        if wanted.start is None and wanted.stop is None:
            return web.Response(body=sound, headers=headers)
        first, after, _ = wanted.indices(len(sound))
        if first >= after:
            return web.Response(status=416, headers={"Content-Range": f"bytes */{len(sound)}"})
        headers["Content-Range"] = f"bytes {first}-{after - 1}/{len(sound)}"
        return web.Response(status=206, body=sound[first:after], headers=headers)

    def _sign(self, media: str, seconds: int, expires: int) -> str:
        return hmac.new(self._key, f"{media} {seconds} {expires}".encode(), hashlib.sha256).hexdigest()
