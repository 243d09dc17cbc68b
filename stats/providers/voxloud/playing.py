"""Recordings: where one lies is asked anew for each play, and the address stays here.

Rules that hold here:
- An address is taken from the vendor's API, never from what was posted to us; it is a web address, by TLS unless the API itself is not, and
  of no machine of ours unless the API is there too.
- The key goes to the API's own host alone: recordings lie elsewhere, in an open store.
- Sound is passed on piece by piece, never held whole, and no more than LARGEST_BYTES of it.
"""

import ipaddress
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from stats.domain.errors import Malformed, Refused, Retry
from stats.domain.notes import Recording
from stats.providers.base import Sound
from stats.providers.voxloud import wire
from stats.providers.voxloud.rest import Answered, Rest, error_of, said

LARGEST_BYTES = 512 << 20
PIECE_BYTES = 64 << 10
STILL_S = 30.0
_PASSED_ON = ("Content-Type", "Content-Length", "Content-Range", "Accept-Ranges")


class Playing:
    """What can be heard of one company's calls."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def sound(self, recording: Recording, *, byte_range: str | None = None) -> AsyncIterator[Sound]:
        """The sound itself; see Sounds."""
        address = await self._address(recording)
        headers = {"Range": byte_range} if byte_range else {}
        session = self._open_session()
        if address.origin() == URL(self._rest.base).origin():
            session = self._rest.session
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=STILL_S)
        try:
            response = await session.get(address, headers=headers, timeout=timeout, allow_redirects=False)
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise Retry(f"cannot fetch the recording: {type(fault).__name__}") from None
        try:
            if response.status not in (200, 206):
                raise _of_status(response.status, said(await response.content.read(2000)))
            if (response.content_length or 0) > LARGEST_BYTES:
                raise Refused("config", "the recording is too large")
            told = {name.lower(): response.headers[name] for name in _PASSED_ON if name in response.headers}
            yield Sound(status=response.status, headers=told, chunks=_pieces(response))
        finally:
            response.close()

    async def _address(self, recording: Recording) -> URL:
        kind, _, id_call = recording.locator.partition(":")
        for raw in await call_rows(self._rest, id_call):
            try:
                document = wire.row(raw).document
            except Malformed:
                continue
            told = document.voicemail_url if kind == "voicemail" else document.recording_url
            if wire.text(document.call_id) == id_call and (url := wire.text(told, 4000)):
                return self._judged(url)
        raise Refused("config", "the telephone system has no such recording any more")

    def _judged(self, url: str) -> URL:
        own = URL(self._rest.base)
        try:
            address = URL(url)
            if address.host is None or address.user is not None or address.scheme not in ("https", "http"):
                raise ValueError
            inner = address.host == "localhost" or _is_inner(address.host)
        except ValueError:
            raise Refused("config", "the recording has no web address") from None
        if address.origin() != own.origin() and (address.scheme != "https" or inner):
            raise Refused("config", "the recording lies where nothing is fetched from")
        return address

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    async def close(self) -> None:
        """Let go of the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None


async def call_rows(rest: Rest, id_call: str) -> Sequence[bytes]:
    """What the past holds of one call, as raw rows; none where it knows none. Raises Retry or Refused."""
    try:
        return wire.rows_of(await rest.try_to("GET", "/v1/telephony-events", query={"callId": id_call}))
    except Answered as told:
        if told.status == 404:
            return []
        raise told.error from None
    except Malformed as why:
        raise Retry("no answer about a call") from why


async def _pieces(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    sent = 0
    try:
        async for piece in response.content.iter_chunked(PIECE_BYTES):
            sent += len(piece)
            if sent > LARGEST_BYTES:
                raise Retry("the recording is too large")
            yield piece
    except (aiohttp.ClientError, TimeoutError, OSError) as fault:
        raise Retry(f"the sound broke off: {type(fault).__name__}") from None


def _of_status(status: int, words: str) -> Exception:
    """A store of recordings knows no key: what it refuses has been taken away."""
    return Refused("config", "the recording is not to be had") if status in (401, 403, 404, 410) else error_of(status, None, words)


def _is_inner(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
