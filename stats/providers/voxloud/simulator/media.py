"""Recordings as an open store has them: whoever knows the address hears them, in part if they like."""

from __future__ import annotations

from collections.abc import Container

from aiohttp import web

from stats.simulation.sound import tone


class Media:
    """`known`: the names of what lies there. `seen`: the keys that came along with questions, which nobody should send here."""

    def __init__(self) -> None:
        self.known: Container[str] = ()
        self.served = 0

    async def serve(self, request: web.Request) -> web.Response:
        """Whole, or the part that is asked for."""
        name = request.match_info["name"]
        if name not in self.known:
            return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>", content_type="application/xml")
        body = tone(name)
        self.served += 1
        headers = {"Accept-Ranges": "bytes"}
        try:
            asked = request.http_range
        except ValueError:
            return web.Response(status=416)
        if asked.start is None and asked.stop is None:
            return web.Response(body=body, content_type="audio/wav", headers=headers)
        start, stop, _ = asked.indices(len(body))
        if start >= stop:
            return web.Response(status=416, headers={"Content-Range": f"bytes */{len(body)}"})
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(body)}"
        return web.Response(status=206, body=body[start:stop], content_type="audio/wav", headers=headers)
