"""The vendor's past: call logs block by block, recordings and messages window by window.

Rules that hold here:
- A window is always told: without one the vendor means the last hour.
- Logs are followed from block to block; recordings and messages have no blocks, so a window that was cut short is asked for in halves.
- A recording does not say of which call it is: the logs of its caller at that time say who may have made it, and the recordings of those
  calls, asked for by their ids, decide.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stats.domain.errors import Malformed, Refused
from stats.domain.notes import Message, Recording
from stats.domain.records import Telling
from stats.providers.base import Page
from stats.providers.voxology import values
from stats.providers.voxology.errors import Missing
from stats.providers.voxology.rest import Rest
from stats.providers.voxology.teller import Teller
from stats.providers.voxology.wire import Fields, LiveRow, LogRow, MessageRow, RecordingRow, Request, fields, row, rows
from stats.providers.voxology.words import Words, of_live, of_log

KINDS = ("logs", "recordings", "messages")
NARROWEST_MS = 1_000
BEFORE_RECORDING_MS = 2 * 3_600_000  # a call may have gone on for so long before its recording began
MOST_BLOCKS = 200
MOST_REMEMBERED = 20_000


class Past:
    """What one source can be asked about its past."""

    def __init__(self, rest: Rest, teller: Teller) -> None:
        self._rest, self._teller = rest, teller
        self._found: OrderedDict[str, Recording] = OrderedDict()  # whose each recording is costs a question: it is asked once

    async def page(self, kind: str, start_ms: int, end_ms: int, after: str | None, asof: int) -> Page:
        """One page. Raises Retry or Refused."""
        if kind == "logs":
            return await self._logs(start_ms, end_ms, after, asof)
        if kind not in KINDS:
            raise Refused("config", f"there is no {kind} in this past")
        try:
            if kind == "messages":
                return await self._messages(start_ms, end_ms, asof)
            return await self._recordings(start_ms, end_ms, asof)
        except Missing:
            raise Refused("config", f"there are no {kind} at this address") from None

    async def _block(self, start_ms: int, end_ms: int, after: str | None) -> Fields:
        try:
            if after is not None:
                return await self._rest.follow(after)
            return await self._rest.ask("logs", begin_date=values.iso(start_ms), end_date=values.iso(end_ms), type="voice")
        except Missing:
            raise Refused("config", "there are no call logs at this address") from None

    async def _logs(self, start_ms: int, end_ms: int, after: str | None, asof: int) -> Page:
        answer = await self._block(start_ms, end_ms, after)
        tellings: list[Telling] = []
        unreadable: list[tuple[str, Malformed]] = []
        keys: list[str] = []
        for place, raw in enumerate(rows(answer, "logs")):
            key = values.word(fields(raw).get("id")) or values.word(fields(raw).get("call_id")) or f"?{after}{place}"
            keys.append(key)
            try:
                tellings += self._teller.tell(of_log(row(LogRow, raw)), asof, always=True)
            except Malformed as why:
                unreadable.append((key, why))
        cursor = values.word(answer.get("next_block_uri"), 4_000)
        cut = values.truth(answer.get("is_truncated")) or False
        more = cut and cursor is not None and cursor != after and bool(keys)
        return Page(
            tellings=tellings,
            rows=len(keys),
            malformed=[why for _, why in unreadable],
            unreadable=unreadable,
            cursor=cursor if more else None,
            more=more,
            partial=cut and not more,
            keys=keys,
        )

    # -- recordings and messages ---------------------------------------------------------------------------------------

    async def _whole(self, what: str, start_ms: int, end_ms: int) -> tuple[list[Any], bool]:
        """Every row of a window, and whether that is all."""
        answer = await self._rest.ask(what, begin_date=values.iso(start_ms), end_date=values.iso(end_ms))
        found = rows(answer, what)
        if not values.truth(answer.get("is_truncated")):
            return found, True
        if end_ms - start_ms < 2 * NARROWEST_MS:
            return found, False  # so many in a second that the vendor will never tell them all
        middle = (start_ms + end_ms) // 2
        first, one = await self._whole(what, start_ms, middle)
        second, other = await self._whole(what, middle, end_ms)
        return first + second, one and other

    async def _messages(self, start_ms: int, end_ms: int, asof: int) -> Page:
        found, whole = await self._whole("messages", start_ms, end_ms)
        told: list[Telling] = []
        odd: list[Malformed] = []
        for raw in found:
            try:
                told.append(self.message(row(MessageRow, raw), asof))
            except Malformed as why:
                odd.append(why)
        return Page(tellings=told, rows=len(found), malformed=odd, partial=not whole, keys=[_key(each, "message_id") for each in found])

    def message(self, message: MessageRow | Request, asof: int) -> Message:
        """A text message, of a list or of a request. Raises Malformed."""
        message_id = values.word(message.message_id)
        if message_id is None:
            raise Malformed("no_id")
        way = {"inbound": "in", "outbound": "out"}.get(values.code(message.direction) or "")
        far, near = (values.dialled(each, self._teller.region) for each in (message.caller_no, message.api_no))
        return Message(
            source=self._teller.source,
            message_id=message_id,
            channel="text",
            direction=way,
            sender=near if way == "out" else far,
            recipient=far if way == "out" else near,
            status=values.code(message.status),
            sent_at=values.instant(message.created_on),
            updated_at=values.instant(message.updated_on),
            told_at=asof,
        )

    async def _recordings(self, start_ms: int, end_ms: int, asof: int) -> Page:
        found, whole = await self._whole("recordings", start_ms, end_ms)
        wanted: dict[str, RecordingRow] = {}
        for raw in found:
            if isinstance(raw, dict) and (recording := values.word(fields(raw).get("id"), 512)) is not None:
                wanted[recording] = row(RecordingRow, raw)
        known = [recording for recording in wanted if recording in self._found]
        told: list[Telling] = [replace(self._found[recording], told_at=asof) for recording in known]
        for recording in known:
            del wanted[recording]
        if wanted:
            candidates = await self._calls_around(list(wanted.values()), start_ms, end_ms)
            for id_call in candidates:
                if not wanted:
                    break
                for each in await self.of_call(id_call, asof):
                    if wanted.pop(each.recording_id, None) is not None:
                        told.append(each)
                        self._found[each.recording_id] = each
        while len(self._found) > MOST_REMEMBERED:
            self._found.popitem(last=False)
        return Page(tellings=told, rows=len(found), partial=not whole, keys=[_key(each, "id") for each in found])

    async def _calls_around(self, recordings: Sequence[RecordingRow], start_ms: int, end_ms: int) -> list[str]:
        """The calls of these recordings' callers that went on when one of them began."""
        begun: dict[str, list[int]] = {}
        for each in recordings:
            caller, at = values.dialled(each.caller_no, self._teller.region), values.instant(each.start_time)
            if caller is not None and at is not None:
                begun.setdefault(caller, []).append(at)
        found: dict[str, None] = {}
        after: str | None = None
        for _ in range(MOST_BLOCKS):
            answer = await self._block(start_ms - BEFORE_RECORDING_MS, end_ms, after)
            for raw in rows(answer, "logs"):
                log = of_log(row(LogRow, raw)) if isinstance(raw, dict) and fields(raw).get("call_id") else None
                # Whoever "originated" a call out may be meant to be either end of it.
                ends = {values.dialled(end, self._teller.region) or "" for end in (log.far, log.near)} if log is not None else set()
                if log is not None and any(_spans(log, at) for end in ends for at in begun.get(end, ())):
                    found[log.id_call] = None
            cursor = values.word(answer.get("next_block_uri"), 4_000)
            if not values.truth(answer.get("is_truncated")) or cursor is None or cursor == after:
                break
            after = cursor
        return list(found)

    async def of_call(self, id_call: str, asof: int) -> list[Recording]:
        """The recordings of one call. Raises Retry or Refused."""
        try:
            answer = await self._rest.ask("recordings_of", id_call)
        except Missing:
            return []
        leg = self._teller.book.legs.get(id_call)
        found = []
        for raw in rows(answer, "recordings"):
            told = row(RecordingRow, raw) if isinstance(raw, dict) else RecordingRow()
            recording = values.word(told.id, 512)
            if recording is None:
                continue
            group = values.word(told.group) or ""
            found.append(
                Recording(
                    source=self._teller.source,
                    id_call=next(iter(leg.rings), id_call) if leg is not None else id_call,
                    recording_id=recording,
                    locator=recording,
                    kind="voicemail" if "voicemail" in group.casefold() else "call",
                    agent=leg.agent.key if leg is not None and leg.agent is not None else None,
                    started_at=values.instant(told.start_time),
                    duration_ms=values.length(told.duration),
                    content_type="audio/mpeg",
                    told_at=asof,
                )
            )
        return found

    # -- one call ------------------------------------------------------------------------------------------------------

    async def look_up(self, id_call: str, asof: int) -> list[Telling]:
        """What the vendor knows of one call: its log, else its live detail. Raises Retry or Refused."""
        try:
            words: Words = of_log(row(LogRow, await self._rest.ask("log", id_call)))
        except Missing:
            try:
                words = of_live(row(LiveRow, await self._rest.ask("live_call", id_call)))
            except Missing:
                return []
        return self._teller.tell(words, asof, always=True)


def _spans(log: Words, at: int) -> bool:
    began, ended = log.started_at, log.ended_at
    return (began is None or began - NARROWEST_MS <= at) and (ended is None or at <= ended + NARROWEST_MS)


def _key(raw: Any, name: str) -> str:
    return values.word(fields(raw).get(name), 512) or "?"
