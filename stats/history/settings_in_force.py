"""Which settings were in force on which business day: written with every change of a setting, read by whoever adds up calls of that day.

Rules that hold here:
- A change counts for the whole of the day on which it is made, and for no day before: today's quarters are added up again.
- What a queue promised before its first setting are the defaults; after its setting is deleted they are so again, from that day on.
- Targets are set under the key of today; a call kept under an older key of the same queue is counted by the same targets.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from stats.clock import now_ms
from stats.domain.metrics import DEFAULT_TARGETS, CountingRules, QueueTargets, Variant
from stats.domain.periods import business_day, day_bounds
from stats.history.archive import mark
from stats.history.rollup_tables import RolledQuarter, SettingInForce

if TYPE_CHECKING:
    from stats.models import Organisation, QueueSetting

# The organisation's own row.
OWN = ""
EVER = ""
Values = Mapping[str, Any]
_DEFAULTS: Values = {
    "target_ms": DEFAULT_TARGETS.target_ms,
    "short_ms": DEFAULT_TARGETS.short_ms,
    "share": DEFAULT_TARGETS.share,
    "variant": DEFAULT_TARGETS.variant,
    "include_internal": False,
}


def note_queue(setting: "QueueSetting", *, gone: bool = False) -> None:
    """Write down what a queue promises from today on. In the transaction of the change; raises django.db.Error."""
    told = {
        "target_ms": setting.target_s * 1000,
        "short_ms": setting.short_s * 1000,
        "share": Decimal(str(setting.share)),
        "variant": setting.variant,
    }
    _note(setting.organisation, setting.queue_key, _DEFAULTS if gone else {**_DEFAULTS, **told})


def note_organisation(organisation: "Organisation", *, created: bool = False) -> None:
    """Write down how an organisation counts from today on; `created`: ever. In the transaction of the change; raises django.db.Error."""
    told = {**_DEFAULTS, "include_internal": organisation.include_internal}
    if created:
        SettingInForce._default_manager.update_or_create(organisation=organisation.slug, queue=OWN, from_day=EVER, defaults=told)
    else:
        _note(organisation, OWN, told)


def _note(organisation: "Organisation", queue: str, told: Values) -> None:
    slug, now = organisation.slug, now_ms()
    today = business_day(now, organisation.timezone)
    mine = SettingInForce._default_manager.filter(organisation=slug, queue=queue)
    held = list(mine.order_by("from_day"))
    # A zone that was changed may have left rows of a day that has not begun here.
    mine.filter(from_day__gt=today).delete()
    known = [row for row in held if row.from_day <= today]
    before = {name: getattr(known[-1], name) for name in _DEFAULTS} if known else dict(_DEFAULTS)
    if before == told:
        return
    if not known:
        SettingInForce._default_manager.create(organisation=slug, queue=queue, from_day=EVER, **_DEFAULTS)
    mine.filter(from_day=today).delete()
    SettingInForce._default_manager.create(organisation=slug, queue=queue, from_day=today, **told)
    first, end = day_bounds(today, organisation.timezone)
    rolled = RolledQuarter._default_manager.filter(organisation=slug, quarter_ms__gte=first, quarter_ms__lt=end)
    mark(slug, rolled.values_list("quarter_ms", flat=True))


class InForce:
    """The settings of an organisation, day by day. `aliases`: an older key of a queue -> its key of today."""

    def __init__(self, organisation: str, timezone: str, aliases: Mapping[str, str]) -> None:
        """Reads them all; they are few. Raises django.db.Error."""
        self.timezone = timezone
        self._aliases = {old: new for old, new in aliases.items() if old != new}
        self._rows = list(SettingInForce._default_manager.filter(organisation=organisation).order_by("from_day"))
        self._by_day: dict[str, CountingRules] = {}
        self._same: dict[tuple[str, ...], CountingRules] = {}

    @property
    def queues(self) -> set[str]:
        """The keys that ever had a setting."""
        return {row.queue for row in self._rows if row.queue != OWN}

    @property
    def days(self) -> set[str]:
        """The days from which anything was set otherwise."""
        return {row.from_day for row in self._rows} - {EVER}

    def rules_at(self, at: int) -> CountingRules:
        """How is counted what lies at an instant, epoch ms. Equal days share one object."""
        return self.rules_of(business_day(at, self.timezone))

    def rules_of(self, day: str) -> CountingRules:
        """The same by the business day."""
        rules = self._by_day.get(day)
        if rules is None:
            newest = {row.queue: row for row in self._rows if row.from_day <= day}
            # Days on which the same rows are in force.
            same = tuple(sorted(f"{queue} {row.from_day}" for queue, row in newest.items()))
            rules = self._same.get(same)
            if rules is None:
                rules = self._same[same] = self._rules(newest)
            self._by_day[day] = rules
        return rules

    def _rules(self, newest: Mapping[str, SettingInForce]) -> CountingRules:
        own = newest.get(OWN)
        targets = {
            queue: QueueTargets(target_ms=row.target_ms, short_ms=row.short_ms, share=row.share, variant=cast(Variant, row.variant))
            for queue, row in newest.items()
            if queue != OWN
        }
        told = dict(targets)
        for old, new in self._aliases.items():
            told[old] = targets.get(new, DEFAULT_TARGETS)
        return CountingRules(targets=told, include_internal=own is not None and own.include_internal)
