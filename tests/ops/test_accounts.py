"""First start, tokens and sealed secrets."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth import authenticate, get_user_model
from django.core.management import call_command

from stats import vault
from stats.models import Organisation, QueueSetting, Source
from wallboard.accounts.bootstrap import bootstrap
from wallboard.accounts.management.commands.housekeeping import beat, clear_away
from wallboard.accounts.models import ApiToken, GivenPassword, Screen

pytestmark = [pytest.mark.django_db, pytest.mark.engines]


@pytest.fixture(autouse=True)
def _own_vault(settings: Any, var_dir: Path) -> None:
    settings.VAR_DIR = var_dir


def test_a_first_start_without_anything_makes_the_organisation_alone(settings: Any) -> None:
    """No source, no token, nobody."""
    settings.TELAVOX_TOKEN = settings.BOOTSTRAP_API_TOKEN = settings.ADMIN_PASSWORD = ""
    assert bootstrap() == Organisation.objects.get()
    assert (Organisation.objects.get().slug, Organisation.objects.get().timezone) == ("default", "Europe/Stockholm")
    assert (Source.objects.count(), ApiToken.objects.count(), get_user_model().objects.count()) == (0, 0, 0)


def test_the_source_follows_the_environment(settings: Any) -> None:
    """A new token or address replaces the former one; the same ones change nothing."""
    settings.TELAVOX_TOKEN, settings.TELAVOX_LIVE_URL = "first", "wss://one.example.org"
    organisation = bootstrap()
    version = Organisation.objects.get().settings_version
    bootstrap()
    assert Organisation.objects.get().settings_version == version
    settings.TELAVOX_TOKEN, settings.TELAVOX_LIVE_URL = "second", "wss://two.example.org"
    bootstrap()
    source = Source.objects.get(organisation=organisation)
    assert (source.name, source.token, source.live_url) == ("telavox", "second", "wss://two.example.org")
    assert "second" not in source.sealed_token
    assert Organisation.objects.get().settings_version > version


def test_a_source_made_by_hand_is_left_alone(settings: Any) -> None:
    """The environment makes a source only where there is none."""
    settings.TELAVOX_TOKEN = ""
    Source.objects.create(organisation=bootstrap(), name="own", token="by hand")
    settings.TELAVOX_TOKEN = "from the environment"
    bootstrap()
    assert [source.token for source in Source.objects.all()] == ["by hand"]


def test_a_source_whose_key_is_gone_gets_the_environments_token_again(settings: Any, tmp_path: Path) -> None:
    """A lost key file must not keep the product from starting."""
    settings.TELAVOX_TOKEN = "secret"
    bootstrap()
    settings.VAR_DIR = tmp_path
    with pytest.raises(vault.Unreadable):
        _ = Source.objects.get().token
    bootstrap()
    assert Source.objects.get().token == "secret"


def test_the_bootstrap_token_opens_and_its_successor_closes_it(settings: Any) -> None:
    """Whoever changes the variable means the former value to stop working."""
    settings.TELAVOX_TOKEN, settings.BOOTSTRAP_API_TOKEN = "", "first-token-of-the-api"
    bootstrap()
    bootstrap()
    assert ApiToken.objects.count() == 1
    assert ApiToken.find("first-token-of-the-api") is not None
    settings.BOOTSTRAP_API_TOKEN = "second-token-of-the-api"
    bootstrap()
    assert ApiToken.find("first-token-of-the-api") is None
    assert ApiToken.find("second-token-of-the-api") is not None
    assert ApiToken.find("") is None


def test_the_admin_can_log_in_and_a_new_password_replaces_the_old_one(settings: Any) -> None:
    """The demo's user may look, and is no staff."""
    settings.TELAVOX_TOKEN, settings.ADMIN_PASSWORD = "", "correct horse"
    call_command("bootstrap", demo_password="battery staple")
    settings.ADMIN_PASSWORD = "other horse"
    bootstrap()
    admin = authenticate(username="admin", password="other horse")
    demo = authenticate(username="demo", password="battery staple")
    assert admin is not None
    assert demo is not None
    assert (admin.is_superuser, demo.is_superuser, demo.is_staff) == (True, False, False)
    assert authenticate(username="admin", password="correct horse") is None


