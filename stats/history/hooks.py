"""Makes, finds and ends the addresses at which vendors post to us.

Rules that hold here: a key has 256 random bits; an address that ended is forgotten a week later; what was heard at an address is no change
of settings, and wakes nobody.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import close_old_connections, transaction
from django.utils import timezone

from stats import vault
from stats.history.hook_tables import SourceHook, in_force
from stats.models import Source

KEY_BYTES = 32
REMEMBERED = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What the door must know of an address: whose it is, and by which secrets its posts are judged, the address' own first."""

    hook: int
    organisation: str
    source: str
    provider: str
    listens: bool  # False: the source is switched off or paused, and nothing of what is posted is kept
    retires_at: datetime | None
    secrets: tuple[str, ...] = field(repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)


def mark_of(key: str) -> str:
    """By which an address is found."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def address_of(hook: SourceHook, public_url: str) -> str:
    """Where the vendor is to post: `public_url` as people know the product. Raises `vault.Unreadable`."""
    return f"{public_url.rstrip('/')}/hooks/{hook.source.provider}/{hook.key}/"


def new_hook(source: Source, secret: str = "") -> SourceHook:
    """Another address of a source, beside those it has."""
    with transaction.atomic():
        SourceHook.objects.filter(source=source, retires_at__lt=timezone.now() - REMEMBERED).delete()
        key = secrets.token_urlsafe(KEY_BYTES)
        hook = SourceHook(source=source, mark=mark_of(key))
        hook.key, hook.secret = key, secret
        hook.save()
        source.organisation.bump()
    return hook


def hooks_of(source: Source, *, ended: bool = False) -> list[SourceHook]:
    """Those that let in, those without an end first and of them the newest; with `ended` those that ended, too."""
    found = SourceHook.objects.filter(source=source).select_related("source")
    rows = list(found if ended else found.filter(in_force()))
    return sorted(rows, key=lambda hook: hook.retires_at is not None)


def set_secret(hook: SourceHook, secret: str) -> None:
    """What the vendor signs with from now on; what it signed with before is no longer believed."""
    hook.secret = secret
    hook.save(update_fields=["sealed_secret"])
    hook.source.organisation.bump()


def keep_secret(address: str, secret: str) -> bool:
    """The same, of the hook of one of our addresses. False: it has ended. Raises the database's errors."""
    close_old_connections()
    key = address.rstrip("/").rpartition("/")[2]
    hook = SourceHook.objects.select_related("source__organisation").filter(in_force(), mark=mark_of(key)).first()
    if hook is not None:
        set_secret(hook, secret)
    return hook is not None


def retire(hook: SourceHook, after: timedelta = timedelta()) -> None:
    """Let in for so much longer, and then no more."""
    hook.retires_at = timezone.now() + after
    hook.save(update_fields=["retires_at"])
    hook.source.organisation.bump()


def drop(hook: SourceHook) -> None:
    """At once, and without a trace."""
    organisation = hook.source.organisation
    hook.delete()
    organisation.bump()


def by_mark(mark: str) -> Posted | None:
    """Whose address it is, if it lets in. Raises the database's errors; one whose secrets nobody can open is nobody's."""
    close_old_connections()
    hook = SourceHook.objects.select_related("source__organisation").filter(in_force(), mark=mark).first()
    if hook is None:
        return None
    source = hook.source
    others = SourceHook.objects.filter(in_force(), source=source).exclude(pk=hook.pk)
    return Posted(
        hook=hook.pk,
        organisation=source.organisation.slug,
        source=source.name,
        provider=source.provider,
        listens=source.enabled and getattr(source, "paused_at", None) is None,
        retires_at=hook.retires_at,
        secrets=_opened(source, [hook, *others]),
        settings=getattr(source, "settings", None) or {},
    )


def note_heard(heard: Mapping[int, tuple[datetime, datetime | None]]) -> None:
    """By hook: when something last came, and when a proof did (None: not since the last note). Raises the database's errors."""
    close_old_connections()
    for pk, (last_at, verified_at) in heard.items():
        proof = {"verified_at": verified_at} if verified_at is not None else {}
        SourceHook.objects.filter(pk=pk).update(last_at=last_at, **proof)


def _opened(source: Source, hooks: list[SourceHook]) -> tuple[str, ...]:
    found: list[str] = []
    for hook in hooks:
        try:
            secret = vault.unseal(hook.sealed_secret, source.owner)
        except vault.Unreadable:
            continue
        if secret and secret not in found:
            found.append(secret)
    return tuple(found)
