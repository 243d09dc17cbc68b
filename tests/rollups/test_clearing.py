"""Sums outlive calls; an agent's sums go with what they were made of, and an erased agent's stay under the pseudonym."""

import io
import threading
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from stats.domain.records import Party, PresenceSlot, ProfileUse
from stats.history import retention, rolling
from stats.history.erasing import erase_agent
from stats.history.retention import Keep
from stats.history.rolling_rounds import Rounds, left, make_anew
from stats.history.rollup_tables import AgentRollup, PartyName, ProfileDay, QueueRollup, Restatement, SiteRollup
from stats.history.slots import upsert_slots
from stats.history.tables import ArchivedCall, DirtyQuarter, PresenceChange
from stats.models import Organisation
from tests.history.calls import NOON, SOURCE, plain
from tests.rollups.sums import HOUR_MS, ORGANISATION, again, keep, keep_changes, organisation, roll, seen, sums_of, tables
from wallboard.accounts.management.commands.housekeeping import add_up

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]
DAY_MS = 24 * HOUR_MS


def on(_what: str, _gone: int) -> bool:
    """Go on."""
    return True


def test_sums_of_queues_outlive_their_calls_whatever_comes_late() -> None:
    """Calls go by their term; marks, late tellings and making anew leave the sums of before."""
    organisation()
    keep([plain(n, NOON - n * DAY_MS) for n in range(10)])
    now = NOON + 2 * DAY_MS
    roll(now)
    before = tables()
    assert retention.clear(ORGANISATION, Keep(calls=5), now, on)
    assert ArchivedCall.objects.count() == 4
    keep([again(plain(8, NOON - 8 * DAY_MS), 9_000)])
    make_anew(Organisation.objects.get(), 0, now)
    roll(now)
    after = tables()
    for name in ("QueueRollup", "SiteRollup"):
        assert after[name] == before[name]
    assert not Restatement._default_manager.exists()
    assert not DirtyQuarter.objects.exists()
    assert rolling.dirty_in(ORGANISATION, NOON - 20 * DAY_MS, NOON) == []
    assert left(ORGANISATION) == 0
    gone = NOON - 4 * DAY_MS
    assert not AgentRollup._default_manager.filter(start_ms__lt=gone).exists(), "whose rings they were goes with the calls"
    assert sums_of(AgentRollup)["offers"] == 4
    assert rolling.rolled_quarters(ORGANISATION, [NOON - 8 * DAY_MS], now_ms=now).queues == []


def test_time_goes_with_presence_and_what_is_in_force_goes_on() -> None:
    """The agent is ready since before the term; the counts of rings stay, and later quarters are told as before."""
    organisation()
    keep([plain(6, NOON - 8 * DAY_MS), plain(6 + 7, NOON)])
    keep_changes([seen("7", NOON - 9 * DAY_MS, "away"), seen("7", NOON - 8 * DAY_MS), seen("8", NOON - 8 * DAY_MS, "off", 0)])
    now = NOON + DAY_MS
    roll(now)
    before = {
        row.start_ms: row.time_ready for row in AgentRollup._default_manager.filter(agent="7", grain=15, start_ms__gte=NOON - 4 * DAY_MS)
    }
    assert len(before) == 5 * 96
    assert retention.clear(ORGANISATION, Keep(presence=5), now, on)
    assert list(PresenceChange.objects.values_list("agent", "at_ms")) == [("7", NOON - 8 * DAY_MS)]
    assert {row.time_ready for row in AgentRollup._default_manager.filter(agent="7", start_ms__lt=NOON - 5 * DAY_MS)} == {0}
    assert sums_of(AgentRollup)["offers"] == 2
    make_anew(Organisation.objects.get(), 0, now)
    roll(now)
    after = {
        row.start_ms: row.time_ready for row in AgentRollup._default_manager.filter(agent="7", grain=15, start_ms__gte=NOON - 4 * DAY_MS)
    }
    assert after == before
    assert not Restatement._default_manager.exists()


