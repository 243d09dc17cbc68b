"""How far back the archive goes, as the sources page tells it."""

from itertools import pairwise

import pytest
from django.utils import translation

from stats.domain.periods import day_bounds
from stats.history.archive import keep
from stats.history.backfill_tables import BackfillDay
from stats.history.backfills import reach
from stats.history.telling import Telling
from stats.management.backfilling import days_of
from stats.models import Organisation
from tests.backfill.month import ORGANISATION, SOURCE, ZONE
from tests.history.calls import plain
from wallboard.pages.archives import told

pytestmark = pytest.mark.django_db


def read_whole(day: str, state: str = "done") -> None:
    """A day was read."""
    first, end = day_bounds(day, ZONE)
    BackfillDay(organisation=ORGANISATION, source=SOURCE, from_ms=first, to_ms=end, reached_ms=end, state=state, at_ms=end).save()


def test_the_line_says_since_when_which_days_and_which_are_missing() -> None:
    """Over a change of clocks; a day that did not prove complete is a gap like one that was never asked for."""
    assert told(reach(ORGANISATION, SOURCE), ZONE) == "No calls are kept yet."
    keep(ORGANISATION, SOURCE, [Telling(plain(1))], 0)
    with translation.override("en"):
        assert told(reach(ORGANISATION, SOURCE), ZONE) == "Calls are kept from 18 May 2026 on."
        for day in ("2026-10-24", "2026-10-25", "2026-10-28", "2026-10-31"):
            read_whole(day)
        read_whole("2026-10-30", "incomplete")
        assert told(reach(ORGANISATION, SOURCE), ZONE) == (
            "Calls are kept from 18 May 2026 on. Read from the telephone system’s history: 24 October 2026 – 31 October 2026."
            " Of these not read whole: 26 October 2026 – 27 October 2026, 29 October 2026 – 30 October 2026."
        )
        assert reach("elsewhere", SOURCE).first_call is None


@pytest.mark.parametrize("zone", ["Europe/Stockholm", "Europe/Helsinki", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_days_adjoin_over_every_change_of_clocks_newest_first(zone: str) -> None:
    """A year of them: no hour is read twice, and none is left out."""
    organisation = Organisation(slug=ORGANISATION, timezone=zone)
    days = days_of("2025-03-01", "2026-03-01", organisation, day_bounds("2026-03-02", zone)[0])
    assert len(days) == 366
    assert all(later[0] == earlier[1] for later, earlier in pairwise(days))
    assert {(end - first) % 1_800_000 for first, end in days} == {0}
