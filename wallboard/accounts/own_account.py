"""A person's own account: password, second step, where they are signed in, and which organisation they look at.

Rules that hold here: whatever makes the account weaker or shuts others out asks for the password again, and guesses at it are counted as at
the door; secrets are shown once; other people's sessions cannot be named.
"""

from importlib import import_module
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import password_validation, update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from wallboard.accounts import entering, events, journal, oidc, second_step, throttle
from wallboard.accounts.models import Membership, OpenSession
from wallboard.accounts.viewer import CHOSEN
from wallboard.pages.frame import NotThere, Visit, draw, for_people
from wallboard.pages.words import day_and_time


async def account(visit: Visit) -> HttpResponse:
    """GET /account/, and POST with `do`: password, app, codes, app-off."""
    return await database_sync_to_async(_account)(visit)


def _account(visit: Visit) -> HttpResponse:
    request, person = visit.request, visit.person
    fault, done, codes = "", "", []
    wish = request.POST.get("do", "") if request.method == "POST" else ""
    if wish:
        fault = _confirmed(visit)
    if wish == "password" and not fault:
        fault = _change_password(visit)
        done = "" if fault else _("The password is changed. Every other browser is signed out.")
    elif wish == "app" and not fault:
        codes = second_step.confirm(person, request.POST.get("code", "")) or []
        if codes:
            events.note(person, "account.second_step_on", visit.address)
        else:
            fault = _("That code is not right. Type the six digits that the app shows now, and check that the telephone's clock is right.")
    elif wish == "codes" and not fault:
        codes = second_step.new_recovery_codes(person)
        events.note(person, "account.recovery_codes_made", visit.address)
    elif wish == "app-off" and not fault:
        second_step.switch_off(person)
        events.note(person, "account.second_step_off", visit.address)
        done = _("The second step is switched off.")
    return draw(
        visit, "accounts/account.html", "account", 400 if fault else 200, wish=wish, fault=fault, done=done, codes=codes, **_shown(visit)
    )


def _shown(visit: Visit) -> dict[str, Any]:
    person = visit.person
    on, has_password = second_step.is_on(person), person.has_usable_password()
    device = second_step.begin(person) if has_password and not on else None
    memberships = Membership.objects.select_related("organisation").filter(user=person).order_by("organisation__name")
    return {
        "has_password": has_password,
        "second_step_on": on,
        "codes_left": second_step.recovery_codes_left(person) if on else 0,
        "picture": second_step.picture_of(device) if device else "",
        "key": second_step.key_in_words(device) if device else "",
        "sessions": _sessions(visit),
        "memberships": [{"name": each.organisation.name, "slug": each.organisation.slug, "role": each.role} for each in memberships],
        "outside": oidc.name(),
        "connect": oidc.wish_to_connect(visit.request) if oidc.name() else "",
        "outside_linked": person.outside_identities.filter(issuer=settings.OIDC_ISSUER).exists(),
    }


def _sessions(visit: Visit) -> list[dict[str, Any]]:
    """Where the person is signed in; rows whose session is gone go too."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    found = []
    for row in OpenSession.objects.filter(user=visit.person)[:50]:
        if not store().exists(row.session_key):
            row.delete()
            continue
        found.append(
            {
                "pk": row.pk,
                "began": day_and_time(int(row.began_at.timestamp() * 1000), visit.timezone)[:16],
                "address": row.address,
                "browser": browser_in_words(row.browser),
                "here": row.session_key == visit.request.session.session_key,
            }
        )
    return found


def browser_in_words(told: str) -> str:
    """`Firefox on Windows`, as far as the User-Agent says."""
    browsers = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    browser = next((name for mark, name in browsers if mark in told), "")
    system = next((name for mark, name in systems if mark in told), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("A program or an unknown browser")


def _confirmed(visit: Visit) -> str:
    """What is wrong with the password that confirms it; nothing when it is right."""
    name = visit.person.get_username()
    wait_s = throttle.enter(name, visit.address)
    if wait_s:
        return _("Too many wrong passwords. Try again in %(n)d minutes.") % {"n": -(-wait_s // 60)}
    if not visit.person.check_password(visit.request.POST.get("current", "")):
        events.note(visit.person, "account.password_wrong", visit.address)
        return _("Your present password is not right.")
    throttle.forgive(name, visit.address)
    return ""


def _change_password(visit: Visit) -> str:
    request, person = visit.request, visit.person
    wanted = request.POST.get("password", "")
    if wanted != request.POST.get("again", ""):
        return _("The two passwords differ. Type the same one twice.")
    try:
        password_validation.validate_password(wanted, person)
    except ValidationError as wrong:
        return " ".join(wrong.messages)
    former = request.session.session_key
    person.set_password(wanted)
    person.save()
    # Every session holds a mark of the password, so the others end here; this one gets the new mark and a new key.
    update_session_auth_hash(request, person)
    OpenSession.objects.filter(user=person).exclude(session_key=former).delete()
    OpenSession.objects.filter(session_key=former).delete()
    entering.remember(request, person)
    events.note(person, "account.password_changed", visit.address)
    return ""


async def end_session(visit: Visit, pk: int) -> HttpResponse:
    """POST /account/sessions/<pk>/end/"""
    return await database_sync_to_async(_end_session)(visit, pk)


def _end_session(visit: Visit, pk: int) -> HttpResponse:
    if visit.request.method == "POST":
        row = OpenSession.objects.filter(user=visit.person, pk=pk).first()
        if row is None:
            raise NotThere(_("That browser is not signed in any more."))
        import_module(settings.SESSION_ENGINE).SessionStore(row.session_key).delete()
        row.delete()
        events.note(visit.person, "account.session_ended", visit.address)
    return HttpResponseRedirect(reverse("account"))


async def switch(visit: Visit) -> HttpResponse:
    """POST /account/organisation/ with `organisation`: another of one's own."""
    return await database_sync_to_async(_switch)(visit)


def _switch(visit: Visit) -> HttpResponse:
    if visit.request.method != "POST":
        return HttpResponseRedirect(reverse("account"))
    wanted = visit.request.POST.get("organisation", "")
    if not Membership.objects.filter(user=visit.person, organisation__slug=wanted).exists():
        # The same for one that exists and one that does not.
        raise NotThere(_("You belong to no such organisation."))
    session = visit.request.session
    former, session[CHOSEN] = session.session_key, wanted
    # What a process remembers of the old key for some seconds must not show one organisation's numbers on the other's pages.
    session.cycle_key()
    OpenSession.objects.filter(session_key=former).update(session_key=session.session_key)
    # Only there: where else somebody belongs is not an organisation's business.
    name = visit.person.get_username()
    journal.write(
        wanted,
        "account.organisation_chosen",
        actor_kind="person",
        actor=str(visit.person.pk),
        actor_name=name,
        subject_kind="person",
        subject=name,
        address=visit.address,
    )
    return HttpResponseRedirect(entering.safe_onward(visit.request, visit.request.POST.get("next", "")))


page = for_people(account)
end_page = for_people(end_session)
switch_page = for_people(switch)
