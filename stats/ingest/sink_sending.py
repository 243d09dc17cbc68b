"""Sends recordings to a place that listens to them, one at a time each, and writes down how it went before and after.

Rules that hold here:
- Never twice: an attempt is written down before its first byte; of one whose end nobody knows the place is asked before the next.
- A place that refuses us or is away uses up no tries. What is required and not known parks one recording and holds up no other.
- Sound goes from one vendor to the other piece by piece: no file, no more memory than a piece takes.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import structlog

from stats import vault
from stats.clock import now_ms
from stats.domain.errors import ProviderError, Refused, Retry
from stats.domain.notes import Recording
from stats.domain.parcels import Parcel, Reason, Unsent, parcel_of
from stats.history import outbox
from stats.history.outbox_tables import Upload
from stats.history.shelf import ask
from stats.ingest.sink_options import Options
from stats.ingest.sink_standing import Standing
from stats.providers.base import Sound
from stats.providers.sinks import NotTaken, Sink

log = structlog.get_logger(__name__)

DAY_MS = 86_400_000
TOO_LARGE = "larger than allowed"
SoundOf = Callable[[Recording], AbstractAsyncContextManager[Sound]]


class Sending:
    """The sending to one place; `some` may run several times at once."""

    def __init__(self, standing: Standing, sink: Sink, options: Options, sound_of: SoundOf) -> None:
        self._standing, self._sink, self._options, self._sound_of = standing, sink, options, sound_of
        self._organisation, self._name, self._paces = standing.organisation, standing.sink, standing.paces
        self._busy: set[int] = set()
        self._picking = asyncio.Lock()

    async def some(self) -> None:
        """Whatever is due, one after the other. Raises Away."""
        while self._standing.takes:
            async with self._picking:
                row = await ask(partial(outbox.next_due, self._organisation, self._name, now_ms(), self._busy))
                if row is None:
                    return
                self._busy.add(row.pk)
            try:
                await self._send(row)
            finally:
                self._busy.discard(row.pk)

    async def _send(self, row: Upload) -> None:
        found = await ask(partial(outbox.filed, self._organisation, row))
        if found.recording is None:
            await self._set(row, state="skipped", reason=Reason.RECORDING_GONE)
            return
        if found.call is None:
            await self._without_call(row)
            return
        parcel = parcel_of(
            found.call,
            found.recording,
            row.identifier,
            self._options.choice,
            labels=found.labels,
            customer_name=found.customer_name,
            pseudonym=partial(vault.number_mark, self._organisation) if self._options.pseudonyms else None,
        )
        if isinstance(parcel, Unsent):
            await self._set(row, state="skipped" if parcel.skipped else "parked", reason=parcel.reason)
            return
        try:
            if not await self._is_there(row):
                await self._attempt(row, parcel, found.recording)
            await self._standing.answers()
        except Refused as why:
            await self._set(row, tries=row.tries, unsure=row.unsure, next_ms=row.next_ms)
            await self._standing.refused(why)
        except Retry as why:
            await self._standing.is_away(why)

    async def _without_call(self, row: Upload) -> None:
        """The call goes on, or is not kept yet; one that is not there a day later will not come."""
        if now_ms() - row.at_ms > DAY_MS:
            await self._set(row, state="parked", reason=Reason.NO_CALL)
        else:
            await self._set(row, next_ms=now_ms() + round(self._paces.no_call * 1000))

    async def _is_there(self, row: Upload) -> bool:
        """Whether the place has it already: an attempt of ours that ended well, or somebody else's."""
        if self._options.overwrite and not row.unsure:
            return False
        there = await self._sink.knows(row.identifier)
        if there and row.unsure:
            await self._sent(row)
        elif there:
            await self._set(row, state="skipped", reason=Reason.THERE_ALREADY)
        elif there is None and row.unsure:
            await self._set(row, state="parked", reason=Reason.END_UNKNOWN)
        else:
            return False
        return True

    async def _attempt(self, row: Upload, parcel: Parcel, recording: Recording) -> None:
        async with contextlib.AsyncExitStack() as held:
            try:
                sound = await held.enter_async_context(self._sound_of(recording))
            except ProviderError as why:
                await self._no_sound(row, why)
                return
            length = _length(sound.headers)
            if length is not None and length > self._options.largest_bytes:
                await self._set(row, state="failed", reason="too_large")
                return
            if not await self._claim(row, parcel.started_at, parcel.agent_key):
                return
            try:
                await self._sink.send(parcel, _at_most(sound.chunks, self._options.largest_bytes), length)
            except NotTaken as why:
                await self._not_taken(row, why)
                return
            except Retry as why:
                await self._tried(row, why)
                raise
        await self._sent(row)

    async def _claim(self, row: Upload, at_ms: int, agent: str) -> bool:
        later = now_ms() + round(self._paces.unsure * 1000)
        return await ask(partial(outbox.claim, row.pk, row.tries, at_ms=at_ms, agent=agent, next_ms=later))

    async def _sent(self, row: Upload) -> None:
        now = now_ms()
        ask_at = now + round(self._paces.reads[0] * 1000)
        await self._set(row, state="sent", reason="", words="", unsure=False, sent_ms=now, read_next_ms=ask_at)
        log.info("sink.sent", sink=self._name, source=row.source)

    async def _not_taken(self, row: Upload, why: NotTaken) -> None:
        if why.there and row.unsure:
            await self._sent(row)
        elif why.there and not self._options.overwrite:
            await self._set(row, state="skipped", reason=Reason.THERE_ALREADY, words=why.reason, unsure=False)
        else:
            log.warning("sink.not_taken", sink=self._name, source=row.source, reason=why.reason)
            reason = "too_large" if why.reason == TOO_LARGE else "refused"
            await self._set(row, state="failed", reason=reason, words=why.reason, unsure=False)

    async def _tried(self, row: Upload, why: Retry) -> None:
        """Nobody knows how it ended; the next attempt asks first."""
        log.warning("sink.try_failed", sink=self._name, source=row.source, tries=row.tries + 1, reason=why.reason)
        await self._later(row, why, self._paces.unsure)

    async def _no_sound(self, row: Upload, why: ProviderError) -> None:
        """Nothing of it went out: the vendor that has the recording did not give it."""
        log.warning("sink.no_sound", sink=self._name, source=row.source, reason=str(why))
        if not await self._claim(row, row.at_ms, row.agent):
            return
        await self._later(row, why, 0.0)
        await self._set(row, unsure=row.unsure, reason="no_sound")

    async def _later(self, row: Upload, why: ProviderError, at_least_s: float) -> None:
        words = str(why)
        if row.tries >= len(self._paces.retries):
            await self._set(row, state="failed", reason="gave_up", words=words)
            return
        after = why.after_s or 0.0 if isinstance(why, Retry) else 0.0
        pause = max(self._paces.retries[row.tries], at_least_s, after)
        await self._set(row, words=words, next_ms=now_ms() + round(pause * 1000))

    async def _set(self, row: Upload, **changes: Any) -> None:
        if "words" in changes:
            changes["words"] = changes["words"][:240]
        await ask(partial(outbox.settle_upload, row.pk, **changes))


async def _at_most(chunks: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    passed = 0
    async for chunk in chunks:
        passed += len(chunk)
        if passed > most:
            raise NotTaken(TOO_LARGE)
        yield chunk


def _length(headers: Mapping[str, str]) -> int | None:
    told = next((value for name, value in headers.items() if name.lower() == "content-length"), "")
    return int(told) if told.isdigit() else None
