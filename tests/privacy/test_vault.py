"""A sealed token opens in its own organisation's row alone, by any key there is, and its key can be changed."""

import stat
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from stats import vault
from stats.models import Organisation, Source

pytestmark = [pytest.mark.django_db, pytest.mark.engines]
TOKEN = "canary-token-8c1f"


@pytest.fixture(autouse=True)
def _own_keys(settings: Any, var_dir: Path) -> None:
    settings.VAR_DIR, settings.VAULT_KEYS = var_dir, ""


def source_of(slug: str) -> Source:
    """An organisation's only source, with a token."""
    source = Source(organisation=Organisation.objects.create(slug=slug, name=slug), name="telavox")
    source.token = TOKEN
    source.save()
    return source


def said(*words: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("rotate_keys", *words, stdout=out)
    return out.getvalue()


def test_a_token_moved_to_another_organisation_opens_nothing() -> None:
    """By whoever can write the database, but has no key."""
    mine, theirs = source_of("mine"), source_of("theirs")
    Source.objects.filter(pk=theirs.pk).update(sealed_token=mine.sealed_token)
    theirs.refresh_from_db()
    with pytest.raises(vault.Unreadable, match="another organisation"):
        _ = theirs.token
    assert Source.objects.get(pk=mine.pk).token == TOKEN


def test_what_an_older_release_sealed_still_opens_and_is_bound_by_a_rotation() -> None:
    """It named nobody."""
    source = source_of("mine")
    old = Fernet(vault.keys()[0]).encrypt(TOKEN.encode()).decode()
    Source.objects.filter(pk=source.pk).update(sealed_token=old)
    source.refresh_from_db()
    assert source.token == TOKEN
    said()
    source.refresh_from_db()
    assert source.token == TOKEN
    assert vault.opens_with_first(source.sealed_token, source.owner)


def test_a_key_is_rotated_in_two_steps_and_the_old_one_opens_nothing_then(settings: Any) -> None:
    """Between the steps both open; after them only the new one is in the file, private as before."""
    source = source_of("mine")
    first = vault.keys()
    said()
    assert vault.keys()[1:] == first
    assert "1 old key" in said("--drop-old")
    source.refresh_from_db()
    assert source.token == TOKEN
    path = Path(settings.VAR_DIR) / "keys"
    assert path.read_text().split() == vault.keys() != first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    settings.VAULT_KEYS = first[0]
    with pytest.raises(vault.Unreadable):
        _ = source.token


def test_no_key_goes_while_something_needs_it() -> None:
    """A key put first by hand has sealed nothing yet."""
    source_of("mine")
    vault.add_key()
    with pytest.raises(CommandError, match="mine/telavox"):
        said("--drop-old")
    said()
    said("--drop-old")


def test_keys_from_the_environment_are_asked_for_and_not_made(settings: Any) -> None:
    """We cannot write them down where they came from."""
    settings.VAULT_KEYS = Fernet.generate_key().decode()
    source_of("mine")
    with pytest.raises(CommandError, match="Put a new one before it"):
        said()
    settings.VAULT_KEYS = f"{Fernet.generate_key().decode()},{settings.VAULT_KEYS}"
    assert "1 token(s)" in said()
    assert "can be taken out" in said("--drop-old")


def test_a_mark_of_a_number_is_the_organisations_own_and_tells_nothing(settings: Any) -> None:
    """The same however the number is written with blanks; another for another organisation, and without the key."""
    mark = vault.number_mark("mine", "+46 70-174 06 05")
    assert mark == vault.number_mark("mine", "+46701740605")
    assert mark != vault.number_mark("theirs", "+46701740605")
    settings.SECRET_KEY = "that of another installation"
    assert mark != vault.number_mark("mine", "+46701740605")
