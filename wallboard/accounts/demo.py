"""The demo's second organisation: the same wallboard over telephone systems that have each a way of their own to tell of calls."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from stats.history.hooks import address_of, hooks_of, new_hook, retire
from stats.ingest.door import hook_of
from stats.models import Organisation, Source
from wallboard.accounts.models import Membership

SLUG, NAME = "four-systems", "Four systems"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A source of the demo, named as its company."""

    provider: str
    live_url: str
    token: str
    settings: Mapping[str, Any]


def furnish(wanted: Iterable[Wanted], base: str, timezone: str) -> dict[str, tuple[str, str]]:
    """Make the organisation follow what is simulated now, for `demo` to administer. By company, where to post to and with what key."""
    posted: dict[str, tuple[str, str]] = {}
    with transaction.atomic():
        organisation, _made = Organisation.objects.get_or_create(slug=SLUG, defaults={"name": NAME, "timezone": timezone})
        for person in get_user_model()._default_manager.filter(username="demo"):
            Membership.objects.get_or_create(user=person, organisation=organisation, defaults={"role": "admin"})
        for each in wanted:
            source = Source.objects.filter(organisation=organisation, name=each.provider).first()
            if source is None:
                source = Source(organisation=organisation, name=each.provider, provider=each.provider)
            source.live_url, source.default_region, source.settings = each.live_url, "SE", dict(each.settings)
            source.token = each.token
            source.save()
            if hook_of(each.provider) is None:
                continue
            for former in hooks_of(source):
                retire(former)
            key = secrets.token_urlsafe(24) if each.provider == "voxology" else ""
            hook = new_hook(source, key)
            source.hook_mark, source.hook_base = hook.mark, base
            source.save()
            posted[each.provider] = address_of(hook, base), key
    return posted
