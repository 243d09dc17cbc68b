"""What a queue promises its callers, changed from its page by whoever may, written down, and taken back as easily.

Rules that hold here: a change and the line that tells of it are one step; what was before is read from that line, so that anybody can undo
it; today is counted anew by the new promise, and what is kept of days in the past is left as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from channels.db import database_sync_to_async
from django.core.exceptions import ValidationError
from django.db import Error as DatabaseFault
from django.db import transaction
from django.utils.translation import gettext as _

from stats.domain.metrics import VARIANTS
from stats.models import Organisation, QueueSetting
from wallboard.accounts import journal
from wallboard.accounts.models import AuditEntry
from wallboard.pages.frame import Visit
from wallboard.pages.queue.levels import NAMES

ACTION = "queue.targets"
FIELDS = ("target_s", "short_s", "share", "variant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """The last change, where it still stands: who made it, and the form's values of before."""

    by: str
    at_ms: int
    given: dict[str, str]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsForm:
    """The form: its values as text, what is wrong with them by field, and the way back. `away`: the database does not answer."""

    given: dict[str, str]
    faults: dict[str, str] = field(default_factory=dict)
    variants: list[tuple[str, str]] = field(default_factory=list)
    undo: Undo | None = None
    away: bool = False


async def form_of(visit: Visit, key: str) -> TargetsForm:
    """The form as the settings stand."""
    return await database_sync_to_async(_form)(visit.organisation.slug, key)


async def change(visit: Visit, key: str, given: Mapping[str, str]) -> TargetsForm | None:
    """Sets what was given; None when it is done, else the form with what is wrong."""
    return await database_sync_to_async(_change)(visit, key, {name: given.get(name, "").strip() for name in FIELDS})


def _form(organisation: str, key: str) -> TargetsForm:
    try:
        setting = _setting(organisation, key)
        last = AuditEntry.objects.filter(organisation=organisation, action=ACTION, subject=key).order_by("-id").first()
    except DatabaseFault:
        return TargetsForm(given={}, away=True)
    return TargetsForm(given=_as_form(_values(setting)), variants=_variants(), undo=_undo(last, _values(setting)))


def _change(visit: Visit, key: str, given: dict[str, str]) -> TargetsForm | None:
    organisation = visit.organisation.slug
    try:
        with transaction.atomic():
            setting = _setting(organisation, key)
            before = _values(setting)
            faults = _put(setting, given)
            if faults:
                return TargetsForm(given=given, faults=faults, variants=_variants())
            after = _values(setting)
            if after != before:
                setting.save()
                journal.note(visit.viewer, ACTION, "queue", key, address=visit.address, before=before, after=after)
    except DatabaseFault:
        return TargetsForm(given=given, away=True, variants=_variants())
    return None


def _setting(organisation: str, key: str) -> QueueSetting:
    owner = Organisation.objects.get(slug=organisation)
    found = QueueSetting.objects.filter(organisation=owner, queue_key=key).first()
    return found if found is not None else QueueSetting(organisation=owner, queue_key=key)


def _put(setting: QueueSetting, given: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by field, in words that say what is allowed."""
    faults: dict[str, str] = {}
    for name, least, most in (("target_s", 1, 3600), ("short_s", 0, 600)):
        text = given[name]
        if text.isascii() and text.isdigit() and len(text) < 6 and least <= int(text) <= most:
            setattr(setting, name, int(text))
        else:
            faults[name] = _("Whole seconds from %(least)d to %(most)d.") % {"least": least, "most": most}
    try:
        share = Decimal(given["share"].removesuffix("%").strip().replace(",", ".")) / 100
        if not share.is_finite() or not 0 <= share <= 1 or share != round(share, 3):
            raise InvalidOperation
        setting.share = share
    except InvalidOperation:
        faults["share"] = _("Per cent from 0 to 100, with one decimal at most.")
    if given["variant"] in VARIANTS:
        setting.variant = given["variant"]
    else:
        faults["variant"] = _("One of the six.")
    if not faults:
        try:
            setting.full_clean(exclude=["organisation"], validate_unique=False)
        except ValidationError as wrong:
            faults.update({name: " ".join(words) for name, words in wrong.message_dict.items()})
    return faults


def _values(setting: QueueSetting) -> dict[str, str]:
    """As they are written down: `{"target_s": "20", "short_s": "5", "share": "0.8", "variant": "short_excluded"}`."""
    return {
        "target_s": str(setting.target_s),
        "short_s": str(setting.short_s),
        "share": f"{Decimal(setting.share).normalize():f}",
        "variant": setting.variant,
    }


def _as_form(values: Mapping[str, str]) -> dict[str, str]:
    return {**values, "share": f"{(Decimal(values['share']) * 100).normalize():f}"}


def _variants() -> list[tuple[str, str]]:
    return [(name, str(NAMES[name])) for name in VARIANTS]


def _undo(last: AuditEntry | None, now: Mapping[str, str]) -> Undo | None:
    if last is None or not isinstance(last.detail, dict):
        return None
    before, after = last.detail.get("before"), last.detail.get("after")
    if not isinstance(before, dict) or after != now or not all(isinstance(before.get(name), str) for name in FIELDS):
        return None
    try:
        given = _as_form({name: before[name] for name in FIELDS})
    except InvalidOperation:
        return None
    known = {"share": given["share"], "target": given["target_s"], "short": given["short_s"], "variant": NAMES.get(given["variant"], "")}
    return Undo(
        by=last.actor_name,
        at_ms=round(last.at.timestamp() * 1000),
        given=given,
        words=_("%(share)s %% within %(target)s s, at once below %(short)s s, %(variant)s") % known,
    )
