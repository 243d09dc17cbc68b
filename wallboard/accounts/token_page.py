"""Tokens for programs: made with what they may read and until when, shown once, and revoked here.

Rules that hold here: only a digest is kept, so a lost token is replaced and never found again; rows of another organisation do not exist
here.
"""

from datetime import timedelta
from typing import Any

from channels.db import database_sync_to_async
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from stats.models import Organisation
from wallboard.accounts import journal, scopes
from wallboard.accounts.models import ApiToken
from wallboard.accounts.roles import EVERY_SCOPE
from wallboard.pages.frame import Forbidden, NotThere, Visit, draw, for_people
from wallboard.pages.words import day_and_time

LONGEST_NAME = 80
MOST_TOKENS = 200
SCOPE_WORDS = {
    "live": gettext_lazy("Live numbers of queues and agents"),
    "calls": gettext_lazy("Lists of calls and single calls, telephone numbers masked"),
    "numbers": gettext_lazy("Whole telephone numbers in those lists"),
    "recordings": gettext_lazy("What was said in those calls, where a telephone system writes it down"),
    "reports": gettext_lazy("Reports over days and months"),
}
# Days from today, and the words for it; none: until it is revoked.
ENDS: dict[str, Any] = {
    "30": gettext_lazy("After 30 days"),
    "90": gettext_lazy("After 90 days"),
    "365": gettext_lazy("After a year"),
    "": gettext_lazy("Never, until it is revoked"),
}
DEFAULT_END = "365"
# What the form holds before anybody has typed; `queues` None: all of them.
UNTOUCHED: dict[str, Any] = {"name": "", "scopes": ["live"], "end": DEFAULT_END, "queues": None}


async def tokens(visit: Visit) -> HttpResponse:
    """GET and POST /tokens/"""
    return await database_sync_to_async(_tokens)(visit)


def _tokens(visit: Visit) -> HttpResponse:
    plain, fault, wishes = "", "", dict(UNTOUCHED)
    if visit.request.method == "POST":
        plain, fault, wishes = _make(visit)
    rows = ApiToken.objects.filter(organisation__slug=visit.viewer.organisation, revoked_at=None).order_by("-created_at")[:MOST_TOKENS]
    return draw(
        visit,
        "accounts/tokens.html",
        "tokens",
        400 if fault else 200,
        tokens=[_line(visit, each) for each in rows],
        plain=plain,
        fault=fault,
        wishes=wishes,
        scopes=[{"key": key, "words": words, "chosen": key in wishes["scopes"]} for key, words in SCOPE_WORDS.items()],
        ends=[{"key": key, "words": words, "chosen": key == wishes["end"]} for key, words in ENDS.items()],
        queues=scopes.choices(visit, wishes["queues"] or ()),
        all_queues=wishes["queues"] is None,
        confined=visit.viewer.queues is not None,
    )


def _make(visit: Visit) -> tuple[str, str, dict[str, Any]]:
    """The token in clear or nothing, what is wrong in words, and the wishes for the form to show again."""
    form = visit.request.POST
    name = " ".join(form.get("name", "").split())
    wanted = [each for each in EVERY_SCOPE if each in form.getlist("scopes")]
    end, queues = form.get("end", DEFAULT_END), scopes.asked(visit.request, visit.viewer)
    wishes = {"name": name, "scopes": wanted, "end": end, "queues": queues}
    if not 0 < len(name) <= LONGEST_NAME:
        return "", _("Give the token a name of at most %(n)d letters, such as the program that will use it.") % {"n": LONGEST_NAME}, wishes
    if not wanted:
        return "", _("Choose at least one thing that the token may read."), wishes
    if end not in ENDS:
        return "", _("Choose when the token ends."), wishes
    if queues == []:
        return "", _("Choose at least one queue, or all of them."), wishes
    organisation = Organisation.objects.get(slug=visit.viewer.organisation)
    if ApiToken.open_ones().filter(organisation=organisation).count() >= MOST_TOKENS:
        return "", _("There are too many tokens. Revoke those that nobody uses first."), wishes
    with transaction.atomic():
        token, plain = ApiToken.issue(organisation, name)
        token.scopes, token.queues = wanted, queues
        token.expires_at = timezone.now() + timedelta(days=int(end)) if end else None
        token.save(update_fields=["scopes", "queues", "expires_at"])
        journal.note(
            visit.viewer, "tokens.made", "token", name, address=visit.address, row=token.pk, scopes=wanted, queues=queues, days=end
        )
    return plain, "", dict(UNTOUCHED)


def _line(visit: Visit, token: ApiToken) -> dict[str, Any]:
    def moment(at: Any) -> str:
        return "" if at is None else day_and_time(int(at.timestamp() * 1000), visit.timezone)[:16]

    return {
        "pk": token.pk,
        "name": token.name,
        "scopes": [SCOPE_WORDS.get(each, each) for each in token.scopes],
        "queues": scopes.in_words(token.queues, visit),
        "made": moment(token.created_at),
        "used": moment(token.last_used_at),
        "ends": moment(token.expires_at),
        "ended": token.expires_at is not None and token.expires_at <= timezone.now(),
        "mine_to_change": scopes.covers(visit.viewer, token.queues),
    }


async def revoke(visit: Visit, pk: int) -> HttpResponse:
    """POST /tokens/<pk>/revoke/"""
    return await database_sync_to_async(_revoke)(visit, pk)


def _revoke(visit: Visit, pk: int) -> HttpResponse:
    if visit.request.method == "POST":
        token = ApiToken.objects.filter(organisation__slug=visit.viewer.organisation, pk=pk).first()
        if token is None:
            raise NotThere(_("There is no such token."))
        if not scopes.covers(visit.viewer, token.queues):
            raise Forbidden(_("This token reads queues that you do not see, so somebody who sees them must revoke it."))
        if token.revoked_at is None:
            with transaction.atomic():
                token.revoke()
                journal.note(visit.viewer, "tokens.revoked", "token", token.name, address=visit.address, row=token.pk)
    return HttpResponseRedirect(reverse("tokens"))


page = for_people(tokens, needs="tokens")
revoke_page = for_people(revoke, needs="tokens")
