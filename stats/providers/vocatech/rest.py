"""Questions to the REST API: one session, the vendor's pace, and every failure told in our three words (guide: Errors, Rate Limits).

Rules that hold here:
- The key goes to the configured address alone: no redirect is followed, nothing is taken from the environment, nothing is logged.
- 429 with a Retry-After of a minute or so is waited for here, so that a page in the middle is never lost; a longer one is told.
- Reasons are the vendor's own words, short, without long numbers and tokens.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from stats.domain.errors import ProviderError, Refused, Retry
from stats.providers.base import Sound
from stats.providers.vocatech.pace import LONGEST_WAIT_MS, Sleep, pace_of

TIMEOUT = aiohttp.ClientTimeout(total=30)
SOUND_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=10, sock_read=30)
MAX_ANSWER_BYTES = 32 << 20
TRIES = 3
CHUNK_BYTES = 64 << 10
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PASSED_ON = ("content-type", "content-length", "content-range", "accept-ranges")
_LONG_NUMBER, _LONG_WORD = re.compile(r"\+?\d{6,}"), re.compile(r"[\w.~+/=-]{24,}")


class _Words(msgspec.Struct):
    message: str | None = None
    type: str | None = None


class _Problem(msgspec.Struct):
    error: _Words | str | None = None
    message: str | None = None


class NotThere(Refused):
    """404 or 403 about one thing, not about the key."""


class Rest:
    """One API key at one address. `steady_ms`: a clock that only goes forwards."""

    def __init__(self, url: str, token: str, *, steady_ms: Callable[[], int], sleep: Sleep = asyncio.sleep) -> None:
        self.url = url.rstrip("/")
        self._token, self._steady_ms, self._sleep = token, steady_ms, sleep
        self._pace = pace_of(self.url, token)
        self._session: aiohttp.ClientSession | None = None

    @property
    def host(self) -> str:
        """Host and port of the address."""
        try:
            return urlsplit(self.url).netloc
        except ValueError:
            return ""

    async def get(self, path: str, query: Mapping[str, str | int] | None = None, *, tier: str = "default") -> bytes:
        """The body of an answer. Raises Retry, Refused or NotThere."""
        return await self.ask("GET", path, query=query, tier=tier)

    async def ask(
        self, method: str, path: str, *, query: Mapping[str, str | int] | None = None, json: Any = None, tier: str = "default"
    ) -> bytes:
        """The same, of any method."""
        for tries_left in reversed(range(TRIES)):
            await self._pace.turn(tier, self._steady_ms, self._sleep)
            status, retry_after, body = await self._once(method, path, query, json)
            if 200 <= status < 300:
                return body
            wait_s = seconds(retry_after)
            if status == 429 and tries_left and wait_s is not None and wait_s * 1000 <= LONGEST_WAIT_MS:
                await self._sleep(wait_s)
                continue
            raise error_of(status, wait_s, words_of(body))
        raise AssertionError("unreachable: the last try returns or raises")

    async def _once(self, method: str, path: str, query: Mapping[str, str | int] | None, json: Any) -> tuple[int, str | None, bytes]:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        asked: dict[str, Any] = {"params": query, "headers": headers, "allow_redirects": False, "timeout": TIMEOUT}
        if json is not None:
            asked |= {"data": msgspec.json.encode(json)}
            headers["Content-Type"] = "application/json"
        try:
            async with self.session().request(method, f"{self.url}{path}", **asked) as answer:
                return answer.status, answer.headers.get("Retry-After"), await _whole(answer)
        except aiohttp.InvalidURL:
            raise Refused("config", "the address is not a web address") from None
        except TimeoutError:
            raise Retry("timeout") from None
        except (aiohttp.ClientError, OSError, EOFError) as fault:
            raise Retry(f"cannot ask: {type(fault).__name__}") from None
        except ValueError:
            raise Refused("config", "the API key or the address holds characters that cannot be sent") from None

    @asynccontextmanager
    async def sound(self, link: str, *, byte_range: str | None) -> AsyncIterator[Sound]:
        """What lies behind a signed link, which asks for no key. Raises Retry, Refused or NotThere."""
        if not self.may_lead_to(link):
            raise Refused("config", "the recording lies where we do not go")
        headers = {"Range": byte_range} if byte_range else {}
        try:
            async with self.session().get(link, headers=headers, allow_redirects=False, timeout=SOUND_TIMEOUT) as answer:
                if answer.status not in (200, 206):
                    if answer.status >= 500 or answer.status == 429:
                        raise Retry(f"http {answer.status}", after_s=seconds(answer.headers.get("Retry-After")))
                    raise NotThere("config", f"the recording's link was not taken: http {answer.status}")
                passed_on = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
                yield Sound(status=answer.status, headers=passed_on, chunks=answer.content.iter_chunked(CHUNK_BYTES))
        except (TimeoutError, aiohttp.ClientError, OSError) as fault:
            raise Retry(f"cannot fetch: {type(fault).__name__}") from None

    def may_lead_to(self, link: str) -> bool:
        """A signed link leads anywhere over HTTPS; over plain HTTP only on this machine, when the API itself is asked so."""
        try:
            told, mine = urlsplit(link), urlsplit(self.url)
        except ValueError:
            return False
        if told.scheme == "https":
            return bool(told.hostname)
        return told.scheme == "http" == mine.scheme and told.hostname in LOOPBACK and mine.hostname in LOOPBACK

    def session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(auto_decompress=True, trust_env=False)
        return self._session

    async def close(self) -> None:
        """Let go of the session; a later question opens another."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def error_of(status: int, retry_after_s: float | None, words: str) -> ProviderError:
    """The error that a status other than success stands for."""
    reason = f"{words} (http {status})" if words else f"http {status}"
    if status == 401:
        return Refused("auth", reason)
    if status in (403, 404):
        return NotThere("auth" if status == 403 else "config", reason)
    if status == 429 or status >= 500:
        return Retry(reason, after_s=retry_after_s)
    return Refused("config", reason if status >= 400 else f"redirect {status}")


def words_of(body: bytes) -> str:
    """The vendor's own words in an error, fit for a log and a page; "" when there are none."""
    try:
        told = msgspec.json.decode(body, type=_Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    text = told.error if isinstance(told.error, str) else told.error.message or told.error.type if told.error else told.message
    shown = "".join(letter if letter.isprintable() else " " for letter in text or "")
    return _LONG_NUMBER.sub("#", _LONG_WORD.sub("…", shown))[:120].strip()


def seconds(retry_after: str | None) -> float | None:
    """Of a Retry-After header in seconds, as the guide says; at most an hour."""
    text = (retry_after or "").strip()
    return min(float(text), 3_600.0) if re.fullmatch(r"\d{1,9}", text) else None


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in answer.content.iter_any():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise Retry("answer too large")
        chunks.append(chunk)
    return b"".join(chunks)
