"""However and whenever quarters are added up, the rows are the same; nobody's death and no second adder changes them."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError

from stats.domain.records import Call, Party, PresenceSlot, ProfileUse
from stats.history import rolling, rolling_due
from stats.history.rolling_rounds import left, make_anew
from stats.history.rollup_tables import AgentRollup, PartyName, QueueRollup, Restatement, RolledQuarter, SiteRollup
from stats.history.slots import upsert_slots
from stats.history.tables import DirtyQuarter
from stats.models import Organisation
from tests.history.calls import NOON, SOURCE, plain
from tests.rollups.sums import (
    HOUR_MS,
    ORGANISATION,
    QUARTER_MS,
    again,
    at_most,
    keep,
    keep_changes,
    organisation,
    restatements,
    roll,
    seen,
    shuffled,
    sums_of,
    tables,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]
DAY_MS = 24 * HOUR_MS


def month(dice: random.Random, number: int = 50) -> list[Call]:
    """Calls of three days with several queues and agents, some of them known by their account alone at first."""
    calls = []
    for n in range(number):
        call = plain(n, NOON + dice.randrange(-2 * DAY_MS, DAY_MS), answered=dice.random() < 0.7)
        queue, agent = dice.randrange(3), dice.randrange(4)
        known = dice.random() < 0.6
        queue_party = Party(id=10 + queue if known else None, account_id=500 + queue, name=f"Queue {queue}")
        agent_party = Party(id=100 + agent if known else None, account_id=900 + agent, name=f"Agent {agent}")
        calls.append(
            replace(
                call,
                visits=(replace(call.visits[0], queue=queue_party),),
                offers=tuple(replace(o, agent=agent_party, queue=queue_party) for o in call.offers),
            )
        )
    return calls


def presence(dice: random.Random) -> list[Any]:
    """Three agents who go to and fro for three days."""
    states = ("ready", "away", "talking", "off")
    return [
        seen(str(100 + agent), NOON - 2 * DAY_MS + dice.randrange(3 * DAY_MS), dice.choice(states), dice.randrange(2))
        for agent in range(3)
        for _ in range(12)
    ]


@pytest.mark.parametrize("seed", range(2))
def test_any_order_of_what_comes_late_gives_the_rows_of_adding_up_once(seed: int) -> None:
    """Calls told twice and otherwise, changes out of order, adding up in between, cut short anywhere: as once at the end, as made anew."""
    dice = random.Random(seed)
    organisation()
    calls, changes = month(dice), presence(dice)
    late = [again(call, dice.randrange(20_000)) for call in dice.sample(calls, 15)]
    end = NOON + 2 * DAY_MS
    steps: list[Callable[[], Any]] = [lambda c=call: keep([c]) for call in calls]  # type: ignore[misc]
    steps += [lambda c=change: keep_changes([c]) for change in changes]  # type: ignore[misc]
    for n, step in enumerate(shuffled(dice, steps)):
        step()
        if n % 15 == 14:
            rolling.work(Organisation.objects.get(), NOON + dice.randrange(-2 * DAY_MS, 2 * DAY_MS), at_most(dice.randrange(1, 5)))
    keep(late)
    roll(end)
    by_and_by = tables()
    assert len(by_and_by["QueueRollup"]) > 40
    assert len(by_and_by["AgentRollup"]) > 200
    assert make_anew(Organisation.objects.get(), 0, end) > 50
    assert not rolling.work(Organisation.objects.get(), end, at_most(2)), "cut short"
    roll(end)
    assert tables() == by_and_by, "made anew"
    for model in (QueueRollup, AgentRollup, SiteRollup, RolledQuarter):
        model._default_manager.all().delete()
    make_anew(Organisation.objects.get(), 0, end)
    roll(end)
    assert tables() == by_and_by, "made from nothing"


def test_days_are_the_sums_of_their_quarters() -> None:
    """Every amount of every table."""
    dice = random.Random(5)
    organisation()
    keep(month(dice))
    keep_changes(presence(dice))
    roll(NOON + 3 * DAY_MS)
    for model in (QueueRollup, AgentRollup, SiteRollup):
        by_day, by_quarter = sums_of(model, 1440), sums_of(model, 15)
        for name in ("wait_max", "target_ms", "short_ms"):
            by_day.pop(name, None)
            by_quarter.pop(name, None)
        assert by_day == by_quarter
        assert any(by_day.values())
    for day in QueueRollup._default_manager.filter(grain=1440):
        mine = QueueRollup._default_manager.filter(
            grain=15, queue=day.queue, start_ms__gte=day.start_ms, start_ms__lt=day.start_ms + DAY_MS
        )
        assert day.wait_max == max(row.wait_max or 0 for row in mine)
        for name in ("waits", "answered_bins", "abandoned_bins"):
            assert sum(json.loads(getattr(day, name)).values()) == sum(sum(json.loads(getattr(row, name)).values()) for row in mine)


def test_whoever_dies_before_the_end_leaves_it_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the quarter is there, or all of what there was; a minute later it is taken up again."""
    owner = organisation()
    keep([plain(1)])
    now = NOON + HOUR_MS
    assert rolling.claim(ORGANISATION, owner.timezone, [NOON], now) is not None
    roll(now + 1_000)
    assert not QueueRollup._default_manager.exists(), "whoever has it may live"
    assert NOON in rolling.dirty_in(ORGANISATION, NOON, now)
    roll(now + rolling.CLAIMED_MS + 1_000)
    assert sums_of(QueueRollup)["offered"] == 1
    before = tables()
    keep([again(plain(1), 5_000), plain(2)])

    def dies(*_told: Any) -> None:
        raise DatabaseError("in the middle")

    monkeypatch.setattr(rolling.rolling_days, "sum_day", dies)
    with pytest.raises(DatabaseError):
        roll(now + 2 * rolling.CLAIMED_MS)
    monkeypatch.undo()
    assert tables() == before
    assert DirtyQuarter.objects.exists()
    roll(now + 4 * rolling.CLAIMED_MS)
    assert sums_of(QueueRollup)["offered"] == 2
    assert not rolling.dirty_in(ORGANISATION, NOON - HOUR_MS, NOON + HOUR_MS)