def test_a_password_changed_in_the_browser_outlives_a_start_until_the_environment_says_another(settings: Any) -> None:
    settings.TELAVOX_TOKEN, settings.ADMIN_PASSWORD = "", "correct horse"
    bootstrap()
    admin = authenticate(username="admin", password="correct horse")
    assert admin is not None
    admin.set_password("chosen in the browser")
    admin.save()
    bootstrap()
    assert authenticate(username="admin", password="correct horse") is None
    assert authenticate(username="admin", password="chosen in the browser") is not None
    assert "correct horse" not in GivenPassword.objects.get().digest
    settings.ADMIN_PASSWORD = "battery staple"
    bootstrap()
    assert authenticate(username="admin", password="battery staple") is not None


def test_somebody_who_was_there_before_gets_the_password_of_the_environment(settings: Any) -> None:
    """The way back in for whoever made the account in the browser and forgot."""
    settings.TELAVOX_TOKEN, settings.ADMIN_PASSWORD = "", "correct horse"
    get_user_model()._default_manager.create_user(username="admin", password="forgotten")
    bootstrap()
    assert authenticate(username="admin", password="correct horse") is not None


def test_changing_a_queues_targets_is_seen_as_a_new_version(settings: Any) -> None:
    """Saving and deleting alike."""
    settings.TELAVOX_TOKEN = ""
    organisation = bootstrap()
    versions = [organisation.settings_version]
    setting = QueueSetting.objects.create(organisation=organisation, queue_key="111834", target_s=30)
    versions.append(Organisation.objects.get().settings_version)
    setting.delete()
    versions.append(Organisation.objects.get().settings_version)
    assert versions == sorted(set(versions))


def test_tokens_are_found_until_revoked_and_cleared_away_long_after(settings: Any) -> None:
    """Only a digest is kept."""
    settings.TELAVOX_TOKEN = ""
    organisation = bootstrap()
    screen, plain = Screen.issue(organisation, "team", "canteen")
    assert Screen.find(plain) == screen
    assert plain not in screen.digest
    now = datetime.now(UTC)
    screen.revoke(now - timedelta(days=91))
    assert Screen.find(plain) is None
    fresh, _plain = Screen.issue(organisation, "team", "hall")
    fresh.revoke(now)
    clear_away()
    assert list(Screen.objects.all()) == [fresh]


def test_the_use_of_a_token_is_noted_at_most_once_a_minute(settings: Any) -> None:
    """Twenty questions a second are not twenty writes."""
    settings.TELAVOX_TOKEN = ""
    token, _plain = ApiToken.issue(bootstrap(), "report")
    first = datetime(2026, 5, 18, 9, 0, tzinfo=UTC)
    token.note_use(first)
    token.note_use(first + timedelta(seconds=59))
    assert ApiToken.objects.get().last_used_at == first
    token.note_use(first + timedelta(seconds=60))
    assert ApiToken.objects.get().last_used_at == first + timedelta(seconds=60)


def test_keys_are_private_and_can_be_rotated(settings: Any, var_dir: Path) -> None:
    """The first key seals, every key opens."""
    sealed = vault.seal("s3cret")
    assert vault.unseal(sealed) == "s3cret"
    keys = var_dir / "keys"
    assert keys.stat().st_mode & 0o077 == 0
    old, new = keys.read_text().strip(), Fernet.generate_key().decode()
    settings.VAULT_KEYS = f"{new},{old}"
    assert vault.unseal(sealed) == "s3cret"
    resealed = vault.seal("s3cret")
    settings.VAULT_KEYS = new
    assert vault.unseal(resealed) == "s3cret"
    with pytest.raises(vault.Unreadable, match="VAULT_KEYS"):
        vault.unseal(sealed)
    settings.VAULT_KEYS = "no key"
    with pytest.raises(vault.Unreadable, match="44 characters"):
        vault.seal("s3cret")


def test_the_sign_of_life_is_an_instant(var_dir: Path) -> None:
    """For `doctor`."""
    beat(var_dir)
    assert abs(int((var_dir / "housekeeping.beat").read_text()) - datetime.now(UTC).timestamp() * 1000) < 5000
    assert [name for name in os.listdir(var_dir) if name.endswith("draft")] == []
