"""HTTP to Voxjar: one session, one address, questions to /graphql and uploads to /enqueue; what a status means.

Rules that hold here:
- 401 and 403 are about the token, and so is an answer that says so in words; 404 is about the address.
- Of an upload: 2xx with JSON that names no error is taken; 4xx is not, ever; anything else may have been, and nobody knows.
- No redirect is followed, no answer is read beyond MOST_BYTES, and no reason holds a token or a whole number.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import msgspec

from stats.domain.errors import Malformed, ProviderError, Refused, Retry
from stats.providers.sinks import NotTaken
from stats.providers.voxjar import wire

MOST_BYTES = 8 << 20
ANSWER_S = 30.0
# An upload takes as long as the line needs; one that stands still for so long has ended.
STILL_S = 60.0
LONGEST_WAIT_S = 3600.0
_ABOUT_TOKENS = re.compile(
    r"un(authori[sz]|authenticat)ed|not (authori[sz]|authenticat)ed|jwt|(?<!unexpected )token|log ?in required|logged in", re.IGNORECASE
)
# Of an upload: statuses below 500 that are not about what was sent, so that the same may be taken another time.
_ANOTHER_TIME = frozenset({401, 402, 403, 404, 408, 409, 421, 425, 429})


class Rest:
    """The doors of one account."""

    def __init__(self, url: str, token: str) -> None:
        # The address of the web interface for questions is the one that people know.
        self._url, self._token = url.strip().rstrip("/").removesuffix("/graphql"), token
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> wire.Answer:
        """A question; an answer with data may carry errors beside it. Raises Retry, Refused, or Malformed: it is no question of theirs."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_S, sock_connect=10)
        asked = {"query": query, "variables": dict(variables or {})}
        try:
            async with self._opened().post("graphql", json=asked, timeout=timeout, allow_redirects=False) as response:
                body = await _read(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as why:
            raise Retry(_reason(why)) from why
        except ValueError as why:
            raise Refused("config", f"no address: {wire.short(why, 80)}") from why
        answer = _answered(body)
        words = _words(answer)
        # Some servers of GraphQL answer a question they cannot validate with 400.
        if response.status != 200 and not (response.status == 400 and words):
            raise _of_status(response, words or wire.short(body.decode("utf-8", "replace")))
        if answer is None:
            raise Retry(f"no JSON: {wire.short(body.decode('utf-8', 'replace'))}")
        if answer.data is None:
            if _ABOUT_TOKENS.search(words) or wire.unknown_to(answer):
                raise Refused("auth", words)
            raise Malformed("graphql", words or "neither data nor errors")
        return answer

    async def enqueue(self, metadata: Mapping[str, Any], sound: AsyncIterator[bytes], length: int | None) -> None:
        """Send a recording with its metadata, in as much memory as one piece of it takes. Raises NotTaken, Refused or Retry."""
        boundary = secrets.token_hex(16)
        head, tail = wire.parts_of(metadata, boundary)
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        if length is not None:
            headers["Content-Length"] = str(len(head) + length + len(tail))
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=STILL_S)
        body = _Body(head, sound, tail, length)
        try:
            async with self._opened().post(
                "enqueue", data=body.pieces(), headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                told = await _read(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as why:
            if body.fault is not None:
                raise body.fault from why
            raise Retry(_reason(why)) from why
        if body.fault is not None:
            raise body.fault
        _judge(response, told)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            try:
                self._session = aiohttp.ClientSession(f"{self._url}/", headers={"Authorization": f"Bearer {self._token}"})
            except ValueError as why:
                raise Refused("config", "no address") from why
        return self._session

    async def close(self) -> None:
        """Let go of the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None


class _Body:
    """An upload's body, piece by piece. `fault`: what went wrong where the sound comes from; the line is cut then."""

    def __init__(self, head: bytes, sound: AsyncIterator[bytes], tail: bytes, length: int | None) -> None:
        self._head, self._sound, self._tail, self._length = head, sound, tail, length
        self.fault: ProviderError | None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        yield self._head
        sent = 0
        try:
            async for piece in self._sound:
                sent += len(piece)
                if self._length is not None and sent > self._length:
                    raise Retry("more sound than was said")
                yield piece
            if self._length is not None and sent < self._length:
                raise Retry("less sound than was said")
        except ProviderError as why:
            # Half an upload must not look like a whole one.
            # Whatever the other vendor refuses is no word of this one.
            self.fault = why if isinstance(why, Retry | NotTaken) else Retry(str(why))
            raise aiohttp.ClientConnectionError(why.__class__.__name__) from why
        except (aiohttp.ClientError, TimeoutError, OSError) as why:
            self.fault = Retry(f"the sound broke off: {_reason(why)}")
            raise aiohttp.ClientConnectionError("sound") from why
        yield self._tail


async def _read(response: aiohttp.ClientResponse) -> bytes:
    told = bytearray()
    async for piece in response.content.iter_chunked(1 << 16):
        told += piece
        if len(told) > MOST_BYTES:
            raise aiohttp.ClientPayloadError("too much")
    return bytes(told)


def _judge(response: aiohttp.ClientResponse, body: bytes) -> None:
    words = wire.short(body.decode("utf-8", "replace"))
    try:
        taken = wire.read_taken(body)
    except msgspec.MsgspecError:
        taken = None
    if taken is not None:
        said = [each for each in (taken.error, taken.errors, taken.message) if each]
        words = wire.short(" ".join([*map(str, said), *([f"missing: {taken.missing}"] if taken.missing else [])])) or words
    if 200 <= response.status < 300:
        if taken is None:
            raise Retry(f"no JSON: {words}")
        if taken.error or taken.errors:
            raise Refused("auth", words) if _ABOUT_TOKENS.search(words) else NotTaken(words)
        return
    if response.status == 409:
        raise NotTaken(words, there=True)
    if 400 <= response.status < 500 and response.status not in _ANOTHER_TIME:
        raise NotTaken(f"http {response.status}: {words}")
    raise _of_status(response, words)


def _of_status(response: aiohttp.ClientResponse, words: str) -> ProviderError:
    told = f"http {response.status}: {words}" if words else f"http {response.status}"
    if response.status in (401, 403):
        return Refused("auth", told)
    if response.status in (404, 421) or 300 <= response.status < 400:
        return Refused("config", told)
    return Retry(told, after_s=_wait_s(response.headers.get("Retry-After")))


def _wait_s(told: str | None) -> float | None:
    return min(float(told), LONGEST_WAIT_S) if told and re.fullmatch(r"\d{1,6}(\.\d+)?", told.strip()) else None


def _answered(body: bytes) -> wire.Answer | None:
    try:
        return wire.read_answer(body)
    except msgspec.MsgspecError:
        return None


def _words(answer: wire.Answer | None) -> str:
    return wire.short("; ".join(each.message for each in answer.errors or () if each.message)) if answer is not None else ""


def _reason(why: BaseException) -> str:
    if isinstance(why, asyncio.TimeoutError):
        return "no answer in time"
    return type(why).__name__