def test_of_two_who_add_up_one_quarter_the_later_claim_writes() -> None:
    """Who was slow finds itself overtaken, and what it read in an older archive is not written."""
    owner = organisation()
    keep([plain(1)])
    now = NOON + HOUR_MS
    slow = rolling.claim(ORGANISATION, owner.timezone, [NOON], now)
    assert slow is not None
    assert rolling.claim(ORGANISATION, owner.timezone, [NOON], now + 1_000) is None, "one at a time"
    read = rolling.compute(slow)
    keep([plain(2)])
    fast = rolling.claim(ORGANISATION, owner.timezone, [NOON], now + rolling.CLAIMED_MS + 1)
    assert fast is not None
    assert rolling.write(fast, *rolling.compute(fast), now) == 1
    assert rolling.write(slow, *read, now) == 0
    assert sums_of(QueueRollup)["offered"] == 2


def test_what_changes_while_a_quarter_is_read_is_added_up_again() -> None:
    """The mark that came meanwhile stays."""
    owner = organisation()
    keep([plain(1)])
    now = NOON + HOUR_MS
    claimed = rolling.claim(ORGANISATION, owner.timezone, [NOON], now)
    assert claimed is not None
    read = rolling.compute(claimed)
    keep([plain(2)])
    assert rolling.write(claimed, *read, now) == 1
    assert sums_of(QueueRollup)["offered"] == 1
    assert rolling.dirty_in(ORGANISATION, NOON, NOON + QUARTER_MS) == [NOON]
    roll(now)
    assert sums_of(QueueRollup)["offered"] == 2


def test_a_call_told_otherwise_two_days_later_moves_its_quarter_and_is_listed() -> None:
    """And nothing else; a first adding up, however late, restates nothing."""
    organisation()
    keep([plain(n, NOON + n * HOUR_MS) for n in range(4)])
    roll(NOON + 5 * HOUR_MS)
    keep([plain(9, NOON - 40 * DAY_MS)])
    roll(NOON + 2 * DAY_MS)
    assert restatements() == []
    before = tables()
    keep([again(plain(1, NOON + HOUR_MS), 15_000)])
    roll(NOON + 2 * DAY_MS + 60_000)
    moved = [row for name, rows in tables().items() for row in rows if row not in before[name]]
    day = {row["start_ms"] for row in moved if row["grain"] == 1440}
    assert {row["start_ms"] for row in moved if row["grain"] == 15} == {NOON + HOUR_MS}
    assert len(day) == 1
    (told,) = restatements()
    assert told[:3] == ("queue", "11", NOON + HOUR_MS)
    assert json.loads(told[3]) == {"answered_in_target": [1, 0], "wait_sum": [10_000, 25_000], "wait_max": [10_000, 25_000]}
    keep([again(plain(1, NOON + HOUR_MS), 15_000)])
    roll(NOON + 3 * DAY_MS)
    assert len(restatements()) == 1, "told again is no other telling"


