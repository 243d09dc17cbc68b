"""The other end of an invitation: a link that makes a member of whoever opens it, with a new account or their own.

Rules that hold here: a link works once, until it expires or is taken back; looking at it changes nothing; a member who is invited again
keeps the greater role.
"""

from typing import Any

from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from wallboard.accounts import journal
from wallboard.accounts.entering import finish
from wallboard.accounts.models import Invitation, Membership
from wallboard.accounts.roles import PEOPLES_ROLES
from wallboard.accounts.viewer import CHOSEN, of_member
from wallboard.pages.frame import address_of

LONGEST_NAME = 150


class Used(Exception):
    """Somebody else was quicker."""


@never_cache
@sensitive_post_parameters("password", "again")
def page(request: HttpRequest, word: str) -> HttpResponse:
    """GET and POST /join/<word>/"""
    invitation = Invitation.find(word)
    if invitation is None:
        return _used(request)
    known = {"invitation": invitation, "next": request.path, "faults": [], "username": ""}
    if request.method != "POST":
        return render(request, "accounts/join.html", known)
    if request.user.is_authenticated:
        try:
            with transaction.atomic():
                membership = join(invitation, request.user, address=address_of(request))
        except Used:
            return _used(request)
        request.session[CHOSEN] = membership.organisation.slug
        return HttpResponseRedirect(reverse("overview"))
    username, password = request.POST.get("username", "").strip(), request.POST.get("password", "")
    faults = faults_of(username, password, request.POST.get("again", ""))
    if not faults:
        try:
            with transaction.atomic():
                # Their address is not kept with them: they opened a link, and that proves no mailbox.
                person = get_user_model()._default_manager.create_user(username=username, password=password)
                join(invitation, person, address=address_of(request))
        except Used:
            return _used(request)
        except IntegrityError:
            faults = [_("That user name is taken. Choose another.")]
        else:
            return finish(request, person, reverse("overview"), how="invitation")
    return render(request, "accounts/join.html", {**known, "faults": faults, "username": username}, status=400)


def _used(request: HttpRequest) -> HttpResponse:
    words = _("This invitation has been used, taken back, or is older than seven days. Ask for a new one.")
    return render(request, "accounts/refused.html", {"words": words}, status=404)


def join(invitation: Invitation, person: Any, *, address: str = "") -> Membership:
    """Makes a member of a person, or gives a member the greater of both roles; inside a transaction. Raises Used."""
    held = Invitation.objects.select_for_update().select_related("organisation").get(pk=invitation.pk)
    if held.accepted_at is not None or held.revoked_at is not None:
        raise Used
    membership, made = Membership.objects.get_or_create(
        user=person, organisation=held.organisation, defaults={"role": held.role, "queues": held.queues}
    )
    if not made and PEOPLES_ROLES.index(held.role) > PEOPLES_ROLES.index(membership.role):
        membership.role, membership.queues = held.role, held.queues
        membership.save()
    held.accepted_at, held.accepted_by = timezone.now(), person
    held.save()
    journal.note(of_member(membership), "people.joined", "person", person.get_username(), address=address, role=membership.role)
    return membership


def faults_of(username: str, password: str, again: str) -> list[str]:
    """What is wrong with the wishes of a new person, in words."""
    faults: list[str] = []
    people = get_user_model()
    try:
        UnicodeUsernameValidator()(username)
        if not 0 < len(username) <= LONGEST_NAME:
            raise ValidationError(_("Choose a user name of at most %(n)d letters, without spaces.") % {"n": LONGEST_NAME})
    except ValidationError as wrong:
        faults += wrong.messages
    if username and people._default_manager.filter(username__iexact=username).exists():
        faults.append(_("That user name is taken. Choose another."))
    if password != again:
        faults.append(_("The two passwords differ. Type the same one twice."))
    try:
        password_validation.validate_password(password, people(username=username))
    except ValidationError as wrong:
        faults += wrong.messages
    return faults
