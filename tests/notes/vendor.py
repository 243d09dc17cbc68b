"""A telephone company that keeps recordings behind a token and hands out links that are good for a moment, on a real loopback port."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import quote

import aiohttp
from aiohttp import web

from stats.domain.errors import Refused, Retry
from stats.domain.notes import Recording
from stats.providers import registry
from stats.providers.base import Company, Sound, SourceConfig

NAME, TOKEN, SECRET = "testco", "a-token-of-the-vendor", "signed-for-a-moment"
PASSED_ON = ("content-type", "content-length", "content-range", "accept-ranges")


def wave(seconds: float = 1.0) -> bytes:
    """Silence, as a browser plays it: 8 kHz, 8 bit."""
    sound = b"\x80" * int(8000 * seconds)
    head = b"RIFF" + (36 + len(sound)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    form = (1).to_bytes(2, "little") * 2 + (8000).to_bytes(4, "little") * 2 + (1).to_bytes(2, "little") + (8).to_bytes(2, "little")
    return head + form + b"data" + len(sound).to_bytes(4, "little") + sound


class House:
    """The vendor's machine. `sound`: what it plays; `kind`: what it calls that; `sent`: bytes that left it; `dialled`: whom it called."""

    def __init__(self) -> None:
        self.sound, self.kind, self.sent = wave(), "audio/wav", 0
        self.asked: list[str | None] = []
        self.dialled: list[dict[str, str]] = []
        self.recordings: list[str] = []
        self.down = False
        self.listening = 0
        self.refuses = ""
        self.origin = ""

    async def link(self, request: web.Request) -> web.Response:
        """A link, for whoever has the token."""
        if self.down:
            return web.Response(status=503)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        return web.json_response({"url": f"{self.origin}/signed/{quote(request.match_info['name'], safe='')}?key={SECRET}"})

    async def signed(self, request: web.Request) -> web.StreamResponse:
        """The sound, in ranges, for whoever has the link."""
        asked = request.headers.get("Range")
        self.asked.append(asked)
        if request.query.get("key") != SECRET:
            return web.Response(status=403)
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", asked or "")
        first = int(found[1]) if found else 0
        last = min(int(found[2]) if found and found[2] else len(self.sound) - 1, len(self.sound) - 1)
        headers = {"Content-Type": self.kind, "Content-Length": str(last - first + 1), "Accept-Ranges": "bytes", "X-Where": self.origin}
        if found:
            headers["Content-Range"] = f"bytes {first}-{last}/{len(self.sound)}"
        answer = web.StreamResponse(status=206 if found else 200, headers=headers)
        await answer.prepare(request)
        self.listening += 1
        try:
            await self._play(answer, first, last)
        finally:
            self.listening -= 1
        return answer

    async def _play(self, answer: web.StreamResponse, first: int, last: int) -> None:
        for at in range(first, last + 1, 65_536):
            part = self.sound[at : min(at + 65_536, last + 1)]
            await answer.write(part)
            self.sent += len(part)
        await answer.write_eof()

    async def past(self, request: web.Request) -> web.Response:
        """What Voxloud's API says of a call: where its recording lies just now."""
        told = {"type": "PHONE_CALL", "callId": request.query["callId"], "recordingUrl": f"{self.origin}/signed/one?key={SECRET}"}
        return web.json_response({"content": [] if self.down else [told], "last": True})

    async def known(self, request: web.Request) -> web.Response:
        """Which recordings there are of a call."""
        return web.json_response(self.recordings)

    async def dial(self, request: web.Request) -> web.Response:
        """Calls somebody."""
        if self.down:
            return web.Response(status=503)
        if self.refuses:
            return web.Response(status=400, text=self.refuses)
        self.dialled.append(await request.json())
        return web.json_response({"id": "dialled-1"})


class Provider:
    """What speaks to it."""

    feeds: dict[str, Any] = {}
    historic_kinds: Sequence[str] = ()

    def __init__(self, config: SourceConfig) -> None:
        self._config = config
        self._http = aiohttp.ClientSession(headers={"Authorization": f"Bearer {config.token}"})

    async def recordings(self, id_call: str, *, start_ms: int, end_ms: int, received_at: int) -> Sequence[Recording]:
        async with self._http.get(f"{self._config.live_url}/known/{id_call}") as answer:
            return [
                Recording(
                    source=self._config.name,
                    id_call=id_call,
                    recording_id=name,
                    locator=f"{self._config.live_url}/link/{quote(name, safe='')}",
                    told_at=received_at,
                )
                for name in await answer.json()
            ]

    @asynccontextmanager
    async def sound(self, recording: Recording, *, byte_range: str | None = None) -> AsyncIterator[Sound]:
        try:
            async with self._http.get(recording.locator) as answer:
                if answer.status == 401:
                    raise Refused("auth", "unauthorised")
                if answer.status != 200:
                    raise Retry("away")
                address = (await answer.json())["url"]
            async with aiohttp.ClientSession() as bare, bare.get(address, headers={"Range": byte_range} if byte_range else {}) as heard:
                headers = {name: heard.headers[name] for name in PASSED_ON if name in heard.headers}
                yield Sound(status=heard.status, headers=headers, chunks=heard.content.iter_chunked(65_536))
        except aiohttp.ClientError as why:
            raise Retry(type(why).__name__) from None

    async def dial(self, number: str, *, agent: str, reference: str) -> str:
        told = {"number": number, "agent": agent, "reference": reference}
        async with self._http.post(f"{self._config.live_url}/dial", json=told) as answer:
            if answer.status == 400:
                raise Refused("config", await answer.text())
            if answer.status != 200:
                raise Retry("away")
            return str((await answer.json())["id"])

    async def close(self) -> None:
        await self._http.close()


COMPANY = Company(
    name=NAME,
    title="Testco",
    connect=Provider,  # type: ignore[arg-type]  # it has no feeds, and nobody here asks for any
    can=dict.fromkeys(("recordings", "transcripts", "summaries", "sentiment", "messages", "contacts", "dial"), "told"),  # type: ignore[arg-type]
)


@contextmanager
def registered() -> Iterator[None]:
    """As if the product knew the company."""
    registry.COMPANIES[NAME] = COMPANY  # type: ignore[index]
    try:
        yield
    finally:
        del registry.COMPANIES[NAME]  # type: ignore[attr-defined]


@asynccontextmanager
async def standing() -> AsyncIterator[House]:
    """The vendor's machine, answering."""
    house, app = House(), web.Application()
    app.router.add_get("/link/{name}", house.link)
    app.router.add_get("/signed/{name}", house.signed)
    app.router.add_get("/known/{name}", house.known)
    app.router.add_get("/v1/telephony-events", house.past)
    app.router.add_post("/dial", house.dial)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    house.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield house
    finally:
        async with asyncio.timeout(5):
            await runner.cleanup()