def test_a_change_within_six_hours_is_no_restatement() -> None:
    """A day is settled some hours after it was."""
    organisation()
    keep([plain(1)])
    roll(NOON + HOUR_MS)
    keep([again(plain(1), 9_000)])
    roll(NOON + 6 * HOUR_MS)
    assert restatements() == []
    roll(NOON + 7 * HOUR_MS)
    keep([again(plain(1), 4_000)])
    roll(NOON + 7 * HOUR_MS + 60_000)
    assert [told[:3] for told in restatements()] == [("queue", "11", NOON)]


def test_a_state_goes_on_through_quarters_in_which_nothing_is_told() -> None:
    """Eight hours ready are thirty-two quarters of 900 s, without a mark; a late change moves what lies behind it."""
    organisation()
    keep_changes([seen("7", NOON)])
    roll(NOON + 8 * HOUR_MS)
    rows = {row.start_ms: row.time_ready for row in AgentRollup._default_manager.filter(grain=15)}
    assert rows == {NOON + n * QUARTER_MS: 900_000 for n in range(32)}
    keep_changes([seen("7", NOON + 2 * HOUR_MS + 60_000, "away"), seen("7", NOON + 3 * HOUR_MS)])
    marked = set(DirtyQuarter.objects.values_list("quarter_ms", flat=True))
    assert min(marked) == NOON + 2 * HOUR_MS
    roll(NOON + 8 * HOUR_MS)
    total = sums_of(AgentRollup)
    assert (total["time_ready"], total["time_away"], total["time_logged_in"]) == (8 * HOUR_MS - 3_540_000, 3_540_000, 8 * HOUR_MS)


def test_a_late_change_marks_no_further_than_the_next_one() -> None:
    """What was told before and after it stays as it is."""
    organisation()
    keep_changes([seen("7", NOON), seen("7", NOON + 2 * HOUR_MS, "away")])
    roll(NOON + 3 * HOUR_MS)
    DirtyQuarter.objects.all().delete()
    keep_changes([seen("7", NOON + HOUR_MS, "talking")])
    assert set(DirtyQuarter.objects.values_list("quarter_ms", flat=True)) == {NOON + HOUR_MS + n * QUARTER_MS for n in range(5)}
    DirtyQuarter.objects.all().delete()
    keep_changes([seen("7", NOON + HOUR_MS, "talking")])
    assert not DirtyQuarter.objects.exists(), "it was there"


def test_todays_quarters_come_before_a_long_backlog() -> None:
    """The oldest first among themselves."""
    owner = organisation()
    now = NOON + HOUR_MS
    keep([plain(n, NOON - n * DAY_MS) for n in range(40, 0, -1)])
    keep([plain(99, NOON)])
    rolling_due.take_note(ORGANISATION, owner.timezone, now)
    first = rolling_due.next_due(ORGANISATION, owner.timezone, now, (), 4, 0)
    assert first == [NOON]
    then = rolling_due.next_due(ORGANISATION, owner.timezone, now, first, 4, 0)
    assert then == [NOON - 40 * DAY_MS]


def test_the_open_quarter_is_not_written_until_it_is_over() -> None:
    """Its mark waits for it; computed at once it is there."""
    organisation()
    keep([plain(1)])
    roll(NOON + QUARTER_MS - 1)
    assert not QueueRollup._default_manager.exists()
    assert rolling.dirty_in(ORGANISATION, NOON, NOON + QUARTER_MS) == [NOON]
    (row,) = rolling.rolled_quarters(ORGANISATION, [NOON], now_ms=NOON + 60_000).queues
    assert row.offered == 1
    assert rolling.rolled_quarters(ORGANISATION, [NOON], without={SOURCE: ["call-1"]}, now_ms=NOON).queues == []
    roll(NOON + QUARTER_MS)
    assert sums_of(QueueRollup)["offered"] == 1


