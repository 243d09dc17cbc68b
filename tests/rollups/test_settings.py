"""What is set counts for the whole of the day on which it is set, and for no day before."""

from collections.abc import Callable

import pytest
from django.contrib.admin import site
from django.http import HttpRequest

from stats.admin import QueueSettingAdmin
from stats.history import rolling
from stats.history.rollup_tables import QueueRollup, SettingInForce
from stats.history.tables import DirtyQuarter
from stats.models import Organisation, QueueSetting
from tests.history.calls import NOON, plain
from tests.rollups.sums import HOUR_MS, ORGANISATION, keep, organisation, restatements, roll, sums_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]
DAY_MS = 24 * HOUR_MS
Clock = Callable[[int], None]


def met() -> dict[int, int]:
    """Calls answered in target, by quarter."""
    return dict(QueueRollup._default_manager.filter(grain=15).values_list("start_ms", "answered_in_target"))


def in_force() -> list[tuple[str, str, int]]:
    """Queue, from which day, target."""
    return sorted(SettingInForce._default_manager.values_list("queue", "from_day", "target_ms"))


def test_a_target_changed_at_noon_counts_for_that_day_and_for_no_day_before(clock: Clock) -> None:
    """The calls waited ten seconds. Set to five at noon, to fifteen next noon, and deleted on the third day."""
    owner = organisation()
    days = [NOON - 2 * HOUR_MS + n * DAY_MS for n in range(4)]
    keep([plain(n, at) for n, at in enumerate(days)])
    roll(NOON)
    clock(NOON + DAY_MS)
    roll(NOON + DAY_MS)
    setting = QueueSetting.objects.create(organisation=owner, queue_key="11", target_s=5)
    roll(NOON + DAY_MS + 1)
    assert met() == {days[0]: 1, days[1]: 0}
    clock(NOON + 2 * DAY_MS)
    roll(NOON + 2 * DAY_MS)
    assert met() == {days[0]: 1, days[1]: 0, days[2]: 0}
    setting.target_s = 15
    setting.save()
    roll(NOON + 2 * DAY_MS + 1)
    assert met() == {days[0]: 1, days[1]: 0, days[2]: 1}
    clock(NOON + 3 * DAY_MS)
    setting.target_s = 5
    setting.save()
    QueueSettingAdmin(QueueSetting, site).delete_queryset(HttpRequest(), QueueSetting.objects.all())
    roll(NOON + 3 * DAY_MS)
    assert met() == {days[0]: 1, days[1]: 0, days[2]: 1, days[3]: 1}
    assert [row[1:] for row in in_force() if row[0] == "11"] == [
        ("", 20_000), ("2026-05-19", 5_000), ("2026-05-20", 15_000), ("2026-05-21", 20_000),
    ]  # fmt: skip
    stored = dict(QueueRollup._default_manager.filter(grain=1440).values_list("start_ms", "target_ms"))
    assert [target for _, target in sorted(stored.items())] == [20_000, 5_000, 15_000, 20_000], "history says what it was counted by"
    assert restatements() == [], "none of it was final"
    at_once = rolling.rolled_quarters(ORGANISATION, days, now_ms=NOON + 3 * DAY_MS)
    assert {row.start_ms: row.answered_in_target for row in at_once.queues} == met(), "each quarter by the settings of its day"


def test_a_final_quarter_of_today_that_a_new_target_moves_is_listed_with_it(clock: Clock) -> None:
    """In the evening the morning is final."""
    owner = organisation()
    keep([plain(1, NOON - 3 * HOUR_MS)])
    roll(NOON + 7 * HOUR_MS)
    roll(NOON + 8 * HOUR_MS)
    clock(NOON + 8 * HOUR_MS)
    QueueSetting.objects.create(organisation=owner, queue_key="11", target_s=5)
    roll(NOON + 8 * HOUR_MS + 1)
    ((kind, key, quarter, changes),) = restatements()
    assert (kind, key, quarter) == ("queue", "11", NOON - 3 * HOUR_MS)
    assert changes == '{"answered_in_target":[1,0],"target_ms":[20000,5000]}'


def test_internal_calls_count_from_the_day_on_which_that_was_set(clock: Clock) -> None:
    """The organisation's own setting."""
    from dataclasses import replace

    from stats.domain.records import Call

    def internal(number: int, at: int) -> Call:
        call = plain(number, at)
        assert call.journey is not None
        return replace(call, journey=replace(call.journey, internal=True))

    owner = organisation()
    keep([internal(1, NOON - DAY_MS), internal(2, NOON)])
    clock(NOON + HOUR_MS)
    roll(NOON + HOUR_MS)
    assert sums_of(QueueRollup) == {}
    owner.include_internal = True
    owner.save()
    roll(NOON + 2 * HOUR_MS)
    assert (
        list(QueueRollup._default_manager.filter(grain=15).values_list("start_ms", flat=True)) == [] or sums_of(QueueRollup)["offered"] == 1
    )
    assert {row.start_ms for row in QueueRollup._default_manager.filter(grain=15)} == {NOON}


def test_saving_what_is_so_already_marks_nothing(clock: Clock) -> None:
    """Nor does another field of the organisation; and who is made with a setting has had it for ever."""
    owner = Organisation.objects.create(slug=ORGANISATION, name="North", include_internal=True)
    keep([plain(1)])
    clock(NOON + HOUR_MS)
    roll(NOON + HOUR_MS)
    owner.name = "Other"
    owner.save()
    setting = QueueSetting.objects.create(organisation=owner, queue_key="11", target_s=20)
    setting.save()
    assert not DirtyQuarter.objects.exists()
    assert in_force() == [("", "", 20_000)]
    assert SettingInForce._default_manager.get().include_internal


def test_a_day_that_begins_elsewhere_in_another_zone_takes_its_settings_with_it(clock: Clock) -> None:
    """Half past eleven in Stockholm on the evening before is half past midnight in Helsinki."""
    owner = organisation("Europe/Stockholm")
    SettingInForce._default_manager.create(organisation=ORGANISATION, queue="11", from_day="2026-05-18", target_ms=5_000)
    evening = NOON - 15 * HOUR_MS + 30 * 60_000
    keep([plain(1, evening), plain(2, evening - HOUR_MS)])
    clock(NOON)
    roll(NOON)
    assert met() == {evening: 1, evening - HOUR_MS: 1}
    owner.timezone = "Europe/Helsinki"
    owner.save()
    roll(NOON, owner)
    assert met() == {evening: 0, evening - HOUR_MS: 1}
