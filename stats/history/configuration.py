"""What the database says an ingest worker should do: sources, time zones, targets."""

from typing import cast

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from stats.domain.metrics import CountingRules, QueueTargets, Variant
from stats.history.assignments import Assigned
from stats.history.hook_tables import SourceHook
from stats.history.hooks import address_of
from stats.history.marks import read_erased
from stats.models import Organisation, Source


def read_assignments() -> list[Assigned]:
    """Every enabled source with its organisation's rules. Raises the database's errors."""
    close_old_connections()
    found: list[Assigned] = []
    for organisation in Organisation.objects.prefetch_related("sources__hooks", "queue_settings"):
        erased = read_erased(organisation.slug)
        targets = {
            setting.queue_key: QueueTargets(
                target_ms=setting.target_s * 1000,
                short_ms=setting.short_s * 1000,
                share=setting.share,
                variant=cast(Variant, setting.variant),
            )
            for setting in organisation.queue_settings.all()
        }
        rules = CountingRules(targets=targets, include_internal=organisation.include_internal)
        for source in organisation.sources.all():
            if source.enabled:
                hook = _hook_of(source)
                found.append(
                    Assigned(
                        organisation=organisation.slug,
                        timezone=organisation.timezone,
                        provider=source.provider,
                        name=source.name,
                        live_url=source.live_url,
                        historic_url=source.historic_url,
                        token=source.token,
                        default_region=source.default_region,
                        rules=rules,
                        erased=erased,
                        second_token=source.second_token,
                        settings=source.settings,
                        hook_address=address_of(hook, source.hook_base) if hook is not None else "",
                        hook_secret=hook is not None and bool(hook.sealed_secret),
                        paused_at=round(source.paused_at.timestamp() * 1000) if source.paused_at is not None else None,
                        paused_by=source.paused_by,
                    )
                )
    return found


def _hook_of(source: Source) -> SourceHook | None:
    """The one the vendor posts to now."""
    return next((each for each in source.hooks.all() if source.hook_mark and each.mark == source.hook_mark), None)


read_assignments_async = sync_to_async(read_assignments, thread_sensitive=False)
