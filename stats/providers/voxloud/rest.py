"""HTTP to Voxloud: one session, one header, and what a status means.

Rules that hold here:
- The key goes to the configured address alone: no redirect is followed, nothing is taken from the environment, nothing is logged.
- The vendor names status codes and no shape of an error: its words are taken from JSON or text, shortened, without keys and numbers.
- It names no limit either: 429 is obeyed, with Retry-After where there is one, and nobody asks for two things at once.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec

from stats.domain.errors import ProviderError, Refused, Retry

HEADER = "Voverc-Auth"
ANSWER_S = 30.0
MOST_BYTES = 32 << 20
LONGEST_WAIT_S = 3600.0
_LONG_NUMBER = re.compile(r"\+?\d{6,}")
_LONG_WORD = re.compile(r"[\w.~+/=-]{32,}")  # keys, digests


class Answered(Exception):
    """A status that the one who asked may know what to do with; everybody else calls `error`."""

    def __init__(self, status: int, error: ProviderError) -> None:
        super().__init__(status)
        self.status, self.error = status, error


class Rest:
    """The vendor's API under one address and one key."""

    def __init__(self, url: str, key: str) -> None:
        self.base = url.strip().rstrip("/").removesuffix("/v1").removesuffix("/v2")
        self._key = key
        self._session: aiohttp.ClientSession | None = None
        self._turn = asyncio.Lock()

    async def ask(
        self, method: str, path: str, *, query: Mapping[str, str | int] | None = None, body: Mapping[str, Any] | None = None
    ) -> bytes:
        """The answer's body. Raises Retry or Refused."""
        try:
            return await self.try_to(method, path, query=query, body=body)
        except Answered as told:
            raise told.error from None

    async def try_to(
        self, method: str, path: str, *, query: Mapping[str, str | int] | None = None, body: Mapping[str, Any] | None = None
    ) -> bytes:
        """The same, but a status of 400, 404, 405 or 409 is told as Answered."""
        headers = {"Accept": "application/json"}
        data = None
        if body is not None:
            headers["Content-Type"], data = "application/json", msgspec.json.encode(body)
        try:
            async with (
                self._turn,
                self.session.request(
                    method, f"{self.base}{path}", params=query, data=data, headers=headers, allow_redirects=False
                ) as response,
            ):
                told = await _whole(response)
        except aiohttp.InvalidURL:
            raise Refused("config", "the address is not a web address") from None
        except TimeoutError:
            raise Retry("timeout") from None
        except (aiohttp.ClientError, OSError, EOFError) as fault:
            raise Retry(f"cannot ask: {type(fault).__name__}") from None
        except ValueError:
            raise Refused("config", "the key or the address holds characters that cannot be sent") from None
        if 200 <= response.status < 300:
            return told
        error = error_of(response.status, response.headers.get("Retry-After"), said(told))
        if response.status in (400, 404, 405, 409):
            raise Answered(response.status, error)
        raise error

    @property
    def session(self) -> aiohttp.ClientSession:
        """The one session, opened when it is first needed."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=ANSWER_S, sock_connect=10)
            self._session = aiohttp.ClientSession(headers={HEADER: self._key}, timeout=timeout)
        return self._session

    async def close(self) -> None:
        """Let go of the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def error_of(status: int, retry_after: str | None, words: str) -> ProviderError:
    """What a status other than success stands for."""
    reason = f"http {status}: {words}" if words else f"http {status}"
    if status in (401, 403):
        return Refused("auth", reason)
    if status == 429 or status >= 500 or status == 408:
        return Retry(reason, after_s=wait_s(retry_after))
    if 300 <= status < 400:
        return Refused("config", f"redirect {status}")
    return Refused("config", reason)


def wait_s(retry_after: str | None) -> float | None:
    """Seconds of a Retry-After header; at most an hour, None when there is none to read."""
    text = (retry_after or "").strip()
    return min(float(text), LONGEST_WAIT_S) if re.fullmatch(r"\d{1,9}(\.\d+)?", text) else None


def said(body: bytes) -> str:
    """The vendor's own words in an answer that is an error."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        told = body[:2000].decode("utf-8", "replace")
    if isinstance(told, dict):
        told = next((told[name] for name in ("message", "error_description", "error", "detail") if isinstance(told.get(name), str)), "")
    return short(told) if isinstance(told, str) and not told.lstrip().startswith("<") else ""


def short(text: str) -> str:
    """Somebody else's words, safe for a log."""
    kept = "".join(letter if letter.isprintable() else " " for letter in text[:2000])
    return _LONG_NUMBER.sub("#", _LONG_WORD.sub("…", kept))[:120].strip()


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > MOST_BYTES:
            raise Retry("answer too large")
        chunks.append(chunk)
    return b"".join(chunks)
