"""What was set to go goes at night, all of it and nothing else; before anything is set nothing goes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from stats.domain.forgetting import numbers_of
from stats.domain.records import Call, Offer, Party, PresenceSlot, ProfileUse
from stats.history import nights, retention
from stats.history.archive import archived, keep
from stats.history.changes import upsert_changes
from stats.history.erased_tables import RetentionRun
from stats.history.nights import night_of, work_on
from stats.history.retention import DAY_MS, Keep, clear, preview
from stats.history.slots import upsert_slots
from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit, PresenceChange
from stats.history.telling import Telling
from stats.models import Organisation, PresenceSlotRow
from tests.history.calls import NOON, SOURCE, plain
from tests.privacy.people import change

pytestmark = [pytest.mark.django_db, pytest.mark.engines]
NOW = NOON + 100 * DAY_MS


def tell(*calls: Call, organisation: str = "default") -> None:
    """Into the archive."""
    keep(organisation, SOURCE, [Telling(call) for call in calls], NOW)


def aged(number: int, days: int) -> Call:
    """A call that began so many days before now."""
    return plain(number, NOW - days * DAY_MS)


def on(_what: str, _gone: int) -> bool:
    """Go on."""
    return True


def left() -> set[str]:
    """The archived calls."""
    return set(ArchivedCall.objects.filter(organisation="default").values_list("id_call", flat=True))


def test_nothing_goes_before_somebody_set_it() -> None:
    """The product forgets nothing by itself."""
    tell(aged(1, 90))
    assert preview("default", Keep(), NOW) == {"calls": 0, "numbers": 0, "presence": 0}
    assert clear("default", Keep(), NOW, on)
    assert left() == {"call-1"}


def test_calls_go_with_their_visits_and_rings_and_only_those_that_are_old_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """In parts of one, so that there are several; another organisation's calls are none of it."""
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    tell(aged(1, 31), aged(2, 40), aged(3, 29))
    tell(aged(4, 90), organisation="other")
    assert preview("default", Keep(calls=30), NOW)["calls"] == 2
    assert clear("default", Keep(calls=30), NOW, on)
    assert left() == {"call-3"}
    for model in (ArchivedVisit, ArchivedOffer):
        assert set(model.objects.values_list("id_call", flat=True)) == {"call-3", "call-4"}


def test_numbers_go_from_the_column_and_from_every_part_of_the_record() -> None:
    """The call stays, with everything else that was known of it."""
    old = aged(1, 31)
    old = replace(old, offers=(replace(old.offers[0], number="+46701740699"),), visits=(replace(old.visits[0], number="+46701740698"),))
    tell(old, aged(2, 1))
    assert preview("default", Keep(numbers=30), NOW)["numbers"] == 1
    assert clear("default", Keep(numbers=30), NOW, on)
    kept = archived("default", SOURCE, "call-1")
    assert kept is not None
    assert list(numbers_of(kept)) == []
    assert kept.visits[0].entered_at == old.visits[0].entered_at
    assert dict(ArchivedCall.objects.values_list("id_call", "number")) == {"call-1": "", "call-2": "+4670174060"}
    assert not ArchivedCall.objects.filter(record__contains="+467017406", id_call="call-1").exists()
    assert preview("default", Keep(numbers=30), NOW)["numbers"] == 0


def test_a_call_without_any_instant_is_as_old_as_its_keeping() -> None:
    """It lies at the beginning of time, and would be the first to go."""
    keep("default", SOURCE, [Telling(Call(source=SOURCE, id_call="bare", offers=(Offer(agent=Party(id=1)),)))], NOW - 10 * DAY_MS)
    assert clear("default", Keep(calls=30), NOW, on)
    assert left() == {"bare"}
    assert clear("default", Keep(calls=5), NOW, on)
    assert left() == set()


def test_presence_goes_hour_by_hour_and_change_by_change() -> None:
    """Both tables; what an agent does since before the term, and still does, is no past: it goes with the change that ends it."""
    use = ProfileUse(profile_id=5, name="Lunch", available=False, usage_ms=600_000)
    for days in (41, 40, 20):
        at = NOW - days * DAY_MS
        upsert_slots("default", [PresenceSlot(source=SOURCE, agent=Party(id=7), start=at, end=at + 3_600_000, profiles=(use,))])
        upsert_changes("default", [change("7", at)])
    upsert_changes("default", [replace(change("8", NOW - 41 * DAY_MS), state="off", queues=0)])
    assert preview("default", Keep(presence=30), NOW)["presence"] == 4
    assert clear("default", Keep(presence=30), NOW, on)
    assert (PresenceSlotRow.objects.count(), PresenceChange.objects.count()) == (1, 2)
    later = NOW + 11 * DAY_MS
    assert clear("default", Keep(presence=30), later, on)
    assert (PresenceSlotRow.objects.count(), PresenceChange.objects.count()) == (0, 1)


def test_what_the_live_store_still_tells_is_never_taken() -> None:
    """One day is three."""
    tell(aged(1, 2), aged(2, 4))
    assert clear("default", Keep(calls=1), NOW, on)
    assert left() == {"call-1"}


def test_a_run_that_is_cut_short_is_finished_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the counts of both are the night's."""
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    organisation = Organisation.objects.create(slug="default", name="Test", keep_calls_days=30)
    tell(*(aged(n, 50) for n in range(4)))
    monkeypatch.setattr(nights, "WORK_S", 0.0)
    assert work_on(organisation, NOW, "one") is None
    assert 0 < len(left()) < 4
    monkeypatch.setattr(nights, "WORK_S", 600.0)
    run = work_on(organisation, NOW, "one")
    assert run is not None
    assert (run.removed["calls"], left()) == (4, set())
    assert run.ended_at is not None
    assert work_on(organisation, NOW, "two") is None, "once a night"


def test_two_workers_never_work_on_one_night_together() -> None:
    """Whoever has it has it, until its time is over."""
    organisation = Organisation.objects.create(slug="default", name="Test", keep_calls_days=30)
    tell(aged(1, 50))
    night = night_of(NOW, organisation.timezone)
    RetentionRun.objects.create(organisation="default", night=night, holder="other", held_until=timezone.now() + timedelta(minutes=5))
    assert work_on(organisation, NOW, "me") is None
    assert left() == {"call-1"}
    RetentionRun.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    run = work_on(organisation, NOW, "me")
    assert run is not None
    assert left() == set()


@pytest.mark.parametrize(
    ("zone", "hour", "night"),
    [("Europe/Stockholm", 1, "2026-11-20"), ("Europe/Stockholm", 3, "2026-11-21"), ("America/New_York", 3, "2026-11-20")],
)
def test_a_night_is_the_organisations_own(zone: str, hour: int, night: str) -> None:
    """It begins at half past three by its clocks: 03:30 in Stockholm is 02:30 UTC."""
    at = datetime(2026, 11, 21, hour, 0, tzinfo=UTC)
    assert night_of(round(at.timestamp() * 1000), zone) == night
