"""A recording's sound, passed on piece by piece: the key stays here, and whoever listens may ask for a part of it.

Rules that hold here: where the vendor does not heed a Range header, and says how long the sound is, the part is cut out of the whole here;
nothing is held in memory but a piece.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp

from stats.domain.errors import Refused, Retry
from stats.providers.base import Sound
from stats.providers.voxology.errors import Missing
from stats.providers.voxology.rest import CHUNK_BYTES, Rest

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_PASSED_ON = ("Content-Length", "Content-Range", "Accept-Ranges")


@asynccontextmanager
async def opened(rest: Rest, recording: str, byte_range: str | None) -> AsyncIterator[Sound]:
    """The sound, or the part of it that was asked for. Raises Retry or Refused."""
    try:
        async with rest.sound(recording, byte_range) as response:
            yield _whole_or_part(response, byte_range)
    except Missing:
        raise Refused("config", "the vendor no longer has this recording") from None


def _whole_or_part(response: aiohttp.ClientResponse, byte_range: str | None) -> Sound:
    kind = response.headers.get("Content-Type", "audio/mpeg")
    headers = {"content-type": kind if kind.startswith("audio/") else "audio/mpeg"}
    size = response.content_length
    part = _bounds(byte_range, size) if byte_range and response.status == 200 and size else None
    if part is None or size is None:
        told: Mapping[str, str] = {name.lower(): response.headers[name] for name in _PASSED_ON if name in response.headers}
        return Sound(status=response.status, headers={**headers, **told}, chunks=_pieces(response, 0, None))
    first, last = part
    headers |= {"content-length": str(last - first + 1), "content-range": f"bytes {first}-{last}/{size}", "accept-ranges": "bytes"}
    return Sound(status=206, headers=headers, chunks=_pieces(response, first, last - first + 1))


def _bounds(byte_range: str, size: int) -> tuple[int, int] | None:
    found = _RANGE.fullmatch(byte_range.strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size - 1
    begin, end = int(first), min(int(last) if last else size - 1, size - 1)
    return (begin, end) if begin <= end else None


async def _pieces(response: aiohttp.ClientResponse, skip: int, most: int | None) -> AsyncIterator[bytes]:
    left = most
    try:
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            piece = chunk[skip:]
            skip = max(0, skip - len(chunk))
            if left is not None:
                piece = piece[:left]
                left -= len(piece)
            if piece:
                yield piece
            if left == 0:
                return
    except (aiohttp.ClientError, TimeoutError, OSError) as fault:
        raise Retry(f"the sound broke off: {type(fault).__name__}") from None
