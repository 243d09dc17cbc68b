"""The page on which an organisation decides how long it keeps what, how screens name agents, and what becomes of one person.

Rules that hold here: before anything is set nothing is deleted; a setting that would delete something tonight is kept only by whoever has
been shown how much, and says so; every change is a line of the audit log.
"""

from typing import Any

from channels.db import database_sync_to_async
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from stats.history import nights
from stats.history.erased_tables import RetentionRun
from stats.history.patience import without_limit
from stats.history.retention import LONGEST_DAYS, SHORTEST_DAYS, Keep
from stats.models import Organisation
from wallboard.accounts import journal
from wallboard.accounts.roles import WAYS_TO_NAME
from wallboard.pages import one_person
from wallboard.pages.frame import Visit, draw, for_people, private
from wallboard.pages.words import NAMINGS, day_and_time, masked
from wallboard.privacy import nightly

# What is kept, in the order shown: its words, and a number of days many arrive at. Shown, never set by itself.
KINDS = {
    "numbers": (
        gettext_lazy("Telephone numbers in calls"),
        gettext_lazy("The call stays and counts; only who called goes. Many keep them for 90 days."),
    ),
    "calls": (
        gettext_lazy("Whole calls"),
        gettext_lazy("With every visit and ring. Reports of older days lose them. Many keep 400 days, to compare with last year."),
    ),
    "presence": (
        gettext_lazy("Presence of agents"),
        gettext_lazy("Changes of profile and hours in each. Many keep 180 days."),
    ),
    "audit": (
        gettext_lazy("Audit log"),
        gettext_lazy("Who did and looked at what. Many keep 730 days."),
    ),
}
# Of a number nobody has: the range is kept free for films and examples.
EXAMPLE = "+46701740605"


async def privacy(visit: Visit) -> HttpResponse:
    """GET and POST /privacy/"""
    return await database_sync_to_async(_privacy)(visit)


def _privacy(visit: Visit) -> HttpResponse:
    organisation = Organisation.objects.get(slug=visit.viewer.organisation)
    if visit.request.method != "POST":
        return _shown(visit, organisation, Keep.of(organisation))
    if visit.request.POST.get("do") == "names":
        return _name_screens(visit, organisation)
    wanted, fault = _asked(visit)
    if wanted is None:
        return _shown(visit, organisation, Keep.of(organisation), status=400, fault=fault, typed=dict(visit.request.POST.items()))
    with without_limit():
        going = nightly.going(organisation, wanted, visit.now)
    if visit.request.POST.get("do") != "keep":
        return _shown(visit, organisation, wanted, going=going)
    if any(going.values()) and visit.request.POST.get("sure") != "on":
        fault = _("Nothing was changed: tick that you have read how much goes.")
        return _shown(visit, organisation, wanted, status=400, going=going, fault=fault)
    _keep(visit, organisation, wanted)
    return private(HttpResponseRedirect(reverse("privacy") + "?kept"))


def _asked(visit: Visit) -> tuple[Keep | None, str]:
    """The days that were typed, or what is wrong with them."""
    days: dict[str, int | None] = {}
    for kind, (label, _hint) in KINDS.items():
        typed = visit.request.POST.get(kind, "").strip()
        if typed and not (typed.isascii() and typed.isdecimal() and SHORTEST_DAYS <= int(typed[:9]) <= LONGEST_DAYS):
            limits = {"what": label, "least": SHORTEST_DAYS, "most": LONGEST_DAYS}
            return None, _("%(what)s: give a whole number of days from %(least)d to %(most)d, or nothing to keep them for ever.") % limits
        days[kind] = int(typed) if typed else None
    return Keep(**days), ""


def _keep(visit: Visit, organisation: Organisation, wanted: Keep) -> None:
    before = Keep.of(organisation)
    changed = {kind: getattr(wanted, kind) for kind in KINDS if getattr(wanted, kind) != getattr(before, kind)}
    if not changed:
        return
    organisation.keep_calls_days, organisation.keep_numbers_days = wanted.calls, wanted.numbers
    organisation.keep_presence_days, organisation.keep_audit_days = wanted.presence, wanted.audit
    organisation.save()
    journal.note(visit.viewer, "privacy.retention", "organisation", organisation.slug, address=visit.address, days=changed)


def _name_screens(visit: Visit, organisation: Organisation) -> HttpResponse:
    way = visit.request.POST.get("names", "")
    if way not in WAYS_TO_NAME:
        return _shown(visit, organisation, Keep.of(organisation), status=400, fault=_("Choose one of the three ways."))
    if organisation.screen_names != way:
        organisation.screen_names = way
        organisation.save()
        journal.note(visit.viewer, "privacy.screen_names", "organisation", organisation.slug, address=visit.address, names=way)
    return private(HttpResponseRedirect(reverse("privacy") + "?kept"))


def _shown(visit: Visit, organisation: Organisation, keep: Keep, *, status: int = 200, **more: Any) -> HttpResponse:
    typed = more.pop("typed", {})
    run = nights.last_run(organisation.slug)
    going = more.pop("going", None)
    rows = [
        {
            "kind": kind,
            "label": label,
            "hint": hint,
            "days": typed.get(kind, "") if typed else ("" if (days := getattr(keep, kind)) is None else days),
            "going": going.get(kind) if going is not None else None,
        }
        for kind, (label, hint) in KINDS.items()
    ]
    return draw(
        visit,
        "privacy.html",
        "privacy",
        status,
        rows=rows,
        previewed=going is not None,
        goes=going is not None and any(going.values()),
        least=SHORTEST_DAYS,
        most=LONGEST_DAYS,
        run=_night(run, visit) if run is not None else None,
        ways=[{"way": way, "label": label, "chosen": way == organisation.screen_names} for way, label in NAMINGS.items()],
        example=masked(EXAMPLE),
        kept="kept" in visit.request.GET,
        **one_person.blank(visit),
        **more,
    )


def _night(run: RetentionRun, visit: Visit) -> dict[str, Any]:
    ended = day_and_time(round(run.ended_at.timestamp() * 1000), visit.timezone) if run.ended_at is not None else ""
    removed = [{"label": label, "number": run.removed.get(kind, 0)} for kind, (label, _hint) in KINDS.items()]
    return {"night": run.night, "ended": ended, "removed": removed}


page = for_people(privacy, needs="privacy")
urls = [path("privacy/", page, name="privacy"), *one_person.urls]
