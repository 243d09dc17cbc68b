"""What a round of asking tells, beside what each document in it says: who has left, and how long a caller is to wait.

Rules that hold here:
- Pure but for the book. A frame that is not a round is Malformed, and one row of it that cannot be read costs that row alone.
- Whoever was known before a round was asked for, and is not in it, has left then: as soon as a second round does not find them either,
  or finds them where they went later, or their call is over. What was told to have ended never begins again, and one answer alone may be
  of a moment before they came.
- A queue whose callers the vendor could not list has lost none of them.
"""

from typing import Any

import msgspec

from stats.domain.errors import Malformed
from stats.domain.records import QueueEstimate, Telling
from stats.providers.base import party_of
from stats.providers.voxology import values
from stats.providers.voxology.teller import AGAIN_MS, Teller
from stats.providers.voxology.wire import Fields, LiveRow, LogRow, QueuedRow, fields, row, rows
from stats.providers.voxology.words import Words, of_live, of_log

Told = tuple[list[Telling], list[Malformed]]


class Rounds:
    """The rounds of one source."""

    def __init__(self, teller: Teller) -> None:
        self._teller, self._book = teller, teller.book
        self._estimates: dict[str, tuple[int | None, int]] = {}

    def queues(self, frame: bytes, asof: int) -> Told:
        """A round of the feed of queues."""
        told: list[Telling] = []
        odd: list[Malformed] = []
        read = _round(frame)
        at = int(values.number(read.get("at")) or asof)
        here: set[tuple[str, str, int | None]] = set()
        unseen: set[str] = set()
        for queue in rows(read, "queues"):
            name = values.word(queue.get("name"), 96) or ""
            told += self._estimate(name, queue, at)
            if not isinstance(queue.get("calls"), list):
                unseen.add(name)
            for raw in rows(queue, "calls"):
                try:
                    told += self._waiting(name, row(QueuedRow, raw), at, here)
                except Malformed as why:
                    odd.append(why)
        if read.get("whole"):
            told += self._left(here, unseen, at, odd)
        return told, odd

    def _estimate(self, name: str, queue: Fields, at: int) -> list[Telling]:
        estimate = values.seconds(fields(queue.get("hold_times")).get("estimated"))
        known = self._estimates.get(name)
        if known is not None and known[0] == estimate and at - known[1] < AGAIN_MS:
            return []
        self._estimates[name] = (estimate, at)
        return [
            QueueEstimate(source=self._teller.source, queue=party_of(self._teller.source, name, name), estimate_ms=estimate, told_at=at)
        ]

    def _waiting(self, queue: str, queued: QueuedRow, at: int, here: set[tuple[str, str, int | None]]) -> list[Telling]:
        call = fields(queued.call)
        id_call = values.word(call.get("id"))
        if id_call is None:
            raise Malformed("no_id")
        entered_at = values.instant(queued.queued_on)
        if entered_at is None:
            entered_at = at - (values.seconds(queued.hold_time) or 0)
        self._book.alive(id_call, at)
        talk = self._book.talk(id_call)
        if talk.number is None:
            talk.number = values.dialled(call.get("no"), self._teller.region)
        known = len(talk.stays)
        stay = self._teller.entered(talk, queue, entered_at, at)
        stay.polled |= len(talk.stays) > known
        stay.missed_at = None
        here.add((id_call, queue, stay.entered_at))
        if stay.left_at is not None or (len(talk.stays) == known and at - stay.told_at < AGAIN_MS):
            return []
        stay.told_at = at
        return [self._teller.stayed(talk, stay, at)]

    def _left(self, here: set[tuple[str, str, int | None]], unseen: set[str], at: int, odd: list[Malformed]) -> list[Telling]:
        if odd:  # somebody in the list has no name: nobody can be said to be missing
            return []
        told: list[Telling] = []
        latest: dict[str, int] = {}
        for id_call, _, entered_at in here:
            latest[id_call] = max(entered_at or 0, latest.get(id_call, 0))
        for talk in self._book.talks.values():
            for stay in talk.stays:
                if (
                    stay.left_at is not None
                    or stay.known_at >= at
                    or stay.queue in unseen
                    or (talk.id, stay.queue, stay.entered_at) in here
                ):
                    continue
                again = stay.missed_at is not None and stay.missed_at < at
                stay.missed_at = stay.missed_at if again else at
                if again or talk.ended_at is not None or latest.get(talk.id, 0) > (stay.entered_at or 0):
                    told.append(self._teller.left(talk, stay, at))
        return told

    def calls(self, frame: bytes, asof: int) -> Told:
        """A round of the feed of calls."""
        told: list[Telling] = []
        odd: list[Malformed] = []
        read = _round(frame)
        at = int(values.number(read.get("at")) or asof)
        for raw in rows(read, "calls"):
            try:
                words = of_live(row(LiveRow, raw))
            except Malformed as why:
                odd.append(why)
                continue
            self._book.alive(words.id_call, at)
            told += self._teller.tell(words, at)
        for gone in rows(read, "gone"):
            try:
                told += self._gone(gone)
            except Malformed as why:
                odd.append(why)
        if read.get("whole"):
            told += self._teller.rings.without_legs(at)
        return told, odd

    def _gone(self, gone: Fields) -> list[Telling]:
        id_call, at = str(gone.get("id")), int(gone["at"])
        if gone.get("log") is not None:
            words = of_log(row(LogRow, gone["log"]))
            return self._teller.tell(words, at) if words.exact else []
        if gone.get("detail") is not None:
            detail = of_live(row(LiveRow, gone["detail"]))
            if not detail.final:
                self._book.alive(id_call, at)
            return self._teller.tell(detail, at)
        # Nothing is known of it but that it is no longer there; what became of it will be in its log.
        return self._teller.tell(Words(id_call=id_call, status="unknown"), at) if gone.get("looks") == 1 else []


def _round(frame: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(frame, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as why:
        raise Malformed("round") from why
