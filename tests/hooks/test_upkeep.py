"""Addresses of posts where the product looks after itself: keys rotated, the doctor, the figures."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from stats import vault
from stats.history import hooks
from stats.history.hook_tables import SourceHook
from stats.management.doctoring import Finding, findings
from stats.models import Organisation, Source
from tests.hooks.tiny import NAME, tiny_company
from wallboard.hooks.counts import counts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def source() -> Iterator[Source]:
    """Of the tiny company, without a token."""
    organisation, _made = Organisation.objects.get_or_create(slug="default", defaults={"name": "Default"})
    with tiny_company():
        yield Source.objects.create(organisation=organisation, name="tiny", provider=NAME)


def rotate(*words: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("rotate_keys", *words, stdout=out)
    return out.getvalue()


def test_keys_and_secrets_of_addresses_are_sealed_anew_with_the_tokens(source: Source) -> None:
    """And no old key goes while one of them needs it."""
    hook = hooks.new_hook(source, "what-it-signs-with")
    address = hooks.address_of(hook, "https://wall.example.org/")
    vault.add_key()
    with pytest.raises(CommandError, match="default/tiny"):
        rotate("--drop-old")
    assert "1 token(s)" in rotate()
    rotate("--drop-old")
    again = SourceHook.objects.get(pk=hook.pk)
    assert (hooks.address_of(again, "https://wall.example.org"), again.secret) == (address, "what-it-signs-with")
    assert hooks.mark_of(again.key) == again.mark


def test_an_address_opens_for_its_own_organisation_alone_and_is_long_enough_to_be_a_secret(source: Source) -> None:
    """Moved to another's row, neither its key nor its secret can be read, and posts are not judged by it."""
    hook = hooks.new_hook(source, "what-it-signs-with")
    assert len(hook.key) >= 192 / 6
    assert hook.key not in hook.sealed_key
    other = Organisation.objects.create(slug="other", name="Other")
    moved = Source.objects.create(organisation=other, name="tiny", provider=NAME)
    SourceHook.objects.filter(pk=hook.pk).update(source=moved)
    with pytest.raises(vault.Unreadable):
        _ = SourceHook.objects.get(pk=hook.pk).key
    posted = hooks.by_mark(hook.mark)
    assert posted is not None
    assert posted.secrets == ()
    assert "what-it-signs-with" not in repr(posted)


def test_addresses_of_a_source_are_listed_newest_first_and_those_that_end_last(source: Source) -> None:
    """What ended a week ago is forgotten when the next is made."""
    first, second = hooks.new_hook(source), hooks.new_hook(source)
    assert hooks.hooks_of(source) == [second, first]
    hooks.retire(second, hooks.REMEMBERED)
    assert hooks.hooks_of(source) == [first, second]
    hooks.retire(second, -hooks.REMEMBERED)
    assert (hooks.hooks_of(source), hooks.hooks_of(source, ended=True)) == ([first], [first, second])
    hooks.retire(second, -2 * hooks.REMEMBERED)
    third = hooks.new_hook(source)
    assert hooks.hooks_of(source, ended=True) == [third, first]
    hooks.drop(third)
    assert hooks.by_mark(third.mark) is None


def test_the_doctor_misses_the_address_people_know_us_by_where_a_vendor_posts(source: Source, settings: Any) -> None:
    """And no token where none is needed."""

    def said() -> list[Finding]:
        return [finding for finding in findings() if finding.about == "source tiny"]

    settings.PUBLIC_URL = ""
    assert [(finding.verdict, "PUBLIC_URL" in finding.words) for finding in said()] == [("ok", False), ("note", True)]
    settings.PUBLIC_URL = "https://wall.example.org"
    assert [finding.verdict for finding in said()] == ["ok"]


def test_the_figures_tell_what_became_of_posts_by_source(source: Source, client: Any, redis_server: str) -> None:
    """Nobody's address has no source."""
    counts.total.clear()
    for outcome in ("taken", "taken", "refused"):
        counts.add("default", "tiny", outcome)
    counts.add("", "", "unknown")
    text = client.get("/metrics").content.decode()
    assert 'wallboard_hooks_total{outcome="taken",source="tiny"} 2.0' in text
    assert 'wallboard_hooks_total{outcome="refused",source="tiny"} 1.0' in text
    assert 'wallboard_hooks_total{outcome="unknown",source=""} 1.0' in text
