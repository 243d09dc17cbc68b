"""One floor's day through Telavox and through Voxloud: the same journeys, and the same numbers wherever Voxloud can tell them.

What it cannot tell, by its own document: there are no queues ("Phone call events" name a number that was dialled and a user), so that a
call has one visit, to the queue whose number it came to, from its beginning to the first answer ("ringTime: duration of the call before
first answerer action"); there is no hold, so that talk holds it; a callback that was ordered is a caller who hung up. `as_voxloud_can`
takes exactly that out of Telavox's telling, and everything else must be equal.
"""

from dataclasses import replace
from functools import cache

import pytest

from stats.domain.merge import merge_call
from stats.domain.outcomes import VisitOutcome, settle
from stats.domain.records import Call, Direction, Telling, Visit
from stats.providers.voxloud.company import COMPANY
from stats.providers.voxloud.simulator import Switches, VoxloudSimulator
from stats.providers.voxloud.simulator.documents import Document, Writer, extension
from stats.providers.voxloud.wire import User
from stats.simulation import records
from stats.simulation.exchange import Subject
from stats.simulation.floor import Floor
from tests.vendors.floor_day import MORNING_MS, differences, play, sums, through_telavox
from tests.voxloud.telling import hear, posted, provider

RECEIVED = MORNING_MS + 12 * 3_600_000


@cache
def the_day(precise: bool) -> tuple[Floor, list[records.Call], list[Document], list[Document]]:
    """The floor, its calls, everything posted on the way, and the records of whole calls."""
    writer = Writer(Switches(precise=precise))
    events: list[Document] = []

    def listen(at: int, subject: Subject) -> None:
        events.extend(posted(kind, document) for kind, document in writer.told_of(at, subject))

    floor, calls = play(listen)
    return floor, calls, events, [writer.record(call, 9_000 + n) for n, call in enumerate(calls)]


@cache
def their_day() -> dict[str, Call]:
    """The calls as Telavox tells them, by id."""
    return through_telavox(the_day(True)[1])


@cache
def through_voxloud(precise: bool, parts: str = "events records") -> dict[str, Call]:
    """The calls as Voxloud tells them, by id."""
    floor, _calls, events, whole = the_day(precise)
    options = [{"name": queue.name, "numbers": [queue.phone], "rules": []} for queue in floor.queues]
    vendor = provider(queues=options)
    staff = [User(first_name=a.name.split()[0], last_name=a.name.split(" ", 1)[1], extension_number=extension(a)) for a in floor.agents]
    vendor._staff.learn(staff, "SE")
    told: list[Telling] = hear(vendor, events, at=RECEIVED) if "events" in parts else []
    if "records" in parts:
        told += hear(vendor, [posted("PHONE_CALL", each) for each in whole], at=RECEIVED)
    calls: dict[str, Call] = {}
    for telling in told:
        if isinstance(telling, Call):
            calls[telling.id_call] = merge_call(calls.get(telling.id_call), telling)
    return calls


def as_voxloud_can(call: Call) -> Call:
    """See the module's own words."""
    journey = call.journey
    assert journey is not None
    assert journey.started_at is not None
    answers = [offer for offer in call.offers if offer.answered_at is not None]
    queue = call.visits[0].queue if call.visits else None
    offers = tuple(
        replace(
            offer, queue=queue, talk_ms=(offer.talk_ms or 0) + (offer.hold_ms or 0) if offer.talk_ms is not None else None, hold_ms=None
        )
        for offer in call.offers
    )
    visits: tuple[Visit, ...] = ()
    if queue is not None:
        visits = (
            Visit(
                queue=queue,
                entered_at=journey.started_at,
                active=False,
                answered=bool(answers),
                answered_at=min((o.answered_at for o in answers if o.answered_at is not None), default=None),
                voicemail=bool(journey.voicemail) and not answers,
            ),
        )
    bare = replace(journey, callback_ordered=None, callbacks=None, transfers=None)
    return replace(call, journey=bare, visits=visits, offers=offers)


def test_every_call_has_the_same_journey() -> None:
    """Must hold 2: direction, whether answered, the rings and how each ended, and what became of it, call by call."""
    theirs, ours = their_day(), through_voxloud(True)
    assert theirs.keys() == ours.keys()
    assert len(ours) > 900
    for id_call, told in theirs.items():
        one, other = settle(as_voxloud_can(told)), settle(ours[id_call])
        assert (one.direction, one.internal, one.answered, one.ended) == (other.direction, other.internal, other.answered, other.ended)
        assert (one.started_at, one.ended_at) == (other.started_at, other.ended_at)
        if one.direction is not Direction.INTERNAL:  # a colleague's number is an extension here
            assert one.number == other.number
        rings = [(o.agent.name, o.began_at, o.answered_at, o.ended_at) for o in one.call.offers]
        assert rings == [(o.agent.name, o.began_at, o.answered_at, o.ended_at) for o in other.call.offers]
        assert one.offers == other.offers
        stays = [(v.visit.queue.name, v.outcome, v.entered_at, v.answered_at, v.left_at, v.wait, v.talk) for v in one.visits]
        assert stays == [(v.visit.queue.name, v.outcome, v.entered_at, v.answered_at, v.left_at, v.wait, v.talk) for v in other.visits]


def test_every_sum_is_the_same_wherever_the_vendor_can_tell() -> None:
    """Must hold 2: what is compared as it is, and what is compared without what Voxloud cannot know."""
    theirs, ours = their_day(), through_voxloud(True)
    alike = {"calls_in", "calls_out", "calls_internal", "calls_answered", "offers", "missed", "withdrawn", "outgoing", "ring_sum"}
    # Of agents; a queue's answers are those of another visit where a call was handed on.
    one, other = sums(theirs.values()), sums(ours.values())
    plain = [key for key in one.keys() | other.keys() if key[1] in alike or (key[0].startswith("a:") and key[1] in ("answered", "talk_n"))]
    assert len(plain) > 60
    assert [key for key in plain if one.get(key) != other.get(key)] == []
    assert differences(sums(as_voxloud_can(call) for call in theirs.values()), other) == []


