"""The sound of a call, passed on from the telephone system to whoever may hear it, a piece at a time.

Rules that hold here:
- Where the sound lies, and what opens it, stays on this side: no redirect, no address of a vendor's, nothing kept by caches.
- Whoever plays one may see the call and hear recordings; it is written down, once in ten minutes for one recording.
- One answer holds at most MOST_AT_ONCE: a browser that stops listening is owed no more than that (Daphne takes whatever it is given).
- Nothing but sound is passed on, whatever the vendor says it is.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial

import structlog
from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.translation import gettext as _

from stats.domain.notes import Recording
from stats.history.notes_reading import recording_of
from stats.ingest.door import ProviderError, Refused, Sound, sound
from wallboard.api.call_finding import ArchiveAway, calls_with_id
from wallboard.pages.call.reading import queue_keys
from wallboard.pages.call.vendor import NotAsked, reach
from wallboard.pages.frame import Visit, for_people

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 8 << 20
TYPES = frozenset(
    {
        *("audio/mpeg", "audio/mp3", "audio/wav", "audio/wave", "audio/x-wav", "audio/vnd.wave", "audio/ogg", "audio/opus", "audio/webm"),
        *("audio/mp4", "audio/x-m4a", "audio/aac", "audio/flac", "audio/basic", "audio/amr", "audio/gsm"),
    }
)
# Bytes of which nobody says what they are: the browser has to find out, and may find nothing but sound (nosniff).
UNNAMED = frozenset({"", "application/octet-stream", "binary/octet-stream"})
PASSED_ON = ("content-length", "content-range", "accept-ranges")
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


async def play(visit: Visit, source: str, id_call: str, recording_id: str) -> HttpResponseBase:
    """GET /calls/<source>/<id_call>/recordings/<recording_id>/: the sound, or a sentence that says why not."""
    if visit.request.method != "GET":
        return _words(405, _("Recordings can be listened to, and nothing else."))
    try:
        recording = await _found(visit, source, id_call, recording_id)
        if recording is None:
            return _words(404, _("No such recording is kept, or its call is not among the queues open to you."))
        provider, config = await reach(visit.viewer.organisation, source)
    except (DatabaseError, InterfaceError, ArchiveAway):
        return _words(503, _("The database does not answer. Try again in a few seconds."))
    except NotAsked:
        return _words(410, _("The telephone system of this call was taken away, and its recordings with it."))
    await visit.note_look("recording.played", "call", id_call)
    held = AsyncExitStack()
    try:
        heard = await held.enter_async_context(sound(provider, config, recording, _bounded(visit.request.headers.get("Range", ""))))
        kind = _kind(heard, recording)
        if kind is None:
            raise Refused("config", "not a sound")
    except ProviderError as why:
        await held.aclose()
        return _words(502, _why(why))
    except BaseException:
        await held.aclose()
        raise
    return _passed_on(heard, kind, held)


async def _found(visit: Visit, source: str, id_call: str, recording_id: str) -> Recording | None:
    """The recording, where its call is one that the viewer may see."""
    calls = await calls_with_id(visit.viewer.organisation, visit.facts, id_call, source)
    if not any(visit.viewer.sees_call(queue_keys(call, visit.facts)) for call in calls):
        return None
    return await database_sync_to_async(partial(recording_of, visit.viewer.organisation, source, id_call, recording_id))()


def _bounded(told: str) -> str | None:
    """The Range header that is asked of the vendor: never more than one answer may hold. What is no plain range is not passed on."""
    found = _RANGE.fullmatch(told.replace(" ", ""))
    if found is None:
        return None
    first = int(found[1])
    last = int(found[2]) if found[2] else first + MOST_AT_ONCE - 1
    return f"bytes={first}-{min(last, first + MOST_AT_ONCE - 1)}"


def _kind(heard: Sound, recording: Recording) -> str | None:
    """What the sound is called on its way to the browser; None for what is no sound."""
    told = heard.headers.get("content-type", "").partition(";")[0].strip().lower()
    if told in UNNAMED:
        told = (recording.content_type or "audio/mpeg").partition(";")[0].strip().lower()
    return told if told in TYPES else None


def _passed_on(heard: Sound, kind: str, held: AsyncExitStack) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(_pieces(heard, held), status=206 if heard.status == 206 else 200, content_type=kind)
    for name in PASSED_ON:
        if value := heard.headers.get(name):
            answer.headers[name] = value
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Content-Disposition"] = "inline"
    # A browser that goes away before the first piece leaves the vendor's line open otherwise.
    answer._resource_closers.append(_later(held))  # type: ignore[attr-defined]
    return answer


def _later(held: AsyncExitStack) -> Callable[[], None]:
    loop = asyncio.get_running_loop()

    def close() -> None:
        loop.call_soon_threadsafe(lambda: loop.create_task(held.aclose()))

    return close


async def _pieces(heard: Sound, held: AsyncExitStack) -> AsyncIterator[bytes]:
    try:
        async for piece in heard.chunks:
            yield piece
    except ProviderError as why:
        # The browser sees that it got less than was promised, and asks again.
        log.warning("recording.cut_short", reason=str(why))
    finally:
        await held.aclose()


def _why(why: ProviderError) -> str:
    """What to tell people of a vendor's failure: whose turn it is."""
    if not isinstance(why, Refused):
        return _("The telephone system does not answer just now. Try again in a minute.")
    if why.kind == "auth":
        return _("The telephone system refuses our access token. Ask somebody who administers the wallboard.")
    return _("The telephone system does not have this recording, or not any more.")


def _words(status: int, words: str) -> HttpResponse:
    answer = HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
    if status == 405:
        answer.headers["Allow"] = "GET"
    return answer


page = for_people(play, needs="recordings")
urls = [path("calls/<str:source>/<path:id_call>/recordings/<path:recording_id>/", page, name="recording")]
