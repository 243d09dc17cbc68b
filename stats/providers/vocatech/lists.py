"""The past, page by page: calls and messages by day, and deliveries that were given up (guide: Pagination, Webhook failures).

Rules that hold here:
- Days are asked for, and nobody says in which time zone: so every day that any zone may mean is asked for, and rows are taken by their
  own instants. A vendor that lists the newest first is asked no further than to the first row before the window.
- Pages are of 500; a page with nothing of the window is passed over here, so that whoever reads never sees an empty one in the middle.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from stats.domain.errors import Malformed
from stats.domain.notes import Message
from stats.domain.records import Call, Telling
from stats.providers.base import Page
from stats.providers.vocatech import events, journeys
from stats.providers.vocatech.hearing import Hearing
from stats.providers.vocatech.rest import NotThere, Rest
from stats.providers.vocatech.webhooks import Webhooks
from stats.providers.vocatech.wire import Failure, Meta, count, read_event, read_list, read_row, read_text, word

LIMIT = 500
MOST_PAGES = 2_000
HOUR_MS = 3_600_000
# No clock on Earth is further from UTC.
WESTMOST_MS, EASTMOST_MS = 12 * HOUR_MS, 14 * HOUR_MS
# Rows in the order of their start may still be told a little out of it.
DISORDER_MS = 60_000


@dataclass(slots=True)
class _Cursor:
    """Where a pass is: the next page, how many rows came, and the start of the last one while they come newest first (0: they do not)."""

    page: int = 1
    seen: int = 0
    lowest: int = 1 << 53

    @classmethod
    def of(cls, text: str | None) -> "_Cursor":
        return cls(*(int(part) for part in text.split("."))) if text else cls()

    def __str__(self) -> str:
        return f"{self.page}.{self.seen}.{self.lowest}"


@dataclass(slots=True)
class _Found:
    tellings: list[Telling] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)
    unreadable: list[tuple[str, Malformed]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


Read = Callable[[bytes], tuple[Sequence[Telling], str, int | None]]
"""A row: what it tells, what it is known by, and when it began."""


class Lists:
    """Of one API key. `utc_days`: the vendor takes `timezone`, so that days are UTC's."""

    def __init__(self, rest: Rest, webhooks: Webhooks, *, utc_days: bool) -> None:
        self._rest, self._webhooks, self._utc_days = rest, webhooks, utc_days

    async def calls(self, start_ms: int, end_ms: int, after: str | None, hearing: Hearing) -> Page:
        """Calls that began in [start, end)."""

        def read(row: bytes) -> tuple[Sequence[Telling], str, int | None]:
            told = journeys.tell(read_row(row), hearing, host=self._rest.host)
            call = told[0]
            assert isinstance(call, Call)
            assert call.journey is not None
            return told, call.id_call, call.journey.started_at

        return await self._page("/calls", "calls", start_ms, end_ms, after, read)

    async def messages(self, start_ms: int, end_ms: int, after: str | None, hearing: Hearing) -> Page:
        """Messages sent in [start, end)."""

        def read(row: bytes) -> tuple[Sequence[Telling], str, int | None]:
            told: Message = events.message(read_text(row), hearing)
            return [told], told.message_id, told.sent_at

        try:
            return await self._page("/messages", "messages", start_ms, end_ms, after, read)
        except NotThere:  # a key that may see calls need not see messages
            return Page(tellings=(), rows=0)

    async def failures(self, start_ms: int, end_ms: int, hearing: Hearing) -> Page:
        """Events of [start, end) that were never delivered, told as if they had been."""
        found = _Found()
        for failure in await self._webhooks.failures():
            try:
                event = read_event(_payload(failure))
                at = hearing.instant(event.timestamp)
                if at is not None and start_ms <= at < end_ms:
                    found.tellings += events.tell(event, hearing)
                    found.keys.append(word(failure.event_id) or word(event.id))
            except Malformed as why:
                found.malformed.append(why)
        return Page(tellings=found.tellings, rows=len(found.keys), malformed=found.malformed, keys=found.keys)

    async def one(self, id_call: str, start_ms: int, end_ms: int, hearing: Hearing) -> list[Telling]:
        """Everything told of one call that began in [start, end)."""
        body = await self._rest.get(
            "/calls", {**self._days(start_ms, end_ms), "search": id_call, "page": 1, "limit": LIMIT}, tier="reports"
        )
        rows, _ = read_list(body, "calls")
        found: list[Telling] = []
        for row in rows:
            try:
                told = journeys.tell(read_row(bytes(row)), hearing, host=self._rest.host)
            except Malformed:
                continue
            if isinstance(told[0], Call) and told[0].id_call == id_call:
                found += told
        return found

    async def _page(self, path: str, name: str, start_ms: int, end_ms: int, after: str | None, read: Read) -> Page:
        cursor, found, more, total = _Cursor.of(after), _Found(), True, None
        while more and not found.keys:
            query = {**self._days(start_ms, end_ms), "page": cursor.page, "limit": LIMIT}
            rows, meta = read_list(await self._rest.get(path, query, tier="reports"), name)
            starts = [self._take(bytes(row), read, start_ms, end_ms, found) for row in rows]
            total = _total(meta, name)
            cursor.seen += len(rows)
            last_page = count(meta.total_pages) if meta is not None else None
            more = bool(rows) and cursor.page < MOST_PAGES and (cursor.page < last_page if last_page is not None else len(rows) >= LIMIT)
            cursor.page += 1
            if _past_it(cursor, starts, start_ms):
                more, total = False, None
        return Page(
            tellings=found.tellings,
            rows=len(found.keys),
            malformed=found.malformed,
            unreadable=found.unreadable,
            cursor=str(cursor) if more else None,
            more=more,
            # Rows that the vendor counts and has not sent; days it counts are not the window, so there is no other proof.
            partial=not more and total is not None and cursor.seen < total,
            keys=found.keys,
        )

    def _take(self, row: bytes, read: Read, start_ms: int, end_ms: int, found: _Found) -> int | None:
        try:
            told, key, at = read(row)
        except Malformed as why:
            key = f"?{hashlib.blake2b(row, digest_size=8).hexdigest()}"
            found.malformed.append(why)
            found.unreadable.append((key, why))
            return None
        if at is None or start_ms <= at < end_ms:
            found.tellings += told
            found.keys.append(key)
        return at

    def _days(self, start_ms: int, end_ms: int) -> dict[str, str | int]:
        if self._utc_days:
            return {"start_date": _day(start_ms), "end_date": _day(end_ms - 1), "timezone": "UTC"}
        return {"start_date": _day(start_ms - WESTMOST_MS), "end_date": _day(end_ms - 1 + EASTMOST_MS)}


def _past_it(cursor: _Cursor, starts: Sequence[int | None], start_ms: int) -> bool:
    """Whether every row so far came newest first, and the last ones lie before the window."""
    for at in starts:
        if at is None:
            continue
        if at > cursor.lowest + DISORDER_MS:
            cursor.lowest = 0
            return False
        cursor.lowest = min(cursor.lowest, at)
    return 0 < cursor.lowest < start_ms - DISORDER_MS


def _total(meta: Meta | None, name: str) -> int | None:
    return count(getattr(meta, f"total_{name}", None)) if meta is not None else None


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%d}"


def _payload(failure: Failure) -> bytes:
    for raw in (failure.payload, failure.event, failure.body):
        text = bytes(raw).strip()
        if text[:1] == b'"':  # the body as it was sent, in a string
            text = _unquoted(text)
        if text[:1] == b"{":
            return text
    raise Malformed("no_payload")


def _unquoted(quoted: bytes) -> bytes:
    """A JSON string's bytes. Raises Malformed."""
    try:
        return msgspec.json.decode(quoted, type=str).encode()
    except (msgspec.MsgspecError, UnicodeError) as why:
        raise Malformed("not_json") from why
