"""The first run in three steps: an account, the organisation, the telephone system.

Rules that hold here: the first step is open to whoever has the code that `manage.py up` prints, and to nobody else; the others are pages
like any other, for whoever has the ability; each step can be come back to, and the last may be left for later.
"""

from typing import Any
from zoneinfo import available_timezones

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError, IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from stats.models import Organisation, Source
from wallboard.accounts import first_run, journal
from wallboard.accounts.entering import finish
from wallboard.accounts.joining import faults_of
from wallboard.accounts.viewer import of_member
from wallboard.pages import source_token
from wallboard.pages.frame import Visit, address_of, common, draw, draw_plain, for_people, private

FIRST_ORGANISATION = "default"
FIRST_COMPANY = "telavox"
LONGEST_NAME = 120


@sensitive_post_parameters("password", "again")
async def account_page(request: HttpRequest) -> HttpResponseBase:
    """GET and POST /setup/: the first account; for who has one, the way on."""
    return await sync_to_async(_account)(request)


def _account(request: HttpRequest) -> HttpResponse:
    try:
        if not first_run.is_on():
            return private(HttpResponseRedirect(reverse("setup-organisation")))
    except DatabaseError:
        return draw_plain(request, 503, _("The database does not answer"), _("Try again in a few seconds."))
    code = request.GET.get("code", "")
    if code and first_run.opens(code):
        # Out of the address, so that it stands in no history and in nobody's view.
        request.session[first_run.OPENED] = first_run.digest_of(code)
        request.session.cycle_key()
        return private(HttpResponseRedirect(reverse("setup")))
    if not first_run.is_opened(request.session.get(first_run.OPENED, "")):
        words = _(
            "Nobody has an account here yet. Whoever started the wallboard makes the first one: the address is printed where "
            "it was started, and by `manage.py setup_code`."
        )
        return draw_plain(request, 403, _("This wallboard is being set up"), words)
    if request.method != "POST":
        return _draw_account(request)
    username, password = request.POST.get("username", "").strip(), request.POST.get("password", "")
    faults = faults_of(username, password, request.POST.get("again", ""))
    if faults:
        return _draw_account(request, 400, faults=faults, username=username)
    organisation, _made = Organisation.objects.get_or_create(
        slug=FIRST_ORGANISATION, defaults={"name": "Wallboard", "timezone": settings.ORG_TIMEZONE}
    )
    try:
        membership = first_run.make_first(organisation, username, password)
    except (first_run.TooLate, IntegrityError):
        return draw_plain(request, 409, _("Somebody was quicker"), _("The first account has just been made. Log in with it."))
    request.session.pop(first_run.OPENED, None)
    journal.note(of_member(membership), "setup.first_account", "person", username, address=address_of(request))
    return private(finish(request, membership.user, reverse("setup-organisation"), how="setup"))


def _draw_account(request: HttpRequest, status: int = 200, **known: Any) -> HttpResponse:
    body = render_to_string("app/setup_account.html", {**common("setup"), "step": 1, **known}, request)
    return private(HttpResponse(body, status=status))


async def organisation(visit: Visit) -> HttpResponse:
    """GET and POST /setup/organisation/"""
    return await database_sync_to_async(_organisation)(visit)


def _organisation(visit: Visit) -> HttpResponse:
    row = Organisation.objects.get(slug=visit.viewer.organisation)
    known: dict[str, Any] = {"name": row.name, "timezone": row.timezone, "language": row.language}
    status, faults = 200, []
    if visit.request.method == "POST":
        known = {field: " ".join(visit.request.POST.get(field, "").split()) for field in known}
        faults = _faults_of_organisation(known)
        if not faults:
            changed = [field for field, value in known.items() if getattr(row, field) != value]
            for field in changed:
                setattr(row, field, known[field])
            if changed:
                row.save()
                journal.note(visit.viewer, "organisation.changed", "organisation", row.slug, address=visit.address, fields=changed)
            return private(HttpResponseRedirect(reverse("setup-source")))
        status = 400
    return draw(
        visit,
        "setup_organisation.html",
        "setup",
        status,
        step=2,
        faults=faults,
        zones=sorted(available_timezones()),
        languages=settings.LANGUAGES,
        **known,
    )


def _faults_of_organisation(known: dict[str, Any]) -> list[str]:
    faults = []
    if not 0 < len(known["name"]) <= LONGEST_NAME:
        faults.append(_("Give the organisation a name of at most %(n)d letters.") % {"n": LONGEST_NAME})
    if known["timezone"] not in available_timezones():
        faults.append(_("Choose a time zone from the list, such as Europe/Stockholm."))
    if known["language"] not in dict(settings.LANGUAGES):
        faults.append(_("Choose one of the languages."))
    return faults


async def source(visit: Visit) -> HttpResponseBase:
    """GET and POST /setup/source/: the first telephone system's token; `?company=` is one that is not Telavox."""
    first = await database_sync_to_async(_first_source)(visit.viewer.organisation)
    asked = first.provider if first is not None else visit.request.GET.get("company", FIRST_COMPANY)
    return await source_token.show(visit, asked, first, first_run=True)


def _first_source(slug: str) -> Source | None:
    return Source.objects.select_related("organisation").filter(organisation__slug=slug).order_by("pk").first()


organisation_page = for_people(organisation, needs="organisation")
source_page = for_people(source, needs="sources")

urls = [
    path("setup/", account_page, name="setup"),
    path("setup/organisation/", organisation_page, name="setup-organisation"),
    path("setup/source/", source_page, name="setup-source"),
]
