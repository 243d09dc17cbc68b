"""What tests of mailed reports may ask for: people with addresses, days in the archive, and a mail server."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from stats.domain.periods import zone
from stats.models import Organisation
from tests.accounts.conftest import browser_of, person
from tests.push.floor import ORGANISATION, ZONE
from tests.reports_mail.post_office import PostOffice
from tests.reports_pages.past import fill
from wallboard.push import admission, live
from wallboard.reports import sending
from wallboard.reports.models import ReportMail, ReportRun, SavedView


@pytest.fixture
def people(redis_server: str, transactional_db: None) -> Iterator[dict[str, Any]]:
    """A person in each role, with an address each, and an admin of another organisation."""
    admission.forget_all()
    made = {role: person(role, role=role, email=f"{role}@example.org") for role in ("viewer", "supervisor", "admin")}
    made["stranger"] = person("stranger", slug="other", role="admin", email="stranger@example.org")
    Organisation.objects.filter(slug=ORGANISATION).update(timezone=ZONE)
    yield made
    async_to_sync(live.close)()


@pytest.fixture
def browsers(people: dict[str, Any]) -> dict[str, Client]:
    """Each of them at a browser."""
    return {name: browser_of(made) for name, made in people.items()}


@pytest.fixture
def office(free_port: int, settings: Any) -> Iterator[PostOffice]:
    """A mail server that the product is told of."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS, settings.EMAIL_TIMEOUT = "127.0.0.1", free_port, False, 20
    settings.DEFAULT_FROM_EMAIL = "Wallboard <wallboard@example.org>"
    settings.PUBLIC_URL = "https://wall.example.org/"
    office = PostOffice(free_port)
    office.open()
    yield office
    office.close()


@pytest.fixture
def past(people: dict[str, Any]) -> None:
    """Days with calls in the archive."""
    fill()
    Organisation.objects.filter(slug=ORGANISATION).update(name="Testbolaget")


def view_of(owner: Any, query: str = "period=yesterday", **fields: Any) -> SavedView:
    """A view somebody has saved."""
    organisation = Organisation.objects.get(slug=ORGANISATION)
    return SavedView.objects.create(organisation=organisation, owner=owner, **{"name": "Yesterday", "query": query, **fields})


def mail_of(maker: Any, view: SavedView | None = None, **fields: Any) -> ReportMail:
    """A mail of somebody's, on every day, due for the first time an hour ago."""
    organisation = Organisation.objects.get(slug=ORGANISATION)
    known = {"recipients": "viewer@example.org", "weekdays": "1234567", "attach": "", "zone": organisation.timezone}
    made = ReportMail(organisation=organisation, view=view or view_of(maker), created_by=maker, **{**known, **fields})
    if made.next_at is None and "next_at" not in fields:
        # The last quarter that is over, wherever in the day we are.
        now = sending.present()
        local = now.astimezone(zone(organisation.timezone))
        made.minute = local.hour * 60 + local.minute // 15 * 15
        made.next_at = now.replace(second=0, microsecond=0) - timedelta(minutes=now.minute % 15)
    made.save()
    return made


def only_run(mail: ReportMail) -> ReportRun:
    """The one run a mail has."""
    return mail.runs.get()


def later(minutes: float) -> datetime:
    """So long after now."""
    return sending.present() + timedelta(minutes=minutes)
