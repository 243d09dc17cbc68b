"""The nightly clearing of an organisation: once a night, by one worker, caught up with when nobody was there at half past three.

Rules that hold here: a night's work is held by whoever took its row, for as long as they come back to it; whoever is cut short leaves the
rest to the next; what was removed is added to the row in the order it went.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from django.db.models import Q
from django.utils import timezone

from stats.history.erased_tables import ErasedAgent, RetentionRun
from stats.history.erasing import wipe_file
from stats.history.retention import GoOn, Keep, clear
from stats.models import ErasedNumber, Organisation

log = structlog.get_logger(__name__)

# The quietest time: after midnight's batches, before the first shift.
BEGINS = timedelta(hours=3, minutes=30)
HELD_FOR = timedelta(minutes=5)
# One round works so long at most: whoever works also gives signs of life, between the rounds.
WORK_S = 30.0
LONGEST_WAIT_S = 3_600.0
KEPT_RUNS = 400


def night_of(now_ms: int, zone: str) -> str:
    """The last night that has begun by the organisation's clocks: the date of its morning."""
    return (datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone)) - BEGINS).date().isoformat()


def work_on(organisation: Organisation, now_ms: int, holder: str, also: Callable[[GoOn], bool] = lambda _: True) -> RetentionRun | None:
    """Do what is left of the last night's work, and `also` what others keep. Returns the run when this brought it to its end, else None.

    Raises django.db.Error; what was removed stays removed, and stands in the run.
    """
    keep = Keep.of(organisation)
    run = _take(organisation.slug, night_of(now_ms, organisation.timezone), holder)
    if run is None:
        return None
    began = time.monotonic()

    def go_on(what: str, gone: int) -> bool:
        run.removed[what] = run.removed.get(what, 0) + gone
        mine = RetentionRun._default_manager.filter(pk=run.pk, holder=holder)
        still = mine.update(removed=run.removed, held_until=timezone.now() + HELD_FOR)
        return bool(still) and time.monotonic() - began < WORK_S

    ErasedAgent._default_manager.filter(organisation=organisation.slug, until__lt=timezone.now()).delete()
    ErasedNumber.objects.filter(organisation=organisation, until__lt=timezone.now()).delete()
    if not (clear(organisation.slug, keep, now_ms, go_on) and also(go_on)):
        # The next round takes it up at once.
        RetentionRun._default_manager.filter(pk=run.pk, holder=holder).update(held_until=None)
        log.info("retention.goes_on_later", organisation=organisation.slug, **run.removed)
        return None
    if any(run.removed.values()):
        wipe_file()
    _end(run)
    return run


def is_done(organisation: Organisation, now_ms: int) -> bool:
    """Whether the last night's work is done."""
    night = night_of(now_ms, organisation.timezone)
    return RetentionRun._default_manager.filter(organisation=organisation.slug, night=night, ended_at__isnull=False).exists()


def is_free(organisation: Organisation, now_ms: int) -> bool:
    """Whether the last night's work is begun, not done, and held by nobody."""
    night = night_of(now_ms, organisation.timezone)
    return RetentionRun._default_manager.filter(organisation=organisation.slug, night=night, ended_at=None, held_until=None).exists()


def next_in_s(organisation: Organisation, now_ms: int) -> float:
    """In how many seconds the next night begins, or LONGEST_WAIT_S where that is sooner: clocks are stepped, and summer ends."""
    zone = ZoneInfo(organisation.timezone)
    here = datetime.fromtimestamp(now_ms / 1000, zone)
    begins = datetime.combine((here - BEGINS).date() + timedelta(days=1), datetime.min.time(), zone) + BEGINS
    return min(LONGEST_WAIT_S, max(1.0, begins.timestamp() - now_ms / 1000 + 1))


def _end(run: RetentionRun) -> None:
    run.ended_at = timezone.now()
    run.held_until = None
    run.save(update_fields=["ended_at", "held_until", "removed"])
    old = RetentionRun._default_manager.filter(organisation=run.organisation).order_by("-night").values_list("pk", flat=True)[KEPT_RUNS:]
    RetentionRun._default_manager.filter(pk__in=list(old)).delete()
    log.info("retention.done", organisation=run.organisation, night=run.night, **run.removed)


def last_run(organisation: str) -> RetentionRun | None:
    """The last night that was worked on; None when there was none."""
    return RetentionRun._default_manager.filter(organisation=organisation).order_by("-night").first()


def _take(organisation: str, night: str, holder: str) -> RetentionRun | None:
    """The night's row, ours now; None where it is done or somebody else's."""
    RetentionRun._default_manager.get_or_create(organisation=organisation, night=night)
    now = timezone.now()
    free = Q(held_until=None) | Q(held_until__lt=now) | Q(holder=holder)
    open_ = RetentionRun._default_manager.filter(free, organisation=organisation, night=night, ended_at=None)
    if not open_.update(holder=holder, held_until=now + HELD_FOR):
        return None
    return RetentionRun._default_manager.filter(organisation=organisation, night=night, holder=holder).first()
