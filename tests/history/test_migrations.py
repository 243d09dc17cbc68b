"""A database of an earlier version is brought forward with every row it has."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from stats.history import partitions
from tests.history.calls import NOON, SOURCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]
SLOTS, ARCHIVE = ("stats", "0002_presence_slots"), ("stats", "0003_archive")


def migrate(*to: tuple[str, str]) -> Any:
    """Forwards or backwards; gives the models as they are there. Without a word: to the newest."""
    executor = MigrationExecutor(connection)
    targets = list(to) or executor.loader.graph.leaf_nodes()
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


@pytest.fixture(autouse=True)
def _back_to_the_newest() -> Iterator[None]:
    yield
    migrate()


def rows(apps: Any, name: str) -> list[dict[str, Any]]:
    """Every row of a table."""
    return list(apps.get_model("stats", name).objects.order_by("pk").values())


@pytest.mark.fault("C13")
def test_slots_and_settings_of_the_version_before_the_archive_are_all_there_afterwards() -> None:
    """And the new tables take calls at once."""
    old = migrate(SLOTS)
    organisation = old.get_model("stats", "Organisation").objects.create(slug="north", name="North", timezone="Asia/Kathmandu")
    old.get_model("stats", "Source").objects.create(organisation=organisation, name=SOURCE, sealed_token="sealed")
    old.get_model("stats", "QueueSetting").objects.create(organisation=organisation, queue_key="a:5", target_s=33)
    slot = old.get_model("stats", "PresenceSlotRow")
    slot.objects.bulk_create(
        slot(organisation="north", source=SOURCE, agent=str(n % 50), start_ms=NOON + n // 50 * 3_600_000, profile="1", usage_ms=n)
        for n in range(2_000)
    )
    names = ("Organisation", "Source", "QueueSetting", "PresenceSlotRow")
    before = {name: rows(old, name) for name in names}
    new = migrate()
    assert len(before["PresenceSlotRow"]) == 2_000
    for name in names:
        after = rows(new, name)
        assert [{field: row[field] for field in was} for was, row in zip(before[name], after, strict=True)] == before[name]
    assert rows(new, "ArchivedCall") == []


@pytest.mark.fault("C13")
def test_archived_calls_are_all_there_after_every_later_migration() -> None:
    """Those with a month of their own, and those that wait in the default partition."""
    old = migrate(ARCHIVE)
    partitions.tend(NOON)
    common = {"organisation": "north", "source": SOURCE}
    day_ms = 86_400_000
    for n in range(200):
        at = NOON + n * day_ms if n % 7 else 0
        old.get_model("stats", "ArchivedCall").objects.create(
            **common, id_call=f"c{n}", at_ms=at, direction="in", internal=False, number="+46", outcome="answered", record="{}",
            lineage="a", version=n, kept_ms=NOON,
        )  # fmt: skip
        old.get_model("stats", "ArchivedVisit").objects.create(**common, id_call=f"c{n}", at_ms=at, number=0, queue="1", outcome="answered")
        old.get_model("stats", "ArchivedOffer").objects.create(
            **common, id_call=f"c{n}", at_ms=at, number=0, agent="1", queue="1", direction="in", outcome="answered"
        )
        old.get_model("stats", "PresenceChange").objects.create(
            **common, agent=str(n), at_ms=at, state="ready", profile="1", profile_name="", wrapup=False, queues=1, told_ms=at
        )
        old.get_model("stats", "DirtyQuarter").objects.create(organisation="north", quarter_ms=n)
    names = ("ArchivedCall", "ArchivedVisit", "ArchivedOffer", "PresenceChange", "DirtyQuarter")
    before = {name: rows(old, name) for name in names}
    partitions.tend(NOON + 90 * day_ms)
    new = migrate()
    for name in names:
        assert len(before[name]) == 200
        after = rows(new, name)
        assert [{field: row[field] for field in was} for was, row in zip(before[name], after, strict=True)] == before[name]