def test_an_erased_agents_sums_stay_under_the_pseudonym_and_restate_nothing() -> None:
    """Two keys become one; whoever had read the archive before writes nothing of it after."""
    owner = organisation()
    anna = Party(id=111834, account_id=998877, name="Anna Canary")
    calls = [plain(n, NOON + n * 60_000) for n in range(4)]
    offers = [replace(call.offers[0], agent=anna if n % 2 else Party(account_id=998877)) for n, call in enumerate(calls)]
    keep([replace(call, offers=(offer,)) for call, offer in zip(calls, offers, strict=True)])
    keep_changes([seen("111834", NOON), seen("111834", NOON + HOUR_MS, "off", 0)])
    use = ProfileUse(profile_id=5, name="Lunch", available=False, usage_ms=600_000)
    upsert_slots(ORGANISATION, [PresenceSlot(source=SOURCE, agent=anna, start=NOON, end=NOON + HOUR_MS, profiles=(use,))])
    now = NOON + DAY_MS
    roll(now)
    before = {**sums_of(AgentRollup), "profile": sum(row.usage_ms for row in ProfileDay._default_manager.all())}
    keep([plain(9, NOON)])
    claimed = rolling.claim(ORGANISATION, owner.timezone, [NOON], now)
    assert claimed is not None
    read = rolling.compute(claimed)
    name, _ = erase_agent(owner, ["111834", "a:998877"])
    assert rolling.write(claimed, *read, now) == 0
    key = f"n:{name}"
    kept = AgentRollup._default_manager.filter(agent=key)
    assert {row.agent for row in AgentRollup._default_manager.all()} == {key}
    assert sum(row.offers for row in kept.filter(grain=15)) == 4
    assert not PartyName._default_manager.filter(key__in=["111834", "a:998877"]).exists()
    roll(now)
    after = sums_of(AgentRollup, agent=key)
    assert {**after, "profile": sum(row.usage_ms for row in ProfileDay._default_manager.filter(agent=key))} == before
    assert "Anna" not in str(tables())
    assert {row.key for row in Restatement._default_manager.filter(kind="agent")} <= {"3"}


def test_the_command_makes_everything_anew_and_says_how_far_it_is(clock: Any) -> None:
    """Also of some days alone; what cannot be is refused in words."""
    organisation()
    clock(NOON + DAY_MS)
    keep([plain(n, NOON + n * HOUR_MS) for n in range(-6, 6)])
    said = io.StringIO()
    call_command("rollup", stdout=said)
    assert "100 %" in said.getvalue()
    before = tables()
    assert sums_of(SiteRollup)["calls_in"] == 12
    QueueRollup._default_manager.update(offered=77)
    call_command("rollup", "--rebuild", "--from", "2026-05-18", "--to", "2026-05-18", stdout=said)
    assert tables() == before
    SiteRollup._default_manager.all().delete()
    call_command("rollup", "--rebuild", "--organisation", ORGANISATION, stdout=said)
    assert tables() == before
    for wrong in (["--from", "2026-05-01"], ["--rebuild", "--from", "May"], ["--organisation", "nobody"]):
        with pytest.raises(CommandError):
            call_command("rollup", *wrong, stdout=said)


def test_housekeeping_adds_up_and_lives_on_when_the_database_is_away(monkeypatch: pytest.MonkeyPatch, clock: Any) -> None:
    """A fault of the database is put off, and found due again."""
    from django.db import OperationalError

    organisation()
    keep([plain(1)])
    clock(NOON + HOUR_MS)
    rounds, stop = Rounds(), threading.Event()

    def away(*_told: Any, **_how: Any) -> Any:
        raise OperationalError("away")

    monkeypatch.setattr(rolling, "claim", away)
    assert add_up(rounds, stop)
    assert sums_of(QueueRollup) == {}
    monkeypatch.undo()
    monkeypatch.setattr("stats.history.rolling_rounds.now_ms", lambda: NOON + HOUR_MS)
    assert add_up(rounds, stop)
    assert sums_of(QueueRollup)["offered"] == 1


def test_what_a_removed_call_counted_after_the_term_stays_too() -> None:
    """It began before, and entered its queue two hours later: that quarter has lost its ground, and is not added up anew."""
    organisation()
    now = NOON + 5 * DAY_MS + HOUR_MS
    call = plain(1)
    keep([replace(call, visits=(replace(call.visits[0], entered_at=NOON + 2 * HOUR_MS, ended_at=NOON + 2 * HOUR_MS + 65_000),), offers=())])
    roll(now)
    before = tables()
    assert sums_of(QueueRollup, start_ms=NOON + 2 * HOUR_MS)["offered"] == 1
    assert retention.clear(ORGANISATION, Keep(calls=5), now, on)
    assert not ArchivedCall.objects.exists()
    make_anew(Organisation.objects.get(), 0, now)
    roll(now)
    assert tables()["QueueRollup"] == before["QueueRollup"]
