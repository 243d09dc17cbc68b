"""One day of the floor, told by Telavox and by Vocatech: the same calls, and the same numbers wherever Vocatech has words for them."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace

import pytest

from stats.domain.outcomes import OfferOutcome, SettledCall, VisitOutcome, settle
from stats.domain.records import Call
from stats.providers.vocatech.company import COMPANY
from stats.providers.vocatech.provider import VocatechProvider
from stats.providers.vocatech.simulator import Switches, VocatechSimulator
from stats.providers.vocatech.simulator.documents import Document
from stats.simulation import records
from tests.vendors.floor_day import MORNING_MS, differences, sums, through_telavox
from tests.vocatech.conftest import config
from tests.vocatech.day import events_of_the_day, groups_of, reader, rows_of_the_day, tell_event

HOUR_MS = 3_600_000
Sums = dict[tuple[str, str], int]


@dataclass(frozen=True)
class Day:
    events: list[Document]
    calls: list[records.Call]
    telavox: dict[str, Call]
    posted: dict[str, Call]  # what the events alone tell


@pytest.fixture(scope="module")
def day() -> Day:
    """Six hours of twelve agents and four queues."""
    events, calls = events_of_the_day()
    told = through_telavox(calls)
    return Day(events, calls, {key: in_vocatech_words(call) for key, call in told.items()}, read_events(events, calls))


def in_vocatech_words(call: Call) -> Call:
    """What Telavox tells, without what a journey has no word for.

    "AutoAttendant, HuntGroup, CallCenter, or User" is every type there is: a voicemail and an ordered callback are a group that was left
    unanswered. "duration: Segment duration in seconds" is the whole of a talk, hold included.
    """
    assert call.journey is not None
    journey = replace(call.journey, voicemail=None, callback_ordered=None, callbacks=None)
    visits = (replace(v, voicemail=None, callbacks=None, talk_ms=together(v.talk_ms, v.hold_ms), hold_ms=0) for v in call.visits)
    offers = (replace(o, voicemail=None, talk_ms=together(o.talk_ms, o.hold_ms), hold_ms=0) for o in call.offers)
    return replace(call, journey=journey, visits=tuple(visits), offers=tuple(offers))


def together(talk: int | None, hold: int | None) -> int | None:
    return None if talk is None else talk + (hold or 0)


@pytest.fixture
async def asked(day: Day) -> AsyncIterator[VocatechProvider]:
    """A provider whose vendor has the day's calls."""
    async with VocatechSimulator(start=False) as house:
        for call in day.calls:
            house.book.keep(call)
        provider = VocatechProvider(config(house.api_url))
        yield provider
        await provider.close()


async def read_rows(provider: VocatechProvider, told: dict[str, Call]) -> int:
    return await rows_of_the_day(provider, told, start_ms=MORNING_MS, end_ms=MORNING_MS + 12 * HOUR_MS)


def read_events(events: Iterable[Document], calls: Iterable[records.Call]) -> dict[str, Call]:
    provider, told = reader(groups=groups_of(calls)), dict[str, Call]()
    for event in events:
        tell_event(provider, told, event)
    return told


def within_a_second(one: Sums, other: Sums) -> list[str]:
    """Differences that rounding cannot explain: a sum of lengths may be off by a second for each of its parts."""
    left = []
    for line in differences(one, other):
        scope, metric = line.split(": ")[0].rsplit(" ", 1)
        parts = {"abandon_wait_sum": "abandon_wait_n", "wait_sum": "wait_n", "talk_sum": "talk_n", "ring_sum": "offers"}.get(metric)
        most = 1000 * max(one.get((scope, parts), 0), other.get((scope, parts), 0)) if parts else 0
        if abs(one.get((scope, metric), 0) - other.get((scope, metric), 0)) > most:
            left.append(line)
    return left


def apart_from_rounding(one: Sums, other: Sums) -> list[str]:
    """The same, where answers are whole seconds: a wait may change its place in the histogram, and its side of the target."""
    lines = [(line, line.split(": ")[0].rsplit(" ", 1)[1]) for line in within_a_second(one, other)]
    return [line for line, metric in lines if metric != "answered_in_target" and not (metric[0] == "h" and metric[1:].isdigit())]


def near(one: int | None, other: int | None) -> bool:
    return one == other or (one is not None and other is not None and abs(one - other) < 1000)


