"""Combinations of settings that make no sense, as Django system checks `wallboard.E...` (refused) and `wallboard.W...` (warned).

A single wrong value never gets here: `wallboard.env` refuses it while the settings are read.
"""

import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.security)
def browsers_can_reach_us(app_configs: Sequence[Any] | None, **_options: Any) -> list[CheckMessage]:
    """Who may call, and by which names."""
    found: list[CheckMessage] = []
    if settings.HTTPS_ONLY and any(origin.startswith("http://") for origin in settings.CSRF_TRUSTED_ORIGINS):
        found.append(
            Error(
                "HTTPS_ONLY is on, but TRUSTED_ORIGINS holds an origin that starts with http://.",
                hint="Spell the origin with https://, or turn HTTPS_ONLY off.",
                id="wallboard.E001",
            )
        )
    if "*" in settings.ALLOWED_HOSTS and not settings.DEBUG:
        found.append(
            Warning(
                "ALLOWED_HOSTS is *, so that any site's name may point at this wallboard.",
                hint="List the names televisions and people use, such as wall.example.org.",
                id="wallboard.W001",
            )
        )
    if settings.DEBUG and settings.HTTPS_ONLY:
        found.append(
            Error(
                "DEBUG and HTTPS_ONLY are both on: a public site would show its inner workings on every error.",
                hint="Turn DEBUG off.",
                id="wallboard.E002",
            )
        )
    for name, least in (("SECRET_KEY", 32), ("BOOTSTRAP_API_TOKEN", 16), ("ADMIN_PASSWORD", 12)):
        secret = getattr(settings, name)
        if secret and len(secret) < least and not settings.DEBUG:
            found.append(
                Warning(
                    f"{name} has fewer than {least} characters, so it can be guessed.",
                    hint=f"Give {name} at least {least} characters.",
                    id="wallboard.W007",
                )
            )
    return found


@register()
def machines_share_what_they_must(app_configs: Sequence[Any] | None, **_options: Any) -> list[CheckMessage]:
    """A shared database with keys that live on one machine."""
    found: list[CheckMessage] = []
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        if not settings.VAULT_KEYS:
            found.append(
                Warning(
                    "The database is shared, but the keys that seal vendor tokens lie in VAR_DIR of this machine alone.",
                    hint="Give every machine the same VAULT_KEYS (the content of VAR_DIR/keys).",
                    id="wallboard.W002",
                )
            )
        if not settings.SECRET_KEY_IS_GIVEN:
            found.append(
                Warning(
                    "The database is shared, but SECRET_KEY was made by this machine alone, so sessions do not travel.",
                    hint="Give every machine the same SECRET_KEY.",
                    id="wallboard.W003",
                )
            )
    return found


@register()
def the_vendor_is_spoken_to_in_private(app_configs: Sequence[Any] | None, **_options: Any) -> list[CheckMessage]:
    """Tokens over lines that anyone can read."""
    found: list[CheckMessage] = []
    for name in ("TELAVOX_LIVE_URL", "TELAVOX_HISTORIC_URL"):
        parts = urlsplit(getattr(settings, name))
        if settings.TELAVOX_TOKEN and parts.scheme in ("ws", "http") and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            found.append(
                Warning(
                    f"{name} is {parts.scheme}://, so the token travels unencrypted.",
                    hint="Use wss:// and https:// for anything but a simulator on this machine.",
                    id="wallboard.W004",
                )
            )
    if not settings.TELAVOX_TOKEN and os.environ.get("TELAVOX_LIVE_URL"):
        found.append(
            Warning(
                "TELAVOX_LIVE_URL is given without TELAVOX_TOKEN, so no source is made of it.",
                hint="Give TELAVOX_TOKEN or TELAVOX_TOKEN_FILE too.",
                id="wallboard.W005",
            )
        )
    return found


@register()
def the_clock_is_the_real_one(app_configs: Sequence[Any] | None, **_options: Any) -> list[CheckMessage]:
    """Somebody is trying midnight."""
    if not settings.CLOCK_OFFSET_S:
        return []
    return [
        Warning(
            f"CLOCK_OFFSET_S shifts this product's now by {settings.CLOCK_OFFSET_S:g} s. It is meant for tests alone.",
            id="wallboard.W006",
        )
    ]


@register(Tags.security)
def the_identity_provider_can_be_used(app_configs: Sequence[Any] | None, **_options: Any) -> list[CheckMessage]:
    """An issuer without an identity for us, or over a line that anyone can change."""
    found: list[CheckMessage] = []
    given = {name for name in ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET") if getattr(settings, name)}
    if given and len(given) < 3:
        missing = sorted({"OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"} - given)
        found.append(
            Error(
                f"{', '.join(sorted(given))} given without {' and '.join(missing)}, so nobody can sign in that way.",
                hint="Give all three as the identity provider tells them, or none.",
                id="wallboard.E003",
            )
        )
    parts = urlsplit(settings.OIDC_ISSUER)
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        found.append(
            Error(
                "OIDC_ISSUER is http://, so whoever is on the line can sign in as anybody.",
                hint="Use the issuer's https:// address.",
                id="wallboard.E004",
            )
        )
    return found