def test_a_key_that_turns_out_to_be_another_queues_is_counted_by_its_targets() -> None:
    """The first call knew the account alone; the second tells whose it is, and that queue promises five seconds."""
    from stats.history.rollup_tables import SettingInForce

    organisation()
    SettingInForce._default_manager.create(organisation=ORGANISATION, queue="11", from_day="", target_ms=5_000)
    early = replace(plain(1), visits=(replace(plain(1).visits[0], queue=Party(account_id=5, name="Sales")),), offers=())
    keep([replace(early, visits=(replace(early.visits[0], answered_at=NOON + 12_000),))])
    roll(NOON + HOUR_MS)
    assert sums_of(QueueRollup, queue="a:5")["answered_in_target"] == 1
    later = plain(2, NOON + HOUR_MS)
    keep([replace(later, visits=(replace(later.visits[0], queue=Party(id=11, account_id=5, name="Sales")),))])
    roll(NOON + 2 * HOUR_MS)
    assert sums_of(QueueRollup, queue="a:5")["answered_in_target"] == 0
    assert {(row.key, row.number) for row in PartyName._default_manager.filter(kind="queue")} == {("a:5", None), ("11", 11)}


def test_time_by_profile_belongs_to_the_day_an_hour_began_in() -> None:
    """Late hours and told-again ones move their day; and a zone that is changed moves all of them."""
    owner = organisation("Europe/Stockholm")
    use = ProfileUse(profile_id=5, name="Lunch", available=False, usage_ms=600_000)
    midnight = NOON + 10 * HOUR_MS  # in Stockholm
    for at in (midnight - HOUR_MS, midnight, midnight - HOUR_MS):
        upsert_slots(
            ORGANISATION, [PresenceSlot(source=SOURCE, agent=Party(id=7, name="Åsa"), start=at, end=at + HOUR_MS, profiles=(use,))]
        )
    keep([plain(1)])
    roll(NOON + DAY_MS)
    profiles = lambda: [(row["start_ms"], row["usage_ms"]) for row in tables()["ProfileDay"]]  # noqa: E731
    assert profiles() == [(midnight - DAY_MS, 600_000), (midnight, 600_000)]
    owner.timezone = "Europe/Helsinki"
    owner.save()
    roll(NOON + DAY_MS, owner)
    assert profiles() == [(midnight - HOUR_MS, 1_200_000)]
    assert {row.start_ms for row in QueueRollup._default_manager.filter(grain=1440)} == {midnight - DAY_MS - HOUR_MS}
    assert left(ORGANISATION) == 0


def test_rows_of_other_definitions_are_made_anew_and_restate_nothing() -> None:
    """As an upgrade finds them."""
    organisation()
    keep([plain(1)])
    roll(NOON + DAY_MS)
    before = tables()
    QueueRollup._default_manager.update(definitions=0, offered=99)
    RolledQuarter._default_manager.update(definitions=0)
    assert rolling.dirty_in(ORGANISATION, NOON, NOON + QUARTER_MS) == [NOON]
    rolling_due.of_other_definitions(ORGANISATION)
    roll(NOON + DAY_MS)
    assert tables() == before
    assert not Restatement._default_manager.exists()


def test_an_agent_watched_under_two_keys_is_one_whose_time_goes_by_once() -> None:
    """The account alone was told at first. What moves from one key to the other restates nothing."""
    organisation()
    keep_changes([seen("a:900", NOON), seen("100", NOON + HOUR_MS, "away")])
    roll(NOON + DAY_MS)
    roll(NOON + DAY_MS + QUARTER_MS - 1)
    assert sums_of(AgentRollup, agent="a:900")["time_ready"] == DAY_MS, "nobody knows better yet"
    call = plain(1, NOON + DAY_MS)
    keep([replace(call, offers=(replace(call.offers[0], agent=Party(id=100, account_id=900, name="Agent")),))])
    early = plain(2, NOON + DAY_MS)
    keep([replace(early, offers=(replace(early.offers[0], agent=Party(account_id=900)),))])
    roll(NOON + DAY_MS + HOUR_MS)
    learnt = [NOON + DAY_MS + n * QUARTER_MS for n in range(4)]
    assert rolling.dirty_in(ORGANISATION, NOON, NOON + DAY_MS + HOUR_MS) == learnt, "those in which it was learnt are due once more"
    roll(NOON + DAY_MS + HOUR_MS)
    total = sums_of(AgentRollup)
    assert (total["time_ready"], total["time_away"], total["time_logged_in"]) == (HOUR_MS, DAY_MS, DAY_MS + HOUR_MS)
    assert sums_of(AgentRollup, agent="a:900").get("time_ready", 0) == 0
    moved = {quarter for _, key, quarter, _ in restatements()}
    assert NOON not in moved, "ready under either key"
    assert NOON + 2 * HOUR_MS in moved, "ready and away at once it never was"
