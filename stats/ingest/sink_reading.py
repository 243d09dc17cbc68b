"""Asks a place that listens to recordings what it heard in those we sent, and keeps the words beside their calls.

Rules that hold here: what is asked for is asked again after growing pauses, and a day later no more; a page is read as far as it is
needed; what the place does not tell takes nothing away.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from stats.clock import now_ms
from stats.domain.errors import Refused, Retry
from stats.domain.notes import Transcript
from stats.history import outbox
from stats.history.notes import upsert_notes
from stats.history.outbox_tables import Upload
from stats.history.shelf import ask
from stats.ingest.sink_standing import Standing
from stats.providers.sinks import Sink, Unread

log = structlog.get_logger(__name__)

HOUR_MS = 3_600_000
AT_ONCE = 200
MOST_PAGES = 200


class ReadingBack:
    """The reading from one place."""

    def __init__(self, standing: Standing, sink: Sink) -> None:
        self._standing, self._sink = standing, sink
        self._organisation, self._name, self._paces = standing.organisation, standing.sink, standing.paces

    async def some(self) -> None:
        """Whatever is due. Raises Away."""
        if not self._standing.takes:
            return
        rows = await ask(partial(outbox.unread, self._organisation, self._name, now_ms(), AT_ONCE))
        while rows:
            # Calls of one hour are asked for together, page by page.
            some = [row for row in rows if row.at_ms <= rows[0].at_ms + HOUR_MS]
            try:
                await self._read_some(some)
                await self._standing.answers()
            except Unread as why:
                log.warning("sink.unread", sink=self._name, reason=why.reason)
                for row in some:
                    await self._note_read(row, **self._next_read(row))
            except Refused as why:
                await self._standing.refused(why)
                return
            except Retry as why:
                await self._standing.is_away(why)
                return
            rows = rows[len(some) :]

    async def _read_some(self, rows: Sequence[Upload]) -> None:
        wanted = {row.identifier: row for row in rows}
        offset = 0
        for _page in range(MOST_PAGES):
            found, offset = await self._sink.analysed(start_ms=rows[0].at_ms - 1000, end_ms=rows[-1].at_ms + 1000, offset=offset)
            for each in found:
                row = wanted.pop(each.identifier, None)
                if row is None:
                    continue
                told: dict[str, Any] = {"duration_ms": each.duration_ms, "silence_ms": each.silence_ms, "disposition": each.disposition}
                told["tags"] = json.dumps(list(each.tags), ensure_ascii=False) if each.tags else None
                told = {name: value for name, value in told.items() if value is not None}
                if each.written:
                    part = self._name + row.identifier.removeprefix(f"{row.source}:{row.id_call}")
                    words = Transcript(source=row.source, id_call=row.id_call, part=part, by=self._name, told_at=now_ms())
                    words = replace(words, text=each.text, turns=each.turns or (), silence_ms=each.silence_ms)
                    await ask(partial(upsert_notes, self._organisation, [words]))
                    await self._note_read(row, analysed_ms=now_ms(), read_next_ms=None, **told)
                else:
                    await self._note_read(row, **self._next_read(row), **told)
            if not offset or not wanted:
                break
        for row in wanted.values():
            await self._note_read(row, **self._next_read(row))

    def _next_read(self, row: Upload) -> dict[str, Any]:
        """When to ask again; a day later no more: it was not analysed."""
        if row.reads + 1 >= len(self._paces.reads):
            return {"read_next_ms": None}
        return {"read_next_ms": now_ms() + round(self._paces.reads[row.reads + 1] * 1000)}

    async def _note_read(self, row: Upload, **changes: Any) -> None:
        await ask(partial(outbox.note_read, row.pk, **changes))
