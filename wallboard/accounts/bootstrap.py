"""Makes what a first start needs, and lets what came from the environment follow the environment at every later one."""

import os

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from stats import vault
from stats.models import Organisation, Source
from wallboard.accounts.models import ApiToken, GivenPassword, Membership, digest_of

log = structlog.get_logger(__name__)

FIRST_ORGANISATION = "default"
FROM_ENVIRONMENT = "from the environment"


def bootstrap(*, demo_password: str = "") -> Organisation:
    """The organisation `default`, with its source, API token and people as the environment says; does nothing twice.

    `demo_password`: makes the user `demo`, who administers the organisation and not the installation.
    """
    with transaction.atomic():
        organisation, _made = Organisation.objects.get_or_create(
            slug=FIRST_ORGANISATION, defaults={"name": "Wallboard", "timezone": settings.ORG_TIMEZONE}
        )
        if os.environ.get("ORG_TIMEZONE") and organisation.timezone != settings.ORG_TIMEZONE:
            organisation.timezone = settings.ORG_TIMEZONE
            organisation.save()
        if settings.TELAVOX_TOKEN:
            _follow_source(organisation)
        if settings.BOOTSTRAP_API_TOKEN:
            _follow_api_token(organisation)
        if settings.ADMIN_PASSWORD:
            _follow_person(organisation, "admin", settings.ADMIN_PASSWORD, is_staff=True, is_superuser=True)
        if demo_password:
            _follow_person(organisation, "demo", demo_password, is_staff=False, is_superuser=False)
        _enrol_those_without(organisation)
    return organisation


def _follow_source(organisation: Organisation) -> None:
    source = Source.objects.filter(organisation=organisation, from_environment=True).first()
    if source is None:
        if Source.objects.filter(organisation=organisation).exists():
            return
        source = Source(organisation=organisation, name="telavox", from_environment=True)
    wanted = (settings.TELAVOX_TOKEN, settings.TELAVOX_LIVE_URL, settings.TELAVOX_HISTORIC_URL)
    if source.pk is None or (_token_of(source), source.live_url, source.historic_url) != wanted:
        source.token, source.live_url, source.historic_url = wanted
        source.save()
        log.info("source_follows_environment", source=source.name)


def _token_of(source: Source) -> str | None:
    try:
        return source.token
    except vault.Unreadable:
        return None


def _follow_api_token(organisation: Organisation) -> None:
    digest = digest_of(settings.BOOTSTRAP_API_TOKEN)
    # Whoever changed the variable meant the former value to stop working.
    for former in ApiToken.objects.filter(name=FROM_ENVIRONMENT, revoked_at=None).exclude(digest=digest):
        former.revoke()
    known = ApiToken.objects.filter(digest=digest).first()
    if known is None:
        ApiToken.issue(organisation, FROM_ENVIRONMENT, settings.BOOTSTRAP_API_TOKEN)
    elif known.revoked_at is not None:
        # Revoked by a person or by the lines above: only a new value opens again.
        log.warning("bootstrap_api_token_is_revoked", token=known.pk)


def _follow_person(organisation: Organisation, name: str, password: str, *, is_staff: bool, is_superuser: bool) -> None:
    people = get_user_model()._default_manager
    person, made = people.get_or_create(username=name, defaults={"is_staff": is_staff, "is_superuser": is_superuser})
    assert isinstance(person, AbstractBaseUser)
    # Only when the variable says something new: whoever changed the password in the browser meant it to stay.
    given = GivenPassword.objects.filter(user=person).first()
    if made or given is None or not check_password(password, given.digest):
        # Setting the same one again would log everybody out.
        if not person.check_password(password):
            person.set_password(password)
            person.save()
        GivenPassword.objects.update_or_create(user=person, defaults={"digest": make_password(password)})
    Membership.objects.get_or_create(user=person, organisation=organisation, defaults={"role": "admin"})


def _enrol_those_without(organisation: Organisation) -> None:
    """Who administers the installation (`createsuperuser`) and belongs nowhere would stand before closed doors."""
    for person in get_user_model()._default_manager.filter(is_superuser=True, memberships=None):
        Membership.objects.create(user=person, organisation=organisation, role="admin")
