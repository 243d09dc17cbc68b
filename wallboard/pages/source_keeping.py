"""What is changed of a source in the database, each change with its line in the audit log.

Rules that hold here: a deed and its line are one step; a source that was taken away can be put back by whoever took it away, with what
their browser holds sealed, for as long as a trial is kept; calls and numbers of the past belong to the organisation and stay.
"""

import json
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from stats import vault
from stats.clock import now_ms
from stats.ingest import door
from stats.models import Organisation, Source
from wallboard.accounts import journal
from wallboard.pages.frame import Visit
from wallboard.pages.trial import KEPT_MS, Stale

_KEPT = ("name", "provider", "live_url", "historic_url", "default_region", "settings", "from_environment")


def config_of(source: Source) -> door.SourceConfig:
    """How a source is reached, its tokens in clear. Raises `vault.Unreadable`."""
    return door.SourceConfig(
        name=source.name,
        live_url=source.live_url,
        historic_url=source.historic_url,
        token=source.token,
        default_region=source.default_region,
        second_token=source.second_token,
        settings=source.settings,
    )


def find(organisation: str, name: str) -> Source | None:
    """One source of an organisation."""
    return Source.objects.select_related("organisation").filter(organisation__slug=organisation, name=name).first()


def look_after(source: Source, base: str, mark: str) -> None:
    """Let the collector look after this address of ours, and after no other."""
    row = Source.objects.select_related("organisation").get(pk=source.pk)
    row.hook_base, row.hook_mark = base, mark
    row.save(update_fields=["hook_base", "hook_mark"])
    source.hook_base, source.hook_mark = base, mark


def pause(visit: Visit, source: Source) -> None:
    """Nothing of it is kept open from now on; boards say so, and by whom."""
    with transaction.atomic():
        row = Source.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=source.pk)
        if row.paused_at is None:
            row.paused_at, row.paused_by = timezone.now(), visit.viewer.name[:150]
            row.save(update_fields=["paused_at", "paused_by"])
            journal.note(visit.viewer, "source.paused", "source", row.name, address=visit.address)


def resume(visit: Visit, source: Source) -> None:
    """It is reached again, and the day is read."""
    with transaction.atomic():
        row = Source.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=source.pk)
        if row.paused_at is not None:
            row.paused_at, row.paused_by = None, ""
            row.save(update_fields=["paused_at", "paused_by"])
            journal.note(visit.viewer, "source.resumed", "source", row.name, address=visit.address)


def set_options(visit: Visit, source: Source, settings: dict[str, Any], region: str) -> None:
    """Other options, and where its numbers are from; what of them changed is in the log by name."""
    with transaction.atomic():
        row = Source.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=source.pk)
        changed = sorted({name for name in {*settings, *row.settings} if settings.get(name) != row.settings.get(name)})
        if region != row.default_region:
            changed.append("region")
        if changed:
            row.settings, row.default_region = settings, region
            row.save(update_fields=["settings", "default_region"])
            journal.note(visit.viewer, "source.options_changed", "source", row.name, address=visit.address, options=changed)


def remove(visit: Visit, source: Source) -> str:
    """Take it away with its addresses and tokens; what puts it back, sealed for this person."""
    told = {field: getattr(source, field) for field in _KEPT}
    try:
        told |= {"token": source.token, "second_token": source.second_token}
    except vault.Unreadable:
        told |= {"token": "", "second_token": ""}
    with transaction.atomic():
        source.delete()
        journal.note(visit.viewer, "source.removed", "source", told["name"], address=visit.address)
    return vault.seal(json.dumps([now_ms(), told]), _owner(visit))


def put_back(visit: Visit, handed_back: str) -> str:
    """The source that was taken away, as it was but for its addresses; its name. Raises Stale, IntegrityError when the name is taken."""
    try:
        at, told = json.loads(vault.unseal(handed_back, _owner(visit)))
        token, second = told.pop("token"), told.pop("second_token")
    except (vault.Unreadable, ValueError, TypeError, KeyError):
        raise Stale from None
    if not 0 <= now_ms() - at <= KEPT_MS:
        raise Stale
    with transaction.atomic():
        organisation = Organisation.objects.select_for_update().get(slug=visit.viewer.organisation)
        if Source.objects.filter(organisation=organisation, name=told["name"]).exists():
            raise IntegrityError(told["name"])
        row = Source(organisation=organisation, **told)
        # Whoever puts it back sets its token anew.
        row.token_set_at, row.token_set_by = timezone.now(), visit.viewer.name[:150]
        row.token, row.second_token = token, second
        row.save()
        journal.note(visit.viewer, "source.put_back", "source", row.name, address=visit.address)
    return row.name


def _owner(visit: Visit) -> str:
    return f"source taken away by {visit.viewer.row} of {visit.viewer.organisation}"
