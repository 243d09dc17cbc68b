"""Periods, histogram, thresholds, directory and presence, each alone."""

import math
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.domain.agent_states import AgentState, KnownPresence, credits, state_of, succeed
from stats.domain.directory import Directory
from stats.domain.facts import SourceFacts
from stats.domain.freshness import counted_values
from stats.domain.histogram import bucket, percentile
from stats.domain.periods import business_day, day_bounds, split_days, split_quarters
from stats.domain.records import ActiveCall, AgentPresence, Party, QueueLogin
from stats.domain.sums import service_levels, sl_budget
from stats.domain.thresholds import Limits, Watch

ZONES = ("Europe/Stockholm", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Africa/Cairo", "Asia/Beirut", "America/Asuncion")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-05-18", 24)])
def test_a_business_day_is_as_long_as_the_zone_says(day: str, hours: int) -> None:
    first, last = day_bounds(day, "Europe/Stockholm")
    assert last - first == hours * 3_600_000
    assert business_day(first, "Europe/Stockholm") == day
    assert business_day(first - 1, "Europe/Stockholm") != day
    assert business_day(last - 1, "Europe/Stockholm") == day


@pytest.mark.parametrize("zone", ZONES)
def test_days_follow_each_other_without_gap_or_overlap(zone: str) -> None:
    day = date(2026, 1, 1)
    end = day_bounds(day.isoformat(), zone)[0]
    while day < date(2027, 1, 1):
        first, last = day_bounds(day.isoformat(), zone)
        assert first == end
        assert last > first
        end, day = last, day + timedelta(days=1)


@given(start=st.integers(1_767_225_600_000, 1_798_761_600_000), length=st.integers(1, 200_000_000), zone=st.sampled_from(ZONES))
def test_splitting_an_interval_loses_not_a_millisecond(start: int, length: int, zone: str) -> None:
    assert sum(ms for _, ms in split_days(start, start + length, zone)) == length
    parts = list(split_quarters(start, start + length))
    assert sum(ms for _, ms in parts) == length
    assert all(quarter % 900_000 == 0 for quarter, _ in parts)


@given(waits=st.lists(st.integers(0, 7_200_000), min_size=1, max_size=200), share=st.sampled_from((0.5, 0.8, 0.9, 0.95)))
def test_a_percentile_is_within_five_per_cent_of_the_nearest_rank(waits: list[int], share: float) -> None:
    counts: dict[int, int] = {}
    for wait in waits:
        counts[bucket(wait)] = counts.get(bucket(wait), 0) + 1
    exact = sorted(waits)[max(1, math.ceil(round(share * len(waits), 9))) - 1]
    found = percentile(counts, share)
    assert found is not None
    assert abs(found - exact) <= 0.05 * exact + 1e-6
    assert percentile({}, share) is None


def test_the_six_service_levels_of_the_worked_example() -> None:
    sums = {
        "answered": 1000,
        "answered_in_target": 860,
        "abandoned": 50,
        "short_abandoned": 10,
        "abandoned_in_target": 10,
        "short_in_target": 10,
    }
    shown = {name: round(100 * level, 2) for name, level in service_levels(sums).items() if level is not None}
    assert shown == {
        "short_excluded": 81.90,
        "all_abandons_miss": 81.13,
        "early_abandons_met": 83.02,
        "early_abandons_excluded": 82.69,
        "answered_only": 86.00,
        "short_met": 82.08,
    }
    assert set(service_levels({}).values()) == {None}


def test_a_budget_is_exact_where_floats_are_not() -> None:
    assert sl_budget([({"answered": 10, "answered_in_target": 9}, Decimal("0.9"))]) == 0
    assert sl_budget([({"answered": 100, "answered_in_target": 71}, Decimal("0.71"))]) == 0
    assert sl_budget([]) == 0


def test_a_severity_needs_its_time_to_come_and_to_go() -> None:
    watch, limits = Watch(), Limits(attention=5, act=10, deadband=1, on_s=10, off_s=15)
    assert watch.see(0, limits, 0) == "calm"
    assert watch.see(6, limits, 1_000) == "calm"
    assert watch.see(6, limits, 11_000) == "attention"
    assert watch.see(4.5, limits, 12_000) == "attention"  # inside the deadband
    assert watch.see(3, limits, 60_000) == "attention"
    assert watch.see(3, limits, 75_000) == "calm"


