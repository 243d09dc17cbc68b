"""Questions to the vendor over one kept session, and the one thing it can be told: to call somebody.

Rules that hold here:
- `SAFE` holds every GET that will ever be sent. The vendor has one that takes the next caller out of a queue: it is not among them, and no
  name of a queue or id of a call can make it one.
- The key goes to the configured address alone: no redirect is followed, and what the vendor says comes next is asked for only where it
  lies at that same address.
- Every failure is Retry, Refused or Missing; answers are limited in size and time.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import aiohttp
import msgspec
from yarl import URL

from stats.domain.errors import Refused, Retry
from stats.providers.voxology.errors import Missing, of_answer
from stats.providers.voxology.pace import Pace
from stats.providers.voxology.wire import Fields

SAFE: Mapping[str, str] = {
    "live": "/LiveCalls",
    "live_call": "/LiveCalls/{}",
    "queues": "/LiveCalls/Queues",
    "queued": "/LiveCalls/Queues/{}/Calls",
    "logs": "/History/Logs/Calls",
    "log": "/History/Logs/Calls/{}",
    "recordings": "/History/Recordings",
    "recordings_of": "/History/Recordings/{}",
    "sound": "/History/Recordings/{}/mp3",
    "messages": "/Messages",
}
DIAL = "/Dials/Connect"
TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
SOUND_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=10, sock_read=30)
MAX_ANSWER_BYTES = 32 << 20
CHUNK_BYTES = 64 << 10
# Names under which the vendor keeps other things than calls: no call has such an id.
_TAKEN = frozenset({"queues", "conferences", "poll", "peek"})


class Rest:
    """One application (or sub account) at one address. `now_ms`: our clock, for Retry-After alone."""

    def __init__(self, base: str, key: str, *, sub_account: str, pace: Pace, now_ms: Callable[[], int]) -> None:
        self._base = base.rstrip("/")
        self._prefix = f"/SubAccounts/{_segment(sub_account)}" if sub_account else ""
        self._key, self._now_ms = key, now_ms
        self.pace = pace
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, what: str, *segments: str, **query: str) -> Fields:
        """The answer to one of the safe questions. Raises Missing, Retry or Refused."""
        try:
            path = SAFE[what].format(*(_segment(each) for each in segments))
        except ValueError:
            raise Missing(None) from None
        url = URL(f"{self._base}{self._prefix}{path}", encoded=True)
        return await self._json("GET", url.with_query(query) if query else url)

    async def follow(self, address: str) -> Fields:
        """The next block of logs, as the vendor addressed it. Raises Refused when that is not the address we know."""
        ours, asked = urlsplit(self._base), urlsplit(urljoin(f"{self._base}/", address))
        before, logs, after = asked.path.partition(SAFE["logs"])
        # It may leave out the version or the sub account, which are put before it again; whatever else is there is another address.
        known = before in ("", ours.path, f"{ours.path}{self._prefix}", self._prefix) and logs and re.fullmatch(r"(/[\w@%-]+)*/?", after)
        if (asked.scheme, asked.netloc) != (ours.scheme, ours.netloc) or not known or len(address) > 4_000:
            raise Refused("config", "the next block of logs lies at an address that is not the configured one")
        return await self._json("GET", URL(f"{self._base}{self._prefix}{logs}{after}?{asked.query}", encoded=True))

    async def dial(self, body: Mapping[str, Any]) -> Fields:
        """Make a call. Raises Retry or Refused."""
        try:
            return await self._json("POST", URL(f"{self._base}{self._prefix}{DIAL}", encoded=True), body)
        except Missing:
            raise Refused("config", "the vendor has no such address for making calls") from None

    async def _json(self, method: str, url: URL, body: Mapping[str, Any] | None = None) -> Fields:
        await self.pace.turn()
        data = msgspec.json.encode(body) if body is not None else None
        headers = {"Content-Type": "application/json"} if body is not None else None
        try:
            async with self._opened().request(method, url, data=data, headers=headers, allow_redirects=False) as response:
                answer = await _whole(response)
                status, retry_after = response.status, response.headers.get("Retry-After")
        except aiohttp.InvalidURL:
            raise Refused("config", "the address is not a web address") from None
        except TimeoutError:
            raise Retry("timeout") from None
        except (aiohttp.ClientError, OSError, EOFError) as fault:
            raise Retry(f"cannot ask: {type(fault).__name__}") from None
        except ValueError:
            raise Refused("config", "the key or the address holds characters that cannot be sent") from None
        self._judge(status, retry_after, answer)
        try:
            read = msgspec.json.decode(answer)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Retry("not a JSON answer") from None
        if not isinstance(read, dict):
            raise Retry("not a JSON answer")
        return read

    def _judge(self, status: int, retry_after: str | None, answer: bytes) -> None:
        if 200 <= status < 300:
            return
        if status == 429:
            self.pace.refused()
        raise of_answer(status, retry_after, answer, self._key, self._now_ms())

    @asynccontextmanager
    async def sound(self, recording: str, byte_range: str | None) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer that holds the sound, still to be read. Raises Missing, Retry or Refused."""
        try:
            url = URL(f"{self._base}{self._prefix}{SAFE['sound'].format(_segment(recording))}", encoded=True)
        except ValueError:
            raise Missing(None) from None
        headers = {"Range": byte_range} if byte_range else {}
        await self.pace.turn()
        try:
            response = await self._opened().get(url, headers=headers, allow_redirects=False, timeout=SOUND_TIMEOUT)
        except TimeoutError:
            raise Retry("timeout") from None
        except (aiohttp.ClientError, OSError) as fault:
            raise Retry(f"cannot ask: {type(fault).__name__}") from None
        async with response:
            if response.status not in (200, 206):
                self._judge(response.status, response.headers.get("Retry-After"), await _whole(response))
            yield response

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(headers={"X-API-Key": self._key}, timeout=TIMEOUT, trust_env=False, auto_decompress=True)
        return self._session

    async def close(self) -> None:
        """Let go of the session; a later question opens another."""
        session, self._session = self._session, None
        if session is not None:
            await asyncio.shield(session.close())


def _segment(value: str) -> str:
    """A name or id as one part of a path. Raises ValueError for what could be read as another path."""
    if "\\" in value or not value.isprintable():
        raise ValueError("not a part of a path")
    # A queue may be called "Sales/Support": should somebody on the way decode that, it is still no other question.
    for part in value.split("/"):
        if part in ("", ".", "..") or re.split(r"[?#;]", part)[0].strip().casefold() in _TAKEN:
            raise ValueError("not a part of a path")
    return quote(value, safe="@")


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise Retry("answer too large")
        chunks.append(chunk)
    return b"".join(chunks)
