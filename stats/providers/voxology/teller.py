"""Documents about calls become tellings, with what the book remembers of the same call.

Rules that hold here:
- No clock and no I/O: `asof` is when a document was asked for or came.
- A customer's call is told as a Journey with the stays and rings its events name; an agent's leg as an Offer of the customer's call.
- A caller's call is answered when an agent's leg was connected for it, and not because the vendor's flow picked up (`connected_is_answered`
  says otherwise); a call out is answered when the far end was connected.
- A stay has moved on when the flow led it out of the queue and no agent took it: where the flow says so, else by the call's own last
  word. Who hung up is it: a caller who did has given up, however long after; where the log says neither, whoever was still there later.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stats.domain.notes import CallDetail, Recording
from stats.domain.records import Call, Direction, Journey, Telling, Visit
from stats.providers.base import party_of
from stats.providers.voxology import values
from stats.providers.voxology.book import Book, Stay, Talk
from stats.providers.voxology.rings import Rings, answer
from stats.providers.voxology.who import Who
from stats.providers.voxology.words import NOT_SAID, Words

SAME_MS = 1_000
LOOSE_MS = 10_000
NEAR_END_MS = 2_000
AGAIN_MS = 30_000  # a call that goes on is told again so often, or whoever waits for news of it would ask


class Teller:
    """What one source's documents tell. `book` may be shared with whoever polls."""

    def __init__(self, source: str, region: str, settings: Mapping[str, Any], book: Book) -> None:
        self.source, self.region, self.book = source, region, book
        self.who = Who(source, settings, book)
        self.rings = Rings(source, book, self.who)
        self._connected_is_answered = bool(settings.get("connected_is_answered"))
        self._sub_account = str(settings.get("sub_account") or "")

    # -- one document --------------------------------------------------------------------------------------------------

    def tell(self, words: Words, asof: int, *, always: bool = False) -> list[Telling]:
        """What one document about a call tells. `always`: also what this provider has told before, for whoever reads the past."""
        if self._sub_account and words.sub_account not in (None, self._sub_account):
            return []  # another sub account's, that the vendor should not have shown us
        is_leg, known = self.who.is_leg(words), words.id_call in self.book.talks
        calls = self.rings.leg(words, asof, always=always) if is_leg else self._talk(words, asof, always=always)
        tenant = f"{words.app}/{self._sub_account}" if words.app and self._sub_account else words.app
        told: list[Telling] = [replace(call, tenant=tenant) for call in calls]
        told += [
            Recording(
                source=self.source,
                id_call=self._customer(words),
                recording_id=recording,
                locator=recording,
                kind="voicemail" if "voicemail" in name.casefold() else "call",
                told_at=asof,
            )
            for recording, name in words.recordings
        ]
        if not is_leg and (words.exact or words.keys):
            told.append(self.detail(words, asof))
        if always and words.exact and not known:
            self.book.forget(words.id_call)  # a call of the past is told once, and needs nobody's memory
        return told

    def _customer(self, words: Words) -> str:
        leg = self.book.legs.get(words.id_call)
        return next(iter(leg.rings), words.id_call) if leg is not None else words.id_call

    def detail(self, words: Words, asof: int) -> CallDetail:
        """What else a document says of a call."""
        direction = {Direction.IN: "in", Direction.OUT: "out"}.get(words.direction) if words.direction else None
        talk = self.book.talks.get(words.id_call)
        return CallDetail(
            source=self.source,
            id_call=words.id_call,
            at=words.started_at,
            direction="internal" if talk is not None and talk.internal else direction,
            called_number=values.dialled(words.near, self.region),
            status=words.status,
            hangup_side={"api": "system", "caller": "caller"}.get(words.hangup or ""),
            error_code=words.error_code,
            error=values.explained(words.error_code, words.error),
            sub_account=words.sub_account,
            parent_call=words.parent,
            menus=(words.said.menu,) if words.said.menu else (),
            keys=tuple(f"{name}: {digits}" for name, digits in words.keys),
            labels=(words.detection,) if words.detection else (),
            told_at=asof,
        )

    # -- customers' calls ----------------------------------------------------------------------------------------------

    def _talk(self, words: Words, asof: int, *, always: bool) -> list[Call]:
        talk, said = self.book.talk(words.id_call), words.said
        talk.direction = words.direction or talk.direction
        talk.internal = said.internal if said.internal is not None else talk.internal or self._from_agent(words)
        talk.number = values.dialled(said.dial_no or words.far, self.region) or talk.number
        talk.started_at = words.started_at if words.started_at is not None else talk.started_at
        talk.voicemail |= said.event == "onvoicemail" or said.to == "voicemail"
        talk.callback |= said.event == "oncallback" or said.to == "callback"
        if said.for_agent_id is not None:
            talk.agent = self.who.agent(said.for_agent_id, said.for_agent_name)
            talk.direction = talk.direction or Direction.OUT  # a live row does not say it
        if said.event == "onconnected" and talk.direction is Direction.OUT:
            talk.answered_at = words.happened(asof)
        if words.final and (words.exact or not talk.exact):
            talk.ended_at = words.ended_at if words.ended_at is not None else talk.ended_at or asof
            talk.exact, talk.hangup = words.exact or talk.exact, words.hangup or talk.hangup
        talk.hangup = words.hangup or talk.hangup
        changed = always or (words.status, talk.ended_at) != (talk.status, None) or bool(said.event) or words.exact
        if words.status is not None and (words.final or talk.ended_at is None) and (words.exact or not talk.exact):
            talk.status = words.status
        if said.event == "onmenu" and said.menu is not None:
            talk.menus = sorted({*talk.menus, (words.happened(asof), said.menu)})
        if talk.exact and words.exact and words.hangup is not None:
            self.book.settled(talk.id)
        visits = [*self._events(talk, words, asof), *self._judged(talk)]
        if not changed and not visits and asof - talk.told_at < AGAIN_MS:
            return []
        talk.told_at = asof
        journey = self._journey(talk, words, asof)
        rung = (self.rings.rung(talk, words, asof), self.rings.made(talk, asof), *self.rings.linked(talk, asof))
        offers = tuple(offer for offer in rung if offer is not None)
        stays = tuple(self._visit(talk, each, asof) for each in visits)
        return [Call(source=self.source, id_call=talk.id, journey=journey, visits=stays, offers=offers)]

    def _from_agent(self, words: Words) -> bool | None:
        return True if words.direction is Direction.IN and self.who.known_number(words.far) else None

    def _connected(self, words: Words, talk: Talk) -> bool:
        return bool(words.connected_ms) and (talk.direction is Direction.OUT or self._connected_is_answered)

    def _journey(self, talk: Talk, words: Words, asof: int) -> Journey:
        over = talk.ended_at is not None
        answered = self._connected(words, talk) and words.status != "live-ringing"
        if answered and talk.answered_at is None and talk.direction is Direction.OUT:
            talk.answered_at = answer(words, asof)
        return Journey(
            active=not over,
            answered=True if answered or (talk.direction is Direction.OUT and talk.answered_at is not None) else None,
            direction=talk.direction,
            internal=talk.internal,
            number=talk.number,
            started_at=talk.started_at if talk.started_at is not None else words.since,
            ended_at=talk.ended_at,
            first_answered_at=talk.answered_at if talk.direction is Direction.OUT else None,
            ivr_seen=True if talk.menus or words.said.event == "onmenu" or words.keys else None,
            ivr_name=talk.menus[0][1] if talk.menus else None,
            ivr_at=talk.menus[0][0] if talk.menus else None,
            ivr_last_name=talk.menus[-1][1] if talk.menus else None,
            menu_digit=next((digits for _, digits in words.keys if 0 < len(digits) <= 3), None),
            voicemail=talk.voicemail or None,
            callback_ordered=talk.callback or None,
            recorded=bool(words.recordings) or None,
            end_reason=talk.status if over else None,
            total_ms=talk.ended_at - talk.started_at if talk.exact and talk.ended_at and talk.started_at else None,
            asof=asof,
        )

    def _visit(self, talk: Talk, visit: Visit, asof: int) -> Visit:
        return replace(visit, direction=talk.direction, internal=talk.internal, number=talk.number, asof=asof)

    def _events(self, talk: Talk, words: Words, asof: int) -> list[Visit]:
        said = words.said
        at = words.happened(asof)
        if said.queue is None or said.event not in ("onenterqueue", "onleavequeue"):
            return []
        if said.event == "onenterqueue":
            stay = self.entered(talk, said.queue, at, asof, exact=said.at is not None)
        else:
            stay = self._leaving(talk, said.queue, said.entered_at, asof)
            stay.left_at, stay.exact, stay.to = at, True, said.to or stay.to
        return [self._of_stay(stay)]

    def _of_stay(self, stay: Stay) -> Visit:
        left = stay.left_at is not None
        return Visit(
            queue=party_of(self.source, stay.queue, stay.queue),
            entered_at=stay.entered_at,
            active=not left,
            ended_at=stay.left_at,
            voicemail=True if stay.to == "voicemail" else None,
            callbacks=1 if stay.to == "callback" else None,
            moved_on=stay.moved_on or None,
        )

    def entered(self, talk: Talk, queue: str, at: int, asof: int, *, exact: bool = True) -> Stay:
        """The stay that began then: the one known, or a new one. Not `exact`: nobody said when, so that it may be off by seconds."""
        for stay in talk.stays:
            near = SAME_MS if exact and stay.entered_exact else LOOSE_MS
            if stay.queue == queue and (stay.entered_at is None or abs(stay.entered_at - at) < near):
                stay.entered_at = at if stay.entered_at is None else stay.entered_at
                return stay
        talk.stays.append(Stay(queue=queue, entered_at=at, entered_exact=exact, known_at=asof))
        return talk.stays[-1]

    def _leaving(self, talk: Talk, queue: str, entered_at: int | None, asof: int) -> Stay:
        if entered_at is not None:
            return self.entered(talk, queue, entered_at, asof)
        mine = [stay for stay in talk.stays if stay.queue == queue and not stay.exact]
        if not mine:
            talk.stays.append(Stay(queue=queue, entered_at=None, known_at=asof))
            return talk.stays[-1]
        return max(mine, key=lambda stay: stay.entered_at or 0)

    def stayed(self, talk: Talk, stay: Stay, asof: int) -> Call:
        """A stay as it is."""
        return Call(source=self.source, id_call=talk.id, visits=(self._visit(talk, self._of_stay(stay), asof),))

    def left(self, talk: Talk, stay: Stay, asof: int) -> Call:
        """Polls no longer find it in the queue: it left before the first of them."""
        at = stay.missed_at if stay.missed_at is not None else asof
        stay.left_at = min(at, talk.ended_at) if talk.exact and talk.ended_at is not None else at
        visits = [self._of_stay(stay), *self._judged(talk)]
        stays = tuple(self._visit(talk, each, asof) for each in visits)
        return Call(source=self.source, id_call=talk.id, visits=stays, offers=tuple(self.rings.linked(talk, asof)))

    def _judged(self, talk: Talk) -> list[Visit]:
        """The stays of which the call's last word decides what became of them."""
        if not talk.exact or talk.ended_at is None:
            return []
        found = []
        for stay in talk.stays:
            seen_out = stay.left_at if stay.left_at is not None else stay.missed_at
            if not stay.exact and seen_out is not None and (stay.left_at is None or seen_out > talk.ended_at):
                stay.left_at = min(seen_out, talk.ended_at)
                found.append(self._of_stay(stay))
            left = stay.left_at if stay.left_at is not None else talk.ended_at
            later = talk.hangup == NOT_SAID and talk.ended_at - left > NEAR_END_MS
            stayed_on = later or talk.hangup == "api" or stay.to is not None
            if stayed_on and not stay.moved_on and not talk.voicemail and not talk.callback and stay.to not in ("voicemail", "callback"):
                stay.moved_on = True
                found.append(replace(self._of_stay(stay), active=False))
        return found
