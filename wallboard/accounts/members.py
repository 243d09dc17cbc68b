"""The page of people: who belongs to the organisation, as what; roles and scopes changed, members removed and put back.

Rules that hold here: an organisation always keeps an admin who can sign in, and one who sees all its queues where it had one; rows of
another organisation do not exist here; whoever is removed can be put back for ten minutes, by what the address of the page carries, signed.
"""

from typing import Any
from urllib.parse import urlencode

from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.core import signing
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from stats.models import Organisation
from wallboard.accounts import journal, mailing, scopes
from wallboard.accounts.models import Invitation, Membership
from wallboard.accounts.roles import PEOPLES_ROLES
from wallboard.pages.frame import Forbidden, NotThere, Visit, draw, for_people
from wallboard.pages.words import day_and_time

ROLE_NAMES = {"viewer": gettext_lazy("Viewer"), "supervisor": gettext_lazy("Supervisor"), "admin": gettext_lazy("Admin")}
ROLE_WORDS = {
    "viewer": gettext_lazy("Sees boards, queues and calls. Agents by first name, telephone numbers masked."),
    "supervisor": gettext_lazy("Also agents, whole telephone numbers (each look is written down), lost callers, targets and televisions."),
    "admin": gettext_lazy("Also people, tokens, sources, privacy and the audit log."),
}
SALT = "removed member"
PUT_BACK_S = 600


class LastAdmin(Exception):
    """Nobody could administer the organisation any more, or nobody all of it."""


async def people(visit: Visit) -> HttpResponse:
    """GET /people/; `removed` in the address offers to put somebody back."""
    return await database_sync_to_async(show)(visit)


def show(visit: Visit, status: int = 200, *, invited_queues: list[str] | None = None, **more: Any) -> HttpResponse:
    """The page, with what has just happened in `more`: fault, link, mailed; `invited_queues` None: an invitation to all of them."""
    slug = visit.viewer.organisation
    members = Membership.objects.select_related("user").filter(organisation__slug=slug).order_by("user__username")
    invitations = Invitation.objects.filter(organisation__slug=slug, accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())
    removed = visit.request.GET.get("removed", "")
    return draw(
        visit,
        "accounts/people.html",
        "people",
        status,
        members=[_line(visit, each) for each in members],
        invitations=[_invitation(visit, each) for each in invitations],
        roles=[{"key": role, "name": ROLE_NAMES[role], "words": ROLE_WORDS[role]} for role in PEOPLES_ROLES],
        queues=scopes.choices(visit, invited_queues or ()),
        all_queues=invited_queues is None,
        confined=visit.viewer.queues is not None,
        removed=removed,
        removed_name=(_removed(visit, removed) or {}).get("name", ""),
        can_mail=mailing.is_set_up(),
        changed=visit.request.GET.get("changed", ""),
        **more,
    )


def _line(visit: Visit, member: Membership) -> dict[str, Any]:
    seen = member.last_seen_at or member.user.last_login
    return {
        "pk": member.pk,
        "name": member.user.get_username(),
        "email": member.user.email,
        "role": member.role,
        "role_name": ROLE_NAMES.get(member.role, member.role),
        "is_me": member.user_id == visit.viewer.row,
        "active": member.user.is_active,
        "all_queues": member.queues is None,
        "scope": scopes.in_words(member.queues, visit),
        "queues": scopes.choices(visit, member.queues or ()),
        "mine_to_change": scopes.covers(visit.viewer, member.queues),
        "seen": day_and_time(_ms(seen), visit.timezone)[:16] if seen else "",
    }


def _invitation(visit: Visit, each: Invitation) -> dict[str, Any]:
    return {
        "pk": each.pk,
        "email": each.email,
        "role_name": ROLE_NAMES.get(each.role, each.role),
        "scope": scopes.in_words(each.queues, visit),
        "until": day_and_time(_ms(each.expires_at), visit.timezone)[:16],
    }


def _ms(moment: Any) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


async def change(visit: Visit, pk: int) -> HttpResponse:
    """POST /people/<pk>/ with `role`, `scope`, `queue`."""
    return await database_sync_to_async(_change)(visit, pk)


def _change(visit: Visit, pk: int) -> HttpResponse:
    request = visit.request
    if request.method != "POST":
        return HttpResponseRedirect(reverse("people"))
    # Whom it is about comes before what is wished: of a stranger nothing is told, not even that the wish is wrong.
    with transaction.atomic():
        _member(visit, pk)
    role, queues = request.POST.get("role", ""), scopes.asked(request, visit.viewer)
    if role not in PEOPLES_ROLES:
        return show(visit, 400, fault=_("Choose a role."))
    if queues == []:
        return show(visit, 400, fault=_("Choose at least one queue, or all of them."))
    try:
        with transaction.atomic():
            member = _member(visit, pk)
            former, was_whole = {"role": member.role, "queues": member.queues}, _sees_to_all(member)
            member.role, member.queues = role, queues
            member.save()
            _keep_an_admin(visit.viewer.organisation, of_all=was_whole)
            journal.note(
                visit.viewer,
                "people.changed",
                "person",
                member.user.get_username(),
                address=visit.address,
                former=former,
                role=role,
                queues=queues,
            )
    except LastAdmin as wrong:
        return show(visit, 409, fault=str(wrong))
    return HttpResponseRedirect(reverse("people") + "?" + urlencode({"changed": member.user.get_username()}))


