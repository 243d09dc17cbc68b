"""Invitations from the inviter's side: made on the page of people, shown once, mailed where that is set up, and taken back."""

from channels.db import database_sync_to_async
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from stats.models import Organisation
from wallboard.accounts import journal, mailing, members, scopes
from wallboard.accounts.models import Invitation
from wallboard.accounts.roles import PEOPLES_ROLES
from wallboard.pages.frame import Forbidden, NotThere, Visit, for_people

# Somebody who collects links is not inviting a team.
MOST_OPEN = 200


async def invite(visit: Visit) -> HttpResponse:
    """POST /people/invite/ with `email`, `role`, `scope`, `queue`."""
    return await database_sync_to_async(_invite)(visit)


def _invite(visit: Visit) -> HttpResponse:
    request = visit.request
    if request.method != "POST":
        return HttpResponseRedirect(reverse("people"))
    email, role = request.POST.get("email", "").strip(), request.POST.get("role", "")
    queues = scopes.asked(request, visit.viewer)
    open_ones = Invitation.objects.filter(
        organisation__slug=visit.viewer.organisation, accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
    )
    fault = ""
    try:
        EmailValidator()(email)
    except ValidationError:
        fault = _("That is no e-mail address. Write one such as anna@example.org.")
    if role not in PEOPLES_ROLES:
        fault = _("Choose a role.")
    elif queues == []:
        fault = _("Choose at least one queue, or all of them.")
    elif open_ones.count() >= MOST_OPEN:
        fault = _("Too many invitations are open. Take some back first.")
    if fault:
        return members.show(visit, 400, fault=fault, email=email, invited_role=role, invited_queues=queues)
    organisation = Organisation.objects.get(slug=visit.viewer.organisation)
    with transaction.atomic():
        # One link for one person: a second invitation takes the first one's place.
        open_ones.filter(email__iexact=email).update(revoked_at=timezone.now())
        _row, word = Invitation.issue(organisation, email, role, queues, by=visit.person)
        journal.note(visit.viewer, "people.invited", "invitation", email, address=visit.address, role=role, queues=queues)
    path = reverse("join", args=[word])
    link = settings.PUBLIC_URL.rstrip("/") + path if settings.PUBLIC_URL else request.build_absolute_uri(path)
    mailed = mailing.send_invitation(email, organisation.name, visit.viewer.name, link)
    return members.show(visit, link=link, email_of_link=email, mailed=mailed)


async def take_back(visit: Visit, pk: int) -> HttpResponse:
    """POST /people/invitations/<pk>/revoke/"""
    return await database_sync_to_async(_take_back)(visit, pk)


def _take_back(visit: Visit, pk: int) -> HttpResponse:
    if visit.request.method != "POST":
        return HttpResponseRedirect(reverse("people"))
    row = Invitation.objects.filter(organisation__slug=visit.viewer.organisation, pk=pk, accepted_at=None).first()
    if row is None:
        raise NotThere(_("There is no such invitation. It may have been accepted already."))
    if not scopes.covers(visit.viewer, row.queues):
        raise Forbidden(_("This invitation is for queues that you do not see."))
    if row.revoked_at is None:
        with transaction.atomic():
            row.revoked_at = timezone.now()
            row.save(update_fields=["revoked_at"])
            journal.note(visit.viewer, "people.invitation_revoked", "invitation", row.email, address=visit.address)
    return HttpResponseRedirect(reverse("people"))


invite_page = for_people(invite, needs="people")
take_back_page = for_people(take_back, needs="people")
