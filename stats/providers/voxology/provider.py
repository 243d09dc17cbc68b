"""Voxology as the road sees it: two feeds that ask, one that is posted to, a past, sounds, and a way to make a call.

Rules that hold here: what is asked lies in polls.py and past.py, what it means in teller.py and rounds.py; this is where they meet. The
queue's own Poll, which takes a caller out of it, is asked by nobody (see rest.py).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from stats import clock
from stats.domain.errors import Malformed, Refused
from stats.domain.notes import Recording
from stats.domain.records import AgentPresence, Call, Direction, Party, Telling
from stats.providers.base import FeedSpec, Frames, Only, Page, Sound, SourceConfig, unpack_delivery
from stats.providers.voxology import sounds, values
from stats.providers.voxology.bodies import fields_of
from stats.providers.voxology.book import Book, Ring, Stay
from stats.providers.voxology.lacking import lacks_with
from stats.providers.voxology.pace import Pace
from stats.providers.voxology.past import KINDS, Past
from stats.providers.voxology.polls import Polls
from stats.providers.voxology.rest import Rest
from stats.providers.voxology.rounds import Rounds
from stats.providers.voxology.teller import Teller
from stats.providers.voxology.wire import Request, fields, row
from stats.providers.voxology.words import of_request

DEFAULT_POLL_S = 2.0
DEFAULT_A_MINUTE = 300.0


class VoxologyProvider:
    """One application, or one of its sub accounts. `now_ms` is our clock."""

    feeds: Mapping[str, FeedSpec] = {
        "queues": FeedSpec(name="queues", calls=True, via="poll"),
        "calls": FeedSpec(name="calls", calls=True, presence=True, via="poll"),
        "events": FeedSpec(name="events", calls=True, silent=True, via="hook"),
    }
    historic_kinds: Sequence[str] = KINDS
    note_kinds: Sequence[str] = ("recordings", "messages")  # each recording costs a request: whose it is, only its call's own list tells
    quiet_ms = 5 * 60_000  # every call that goes on is told again each half minute

    def __init__(self, config: SourceConfig, *, now_ms: Callable[[], int] = clock.now_ms) -> None:
        settings = config.settings
        self._name, self._settings = config.name, settings
        self.lacks = lacks_with(settings)
        self._book = Book()
        self._teller = Teller(config.name, config.default_region, settings, self._book)
        self._rounds = Rounds(self._teller)
        pace = Pace(values.number(settings.get("requests_per_minute")) or DEFAULT_A_MINUTE)
        sub_account = str(settings.get("sub_account") or "").strip()
        self._rest = Rest(config.live_url, config.token, sub_account=sub_account, pace=pace, now_ms=now_ms)
        every_s = max(0.2, values.number(settings.get("poll_seconds")) or DEFAULT_POLL_S)
        self._polls = Polls(self._rest, self._book, every_s=every_s, now_ms=now_ms)
        self._past = Past(self._rest, self._teller)

    @staticmethod
    def heard(call: Call) -> bool:
        """Whether a record holds what only who watches is told: no log names a queue."""
        return bool(call.visits)

    def learnt(self) -> dict[str, str]:
        """Numbers of agents' telephones by the legs that named them; see Learns."""
        return self._book.reached()

    def remember(self, learnt: Mapping[str, str]) -> None:
        """See Learns."""
        for number, ref in learnt.items():
            if number not in self._book.learnt:
                self._book.learn(number, Party(ref=ref))

    def open(self, feed: str) -> AbstractAsyncContextManager[Frames]:
        """Ask by turns; see LiveProvider."""
        return self._polls.open(feed)

    def read(self, feed: str, frame: bytes, *, received_at: int) -> tuple[list[Telling], list[Malformed]]:
        """What a round of asking, or a request that was posted, tells."""
        try:
            if feed == "queues":
                return self._rounds.queues(frame, received_at)
            if feed == "calls":
                return self._rounds.calls(frame, received_at)
            return self._posted(frame, received_at), []
        except Malformed as why:
            return [], [why]

    def _posted(self, frame: bytes, received_at: int) -> list[Telling]:
        request = row(Request, fields_of(unpack_delivery(frame)))
        if values.code(request.type) == "sms" and values.word(request.message_id) is not None:
            return [self._past.message(request, received_at)]
        words = of_request(request)
        told = self._teller.tell(words, received_at)
        talk = self._book.talks.get(words.id_call)
        if talk is None or not talk.exact or talk.hangup is None:
            # Its end is told by nobody unless the log is asked for, once the call is no longer there.
            self._book.alive(words.id_call, received_at)
        return told

    async def page(self, kind: str, *, start_ms: int, end_ms: int, first: int, after: str | None, received_at: int) -> Page:
        """One page of the past; `first` is the vendor's own. See LiveProvider."""
        return await self._past.page(kind, start_ms, end_ms, after, received_at)

    async def report(self, kind: str, *, start_ms: int, end_ms: int, first: int, after: str | None, received_at: int, only: Only) -> Page:
        """The logs know no queues and no agents: the whole window."""
        return await self._past.page(kind, start_ms, end_ms, after, received_at)

    async def look_up(self, id_call: str, *, start_ms: int, end_ms: int, received_at: int) -> Sequence[Telling]:
        """What the vendor knows of one call; see LiveProvider."""
        return await self._past.look_up(id_call, received_at)

    def recall(self, calls: Iterable[Call]) -> None:
        """The calls that were open when somebody else watched: whoever of them is gone by the first round has left. See Settles."""
        for call in calls:
            if call.over:
                continue
            talk = self._book.talk(call.id_call)
            journey = call.journey
            if journey is not None:
                talk.direction, talk.number, talk.internal = journey.direction, journey.number, journey.internal
                talk.started_at, talk.answered_at = journey.started_at, journey.first_answered_at
                talk.voicemail, talk.callback = bool(journey.voicemail), bool(journey.callback_ordered)
            for visit in call.visits:
                stay = Stay(queue=visit.queue.name or "", entered_at=visit.entered_at, known_at=0, moved_on=bool(visit.moved_on))
                stay.left_at, stay.exact = (visit.ended_at, True) if visit.ended else (None, False)
                stay.to = "voicemail" if visit.voicemail else "callback" if visit.callbacks else None
                talk.stays.append(stay)
            for offer in call.offers:
                if Direction.OUT in (offer.direction, talk.direction):
                    talk.agent = offer.agent  # who makes a call has no leg of their own
                elif not offer.ended:
                    ring = Ring(agent=offer.agent, queue=offer.queue.name if offer.queue is not None else None, began_at=offer.began_at)
                    ring.answered, ring.answered_at, ring.exact = bool(offer.answered), offer.answered_at, offer.answered_at is not None
                    talk.rings.append(ring)
            self._book.alive(call.id_call, 0)

    async def people(self, *, received_at: int) -> Sequence[Telling]:
        """The agents whom the settings name: the vendor knows none. See Knows."""
        return [AgentPresence(source=self._name, agent=agent, told_at=received_at, derived=True) for agent in self._teller.who.agents()]

    async def recordings(self, id_call: str, *, start_ms: int, end_ms: int, received_at: int) -> Sequence[Recording]:
        """Those of one call, agents' legs of it included. See Sounds."""
        legs = [leg.id for leg in self._book.legs.values() if id_call in leg.rings]
        found = [each for one in (id_call, *legs) for each in await self._past.of_call(one, received_at)]
        mine = [replace(each, id_call=id_call) for each in found]
        return [each for each in mine if each.started_at is None or start_ms <= each.started_at < end_ms]

    def sound(self, recording: Recording, *, byte_range: str | None = None) -> AbstractAsyncContextManager[Sound]:
        """The sound, with our key; see Sounds."""
        return sounds.opened(self._rest, recording.locator, byte_range)

    async def dial(self, number: str, *, agent: str, reference: str) -> str:
        """Make Call: the agent is called from the configured number, and that number's call flow connects `session_data.dial_no`."""
        caller_id = str(self._settings.get("dial_from") or "").strip()
        far = self._teller.who.number_of(agent) or (agent if agent.startswith("+") or "@" in agent else None)
        if not caller_id or far is None:
            raise Refused("config", "making calls needs a number to call from, and the agent's own number")
        session = {"for_agent_id": agent, "dial_no": number, "reference": reference}
        answer = await self._rest.dial(
            {"call": {"no": far, "caller_id_no": caller_id}, "session_data": session, "inbound_api": "CallFlows"}
        )
        return values.word(fields(answer.get("call")).get("id")) or ""

    async def close(self) -> None:
        """Let go of the session."""
        await self._rest.close()