def test_what_differs_from_telavox_is_what_the_company_says_it_lacks() -> None:
    """A number that is not null is not wrong: what Telavox counts as handed on, called back or held is not shown for Voxloud."""
    theirs = sums(their_day().values())
    for metric, shown_as in (
        ("overflowed", "overflowed"),
        ("callbacks", "callbacks"),
        ("hold_sum", "avg_hold"),
        ("transferred", "transfer_rate"),
    ):
        assert any(key[1] == metric and key[0].startswith("q:") for key in theirs)
        assert shown_as in COMPANY.lacks["queue"]
        assert shown_as in COMPANY.lacks["site"]
    assert {"talk_time", "hold_time"} <= set(COMPANY.lacks["agent"])
    assert "ivr_abandoned" in COMPANY.lacks["site"]


def test_whole_seconds_move_no_instant_further_than_they_must() -> None:
    """Every sample of the vendor's has whole seconds: counts stay, instants move by less than one second, lengths by less than two."""
    theirs, ours = their_day(), through_voxloud(False)
    for id_call, told in theirs.items():
        one, other = settle(as_voxloud_can(told)), settle(ours[id_call])
        assert (one.direction, one.answered) == (other.direction, other.answered)
        assert [o.agent.name for o in one.call.offers] == [o.agent.name for o in other.call.offers]
        for mine, its in zip(one.call.offers, other.call.offers, strict=True):
            for before, after in ((mine.began_at, its.began_at), (mine.answered_at, its.answered_at), (mine.ended_at, its.ended_at)):
                assert before is None or (after is not None and 0 <= before - after < 1000)
        for stay, its_stay in zip(one.visits, other.visits, strict=True):
            assert stay.outcome == its_stay.outcome
            assert abs((stay.wait or 0) - (its_stay.wait or 0)) < 2000


def test_events_alone_tell_who_rang_and_who_answered() -> None:
    """Before the records have come, every ring is there; a call that rang nobody is not."""
    _, calls, _, _ = the_day(True)
    ours = through_voxloud(True, "events")
    rung = [call for call in calls if call.offers]
    assert ours.keys() == {call.id for call in rung}
    for call in rung:
        settled = settle(ours[call.id])
        assert settled.ended
        assert settled.answered == call.answered
        told = sorted((o.agent.name, o.began_at, o.answered_at, o.ended_at) for o in settled.call.offers)
        assert told == sorted((o.agent.name, o.began_at, o.answered_at, o.ended_at) for o in call.offers)


@pytest.mark.acceptance("VL-11")
async def test_the_pages_of_history_tell_the_same_calls() -> None:
    """Must hold 2, of history: the same counts and waits of queues and of the site, and who answered; rings of others are not in it."""
    floor, calls, _, _ = the_day(True)
    async with VoxloudSimulator(start=False, switches=Switches(precise=True, largest_page=90)) as house:
        for call in calls:
            house._keep(call)
        vendor = provider(house.api_url, queues=[{"name": queue.name, "numbers": [queue.phone]} for queue in floor.queues])
        house.others = [_user(agent) for agent in floor.agents]
        await vendor.people(received_at=RECEIVED)
        told: list[Telling] = []
        keys: set[str] = set()
        after: str | None = None
        while True:
            page = await vendor.page("calls", start_ms=MORNING_MS, end_ms=RECEIVED, first=500, after=after, received_at=RECEIVED)
            told += page.tellings
            keys.update(page.keys)
            assert not page.malformed
            if not page.more:
                break
            after = page.cursor
        await vendor.close()
    assert len(keys) == page.total == len(calls)
    ours: dict[str, Call] = {each.id_call: each for each in told if isinstance(each, Call)}
    theirs = {id_call: as_voxloud_can(call) for id_call, call in their_day().items()}
    for id_call, call in theirs.items():
        one, other = settle(call), settle(ours[id_call])
        assert (one.direction, one.answered, one.started_at, one.ended_at) == (
            other.direction,
            other.answered,
            other.started_at,
            other.ended_at,
        )
        assert [(v.visit.queue.name, v.outcome, v.wait) for v in one.visits] == [
            (v.visit.queue.name, v.outcome, v.wait) for v in other.visits
        ]
        first = min((o for o in one.call.offers if o.answered_at is not None), key=lambda o: o.answered_at or 0, default=None)
        if first is not None:
            assert [o.agent.name for o in other.call.offers if o.answered] == [first.agent.name]
    # Talk after a handing on is one length here.
    queues = [key for key in sums(theirs.values()) if key[0].startswith(("q:", "s")) and key[1] not in ("talk_sum", "hold_sum")]
    one_by_one, of_pages = sums(theirs.values()), sums(ours.values())
    assert len(queues) > 30
    assert [key for key in queues if one_by_one[key] != of_pages.get(key)] == []


def test_a_day_has_every_kind_of_end() -> None:
    """Otherwise the comparisons above would prove little."""
    outcomes = {visit.outcome for call in through_voxloud(True).values() for visit in settle(call).visits}
    assert {VisitOutcome.ANSWERED, VisitOutcome.ABANDONED, VisitOutcome.VOICEMAIL} <= outcomes


def _user(agent: records.Agent) -> Document:
    first, _, last = agent.name.partition(" ")
    return {"id": str(agent.id), "first_name": first, "last_name": last, "extension_number": extension(agent)}