def assert_same_call(telavox: SettledCall, vocatech: SettledCall, *, rings: bool) -> None:
    """`rings`: starts of answered rings and how unanswered ones ended, which not every telling knows."""
    assert vocatech.direction == telavox.direction
    assert vocatech.internal == telavox.internal
    assert vocatech.answered == telavox.answered
    assert vocatech.number == telavox.number or telavox.internal
    assert [v.visit.queue.name for v in vocatech.visits] == [v.visit.queue.name for v in telavox.visits]
    for mine, theirs in zip(vocatech.visits, telavox.visits, strict=True):
        assert mine.entered_at == theirs.entered_at
        assert mine.outcome == theirs.outcome
        assert near(mine.answered_at, theirs.answered_at)
        assert near(mine.wait, theirs.wait)
        if theirs.outcome is not VisitOutcome.ANSWERED:  # an answered group's leg, and its segment, end with the answer
            assert near(mine.left_at, theirs.left_at)
    mine_by = sorted(
        zip(vocatech.call.offers, vocatech.offers, strict=True), key=lambda each: (each[0].agent.name or "", each[0].ended_at or 0)
    )
    theirs_by = sorted(
        zip(telavox.call.offers, telavox.offers, strict=True), key=lambda each: (each[0].agent.name or "", each[0].ended_at or 0)
    )
    assert [each.agent.name for each, _ in mine_by] == [each.agent.name for each, _ in theirs_by]
    for (mine_offer, mine_how), (their_offer, their_how) in zip(mine_by, theirs_by, strict=True):
        assert bool(mine_offer.answered) == bool(their_offer.answered)
        assert near(mine_offer.answered_at, their_offer.answered_at)
        assert near(mine_offer.ended_at, their_offer.ended_at)
        if rings or not their_offer.answered:
            assert mine_offer.began_at == their_offer.began_at
        if rings or mine_how is OfferOutcome.ANSWERED:
            assert mine_how == their_how


async def test_rows_of_the_past_tell_the_day_that_telavox_tells(day: Day, asked: VocatechProvider) -> None:
    """VT-09: every call, and every sum but the ring before an answer, which a row does not tell."""
    told: dict[str, Call] = {}
    assert await read_rows(asked, told) == 3
    assert told.keys() == day.telavox.keys()
    for key, call in told.items():
        assert_same_call(settle(day.telavox[key]), settle(call), rings=False)
    mine, theirs = sums(told.values()), sums(day.telavox.values())
    unlike = within_a_second({k: v for k, v in theirs.items() if k[1] != "ring_sum"}, {k: v for k, v in mine.items() if k[1] != "ring_sum"})
    assert unlike == []
    assert "ring_time" in COMPANY.lacks["agent"]


async def test_what_is_posted_tells_the_calls_that_telavox_tells(day: Day) -> None:
    """Legs alone: a call that reached nobody has none, and only its row tells how a ring that nobody answered is to be read."""
    told = day.posted
    reached = {call.id for call in day.calls if call.offers or call.visits}
    assert told.keys() == reached
    for key, call in told.items():
        assert_same_call(settle(replace(day.telavox[key], journey=None)), settle(call), rings=False)
    mine, theirs = sums(told.values()), sums(day.telavox[key] for key in reached)
    # A transfer is read out of the journey, and so are callers who reached a menu alone.
    by_the_row = {"missed", "withdrawn", "transferred", "ivr_abandoned"}
    assert [line for line in apart_from_rounding(theirs, mine) if line.split(": ")[0].rsplit(" ", 1)[1] not in by_the_row] == []


async def test_what_is_posted_and_then_read_is_the_day_of_telavox_to_the_millisecond(day: Day, asked: VocatechProvider) -> None:
    """Every sum of every queue, agent and the site."""
    told = dict(day.posted)
    await read_rows(asked, told)
    for key, call in told.items():
        assert_same_call(settle(day.telavox[key]), settle(call), rings=True)
    assert differences(sums(day.telavox.values()), sums(told.values())) == []


@pytest.mark.parametrize(
    "switches",
    [
        Switches(group_leg_ends="talk", queue_segment="whole"),
        Switches(user_segment_from="ring"),
        Switches(group_legs=False),
        Switches(internal=True),
    ],
    ids=["groups until the end of the talk", "users from the ring on", "groups without legs", "internal calls"],
)
async def test_however_the_guide_is_read_the_day_counts_the_same(switches: Switches) -> None:
    """VT-A8 and VT-A18: one hour, posted and then read, under each reading of what the guide leaves open."""
    events, calls = events_of_the_day(switches, hours=1)
    theirs = {key: in_vocatech_words(call) for key, call in through_telavox(calls).items()}
    told = read_events(events, calls)
    async with VocatechSimulator(start=False, switches=switches) as house:
        for call in calls:
            house.book.keep(call)
        provider = VocatechProvider(config(house.api_url))
        await read_rows(provider, told)
        await provider.close()
    assert apart_from_rounding(sums(theirs.values()), sums(told.values())) == []
