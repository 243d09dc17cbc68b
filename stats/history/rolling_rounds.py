"""Adds up for every organisation what is due, a while at a time, and has everything made anew where that is asked for.

Rules that hold here: whoever works stops between two transactions when asked to, and nothing is lost by it; no organisation's backlog keeps
another one waiting for longer than its share; making anew says which quarters are due, and whoever adds up does the rest.
"""

from collections.abc import Callable, Iterator

from django.db import transaction
from django.db.models import F

from stats.clock import now_ms
from stats.domain.periods import QUARTER_MS, business_day, day_bounds, quarter_of
from stats.history import rolling, rolling_due
from stats.history.archive import lock
from stats.history.partitions import EARLIEST_MS
from stats.history.patience import without_limit
from stats.history.rollup_tables import RolledQuarter
from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit, DirtyQuarter
from stats.models import Organisation

GoOn = Callable[[], bool]
# A busy quarter that has just closed is marked with every call that ends; whoever reads reckons with marks at once.
REST_MS = 30_000


class Rounds:
    """One process's rounds of adding up."""

    def __init__(self) -> None:
        self._looked_at: set[str] = set()

    def go_round(self, go_on: GoOn) -> bool:
        """Work until `go_on` says no. Returns whether nothing is left to do. Raises django.db.Error; what was added up stays so."""
        done = True
        with without_limit():
            for organisation in Organisation.objects.all():
                if organisation.slug not in self._looked_at:
                    rolling_due.of_other_definitions(organisation.slug)
                    self._looked_at.add(organisation.slug)
                # Each gets a step, whatever the others have before them.
                done &= rolling.work(organisation, now_ms(), go_on, rest_ms=REST_MS)
        return done


def make_anew(organisation: Organisation, first: int, end: int) -> int:
    """Have the quarters of [first, end), epoch ms, added up anew from the archive, and days made anew. Returns how many quarters are due.

    What is cleared away by its term stays as it is. Begun again it goes on. Raises django.db.Error.
    """
    slug, now = organisation.slug, now_ms()
    with without_limit(), transaction.atomic():
        lock(f"{slug}/rollup")
        state = rolling_due.state_of(slug)
        begin = max(first, EARLIEST_MS, state.calls_from_ms)
        there = RolledQuarter._default_manager.filter(organisation=slug, quarter_ms__gte=quarter_of(begin), quarter_ms__lt=end)
        there.filter(state="done").update(state="due")
        rolling_due.make_due(slug, _quarters_with_calls(slug, begin, min(end, quarter_of(now))), now)
        if first < EARLIEST_MS:
            # Quarters in which nothing but time went by are taken note of anew, and days remade when all of them are there.
            state.rolled_to_ms = None
            today = business_day(now, organisation.timezone)
            state.days_from_ms = day_bounds(today, organisation.timezone)[1]
            state.save(update_fields=["rolled_to_ms", "days_from_ms"])
    return left(slug)


def left(organisation: str) -> int:
    """How many closed quarters wait to be added up. Raises django.db.Error."""
    closed = quarter_of(now_ms())
    waiting = RolledQuarter._default_manager.filter(organisation=organisation, quarter_ms__lt=closed, state__in=("due", "started"))
    marked = DirtyQuarter._default_manager.filter(organisation=organisation, quarter_ms__gte=EARLIEST_MS, quarter_ms__lt=closed)
    also = RolledQuarter._default_manager.filter(organisation=organisation, state__in=("due", "started")).values("quarter_ms")
    return waiting.count() + marked.exclude(quarter_ms__in=also).count()


def _quarters_with_calls(organisation: str, first: int, end: int) -> Iterator[int]:
    found: set[int] = set()
    for model in (ArchivedCall, ArchivedVisit, ArchivedOffer):
        rows = model._default_manager.filter(organisation=organisation, at_ms__gte=first, at_ms__lt=end)
        quarters = rows.annotate(quarter=F("at_ms") - F("at_ms") % QUARTER_MS).order_by().values_list("quarter", flat=True).distinct()
        found |= set(quarters)
    yield from sorted(found)
