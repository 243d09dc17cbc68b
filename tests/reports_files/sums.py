"""Stored sums of many days, as the roller leaves them, for files that are made of nothing else."""

from datetime import date, timedelta
from decimal import Decimal

from stats.domain.periods import QUARTER_MS, day_bounds
from stats.history.rollup_tables import DAY, QUARTER, AgentRollup, PartyName, QueueRollup, RolledQuarter, SiteRollup
from stats.models import Organisation

ZONE = "Europe/Stockholm"
QUEUE = {"target_ms": 20_000, "short_ms": 5_000, "share": Decimal("0.800"), "variant": "short_excluded", "definitions": 1}


def organisation() -> Organisation:
    """The one of these tests."""
    return Organisation.objects.get_or_create(slug="default", defaults={"name": "Test", "timezone": ZONE})[0]


def year(queues: int, days: int, first: str = "2025-01-01") -> None:
    """So many days with so many queues: a quarter of each with sums, and the day's own."""
    organisation()
    rows, sites, quarters = list[QueueRollup](), list[SiteRollup](), list[RolledQuarter]()
    for n in range(days):
        day = (date.fromisoformat(first) + timedelta(days=n)).isoformat()
        begin, end = day_bounds(day, ZONE)
        quarters += [
            RolledQuarter(organisation="default", quarter_ms=at, state="done", definitions=1, at_ms=0, final_ms=0)
            for at in range(begin, end, QUARTER_MS)
        ]
        for grain, at in ((QUARTER, begin + 36 * QUARTER_MS), (DAY, begin)):
            sites.append(
                SiteRollup(
                    organisation="default",
                    grain=grain,
                    start_ms=at,
                    source="telavox",
                    calls_in=queues,
                    calls_answered=queues,
                    definitions=1,
                )
            )
            rows += [
                QueueRollup(
                    organisation="default",
                    grain=grain,
                    start_ms=at,
                    source="telavox",
                    queue=str(100 + q),
                    offered=3,
                    answered=2,
                    answered_in_target=1,
                    abandoned=1,
                    wait_n=2,
                    wait_sum=30_500,
                    talk_n=2,
                    talk_sum=90_000 + n,
                    wait_max=25_000,
                    waits='{"117": 1, "132": 1}',
                    **QUEUE,
                )
                for q in range(queues)
            ]
    QueueRollup.objects.bulk_create(rows, batch_size=500)
    SiteRollup.objects.bulk_create(sites, batch_size=500)
    RolledQuarter.objects.bulk_create(quarters, batch_size=2000)


def agent(name: str, key: str = "924328", day: str = "2025-01-01") -> None:
    """An agent of this name with a day's sums."""
    begin = day_bounds(day, ZONE)[0]
    for grain, at in ((QUARTER, begin + 36 * QUARTER_MS), (DAY, begin)):
        AgentRollup.objects.create(
            organisation="default", grain=grain, start_ms=at, source="telavox", agent=key, offers=4, answered=3, missed=1, talk_n=3,
            talk_sum=180_500, definitions=1,
        )  # fmt: skip
    PartyName.objects.create(organisation="default", source="telavox", kind="agent", key=key, number=int(key), name=name, told_ms=begin)