async def remove(visit: Visit, pk: int) -> HttpResponse:
    """POST /people/<pk>/remove/"""
    return await database_sync_to_async(_remove)(visit, pk)


def _remove(visit: Visit, pk: int) -> HttpResponse:
    if visit.request.method != "POST":
        return HttpResponseRedirect(reverse("people"))
    try:
        with transaction.atomic():
            member = _member(visit, pk)
            name = member.user.get_username()
            carried = {
                "organisation": visit.viewer.organisation,
                "person": member.user_id,
                "name": name,
                "role": member.role,
                "queues": member.queues,
            }
            member.delete()
            _keep_an_admin(visit.viewer.organisation, of_all=_sees_to_all(member))
            journal.note(visit.viewer, "people.removed", "person", name, address=visit.address, role=carried["role"])
    except LastAdmin as wrong:
        return show(visit, 409, fault=str(wrong))
    if carried["person"] == visit.viewer.row:
        return HttpResponseRedirect(reverse("overview"))
    return HttpResponseRedirect(reverse("people") + "?" + urlencode({"removed": signing.dumps(carried, salt=SALT, compress=True)}))


async def put_back(visit: Visit) -> HttpResponse:
    """POST /people/back/ with `removed`, as the page was given it."""
    return await database_sync_to_async(_put_back)(visit)


def _put_back(visit: Visit) -> HttpResponse:
    if visit.request.method != "POST":
        return HttpResponseRedirect(reverse("people"))
    carried = _removed(visit, visit.request.POST.get("removed", ""))
    person = get_user_model()._default_manager.filter(pk=carried["person"]).first() if carried else None
    if carried is None or person is None:
        raise NotThere(_("It is too late to put this person back. Invite them again."))
    if not scopes.covers(visit.viewer, carried["queues"]):
        raise Forbidden(_("You cannot let others see queues that you do not see."))
    organisation = Organisation.objects.get(slug=visit.viewer.organisation)
    with transaction.atomic():
        _row, made = Membership.objects.get_or_create(
            user=person, organisation=organisation, defaults={"role": carried["role"], "queues": carried["queues"]}
        )
        if made:
            journal.note(visit.viewer, "people.put_back", "person", carried["name"], address=visit.address, role=carried["role"])
    return HttpResponseRedirect(reverse("people") + "?" + urlencode({"changed": carried["name"]}))


def _removed(visit: Visit, signed: str) -> dict[str, Any] | None:
    """Who can still be put back here; None for nobody, whatever the reason."""
    try:
        carried: dict[str, Any] = signing.loads(signed, salt=SALT, max_age=PUT_BACK_S) if signed else {}
    except signing.BadSignature:
        return None
    return carried if carried.get("organisation") == visit.viewer.organisation else None


def _member(visit: Visit, pk: int) -> Membership:
    """A member of the visitor's organisation that is theirs to change, its organisation locked against a second change at once."""
    Organisation.objects.select_for_update().get(slug=visit.viewer.organisation)
    member = Membership.objects.select_related("user").filter(organisation__slug=visit.viewer.organisation, pk=pk).first()
    if member is None:
        raise NotThere(_("There is no such member. Somebody may have removed them already."))
    if not scopes.covers(visit.viewer, member.queues):
        raise Forbidden(_("This person sees queues that you do not see, so somebody who sees them must make the change."))
    return member


def _sees_to_all(member: Membership) -> bool:
    return member.role == "admin" and member.queues is None and member.user.is_active


def _keep_an_admin(slug: str, *, of_all: bool) -> None:
    """Raises LastAdmin where nobody administers any more; `of_all`: or nobody who sees every queue."""
    admins = Membership.objects.filter(organisation__slug=slug, role="admin", user__is_active=True)
    if not admins.exists():
        raise LastAdmin(
            _("Nothing is changed: this is the last admin, and somebody must be able to administer. Make somebody else an admin first.")
        )
    # Whoever sees some queues can neither give nor touch more, so the rest would be nobody's for good.
    if of_all and not admins.filter(queues__isnull=True).exists():
        raise LastAdmin(_("Nothing is changed: no other admin sees all queues. Make somebody else an admin of all queues first."))


page = for_people(people, needs="people")
change_page = for_people(change, needs="people")
remove_page = for_people(remove, needs="people")
put_back_page = for_people(put_back, needs="people")