def test_one_document_with_both_ids_joins_what_was_two() -> None:
    agents = Directory()
    agents.learn(Party(account_id=998877, name="Anna"))
    agents.learn(Party(id=924328))
    assert agents.key(Party(account_id=998877)) == "a:998877"
    learnt = agents.learn(Party(id=924328, account_id=998877))
    assert learnt is not None
    assert learnt.joined == ("a:998877",)
    assert agents.key(Party(account_id=998877)) == agents.key(Party(id=924328)) == "924328"
    assert agents.fill(Party(id=924328, account_id=None)).account_id == 998877


def test_a_renamed_queue_stays_one_queue_and_an_old_row_does_not_rename_it_back() -> None:
    queues = Directory()
    queues.learn(Party(id=1, name="Växel"))
    queues.learn(Party(id=1, name="Reception"))
    assert queues.learn(Party(id=1, name="Växel"), rename=False) is None
    assert queues.by_key["1"].name == "Reception"
    assert list(queues.by_key) == ["1"]


LOGIN = (QueueLogin(queue=Party(id=1)),)


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ({"active_call": ActiveCall(id_call="x", answered=True), "status": "unavailable"}, "talking"),
        ({"active_call": ActiveCall(id_call="x")}, "ringing"),
        ({"status": "dozing", "is_wrapup": True}, "unknown"),
        ({"status": "unavailable", "is_wrapup": True}, "wrapup"),
        ({"status": "available", "logged_in": LOGIN, "profile_name": "Lunch"}, "ready"),
        ({"status": "available"}, "idle"),
        ({"status": "unavailable", "logged_in": LOGIN}, "away"),
        ({"status": "unavailable", "clients": True}, "away"),
        ({"status": "unavailable", "profile_name": "Tillgänglig"}, "off"),
    ],
)
def test_status_and_wrapup_decide_the_state_and_names_never_do(words: dict[str, object], state: str) -> None:
    assert state_of(AgentPresence(source="desk", agent=Party(id=1), **words)) == state  # type: ignore[arg-type]


def test_time_before_the_first_document_is_nobodys_and_later_time_adds_up() -> None:
    rng, now = random.Random(4), round(datetime(2026, 10, 24, 21, 50, tzinfo=UTC).timestamp() * 1000)
    known, total, began = None, 0, now
    for _ in range(60):
        status = rng.choice(("available", "unavailable"))
        told = AgentPresence(source="desk", agent=Party(id=1), status=status, logged_in=LOGIN, told_at=now)
        known, closed = succeed(known, told, "Europe/Stockholm")
        total += sum(credit.ms for credit in closed if credit.metric != "time_logged_in")
        now += rng.randrange(1, 600_000)
    assert known is not None
    total += sum(credit.ms for credit in credits(known, known.credited_to, now, "Europe/Stockholm") if credit.metric != "time_logged_in")
    assert total == now - began


def test_a_presence_document_that_swapped_places_does_not_win() -> None:
    newer = AgentPresence(source="desk", agent=Party(id=1), status="available", profile_since=2_000, told_at=10_000)
    older = AgentPresence(source="desk", agent=Party(id=1), status="unavailable", profile_since=1_000, told_at=10_400)
    known, _ = succeed(None, newer, "UTC")
    assert succeed(known, older, "UTC")[0] is known


@pytest.mark.fault("A11")
@pytest.mark.parametrize(
    ("state", "told", "minutes", "level"),
    [
        ("ready", 900, 1, "late"),
        ("ready", 1_100, 1, "live"),
        ("off", 900, 30, "late"),
        ("off", 900, 90, "live"),
        ("ready", 900, 90, "late"),
    ],
)
def test_a_count_of_agents_is_late_while_a_state_in_it_may_have_changed_unseen(state: str, told: int, minutes: int, level: str) -> None:
    """Told before the feed was away and not since; who was off is given up after an hour."""
    document = AgentPresence(source="t", agent=Party(id=1), told_at=told)
    held = KnownPresence(document=document, state=AgentState(state), since=told, credited_to=told)
    source = SourceFacts(name="t", provider="telavox", presence_lost_at=1_000, presence_open_at=1_050)
    feed = {"level": "live", "reason": "ok", "alive_at": None, "state": "live"}
    counted = counted_values(feed, source, [held], 1_000 + minutes * 60_000)
    assert counted["level"] == level
    assert counted["reason"] == ("unverified" if level == "late" else "ok")
