"""Mails of reports, `/reports/mails/`: which view goes to whom at what time, how it went, and what is to be done about it.

Rules that hold here: whoever may take files away makes mails, and sends what they may see themselves; only its maker changes a mail, an
admin sees, pauses and deletes everybody's; what went wrong stays above every page until somebody has seen it.
"""

from typing import Any
from urllib.parse import urlencode

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from stats.domain.periods import business_day
from stats.models import Organisation
from wallboard.accounts import journal, mailing
from wallboard.pages.frame import Forbidden, NotThere, Visit, draw, for_people
from wallboard.reports import mail_form, mail_words, recipients, sending, views, words
from wallboard.reports.asked import Unfit
from wallboard.reports.mail_form import Wish
from wallboard.reports.models import AllowedAddress, ReportMail, ReportRun, SavedView
from wallboard.reports.schedule import covered
from wallboard.reports.views import Refused

MOST, RUNS = 100, 50
ADMINISTERS = "people"


async def mails(visit: Visit) -> HttpResponse:
    """GET and POST /reports/mails/; `tab` and `query` are what was on the screen."""
    return await database_sync_to_async(_mails)(visit)


def _mails(visit: Visit) -> HttpResponse:
    if visit.request.method != "POST":
        return show(visit)
    wish = Wish.of_form(visit.request.POST)
    try:
        with transaction.atomic():
            mail = _make(visit, wish)
    except Refused as fault:
        return show(visit, 400, fault=str(fault), wish=wish)
    return _to(mail, done="made")


def _to(mail: ReportMail, **told: object) -> HttpResponse:
    return HttpResponseRedirect(reverse("report-mail", args=[mail.pk]) + (f"?{urlencode(told)}" if told else ""))


def in_sight(visit: Visit) -> QuerySet[ReportMail]:
    """The mails somebody may see: their own, and an admin all."""
    found = ReportMail.objects.select_related("view__owner", "created_by", "organisation")
    found = found.filter(organisation__slug=visit.viewer.organisation, deleted_at=None, view__deleted_at=None)
    return found if visit.may(ADMINISTERS) else found.filter(created_by=visit.person)


def _make(visit: Visit, wish: Wish) -> ReportMail:
    organisation, form = Organisation.objects.get(slug=visit.viewer.organisation), visit.request.POST
    if ReportMail.objects.filter(organisation=organisation, deleted_at=None).count() >= MOST:
        raise Refused(_("There are very many mails. Delete some that nobody reads first."))
    mail = ReportMail(organisation=organisation, created_by=visit.person)
    wish.put(mail, organisation)
    new = wish.view == mail_form.NEW
    mail.view = views.save(visit, wish.name, form.get("tab", ""), form.get("query", "")) if new else mail_form.view_of(visit, wish)
    _keep(visit, mail, "mail.made")
    return mail


def _keep(visit: Visit, mail: ReportMail, action: str) -> None:
    """Saves a mail with its next instant."""
    mail.next_at = None if mail.paused else sending.schedule_of(mail).after(sending.present())
    mail.zone = mail.organisation.timezone
    mail.save()
    number = len(recipients.split(mail.recipients))
    journal.note(visit.viewer, action, "report", mail.view.name, address=visit.address, recipients=number, row=mail.pk)


def show(visit: Visit, status: int = 200, *, fault: str = "", wish: Wish | None = None, address_fault: str = "") -> HttpResponse:
    """The list, and the form of a new one."""
    request = visit.request
    told = request.POST if request.method == "POST" else request.GET
    screen, start = None, wish or Wish(to=getattr(visit.person, "email", ""))
    if told.get("tab"):
        try:
            tab, query = views.read_screen(visit, told["tab"], told.get("query", ""))
            known = SavedView(tab=tab, query=query)
            screen = {"tab": tab, "query": query, "words": views.words_of(visit, known)}
            mine = views.in_sight(visit).filter(owner=visit.person, tab=tab, query=query).first()
            if wish is None:
                start = mail_form.with_view(start, mine) if mine is not None else Wish(view=mail_form.NEW, to=start.to)
        except Refused as wrong:
            fault, status = fault or str(wrong), 400
    organisation = Organisation.objects.get(slug=visit.viewer.organisation)
    return draw(
        visit,
        "reports/mails.html",
        "reports",
        status,
        fault=fault,
        address_fault=address_fault,
        mails=[line(visit, each) for each in in_sight(visit)[: 2 * MOST]],
        form=mail_form.context_of(visit, start, screen),
        deleted=_deleted(visit, request.GET.get("deleted", "")),
        addresses=list(AllowedAddress.objects.filter(organisation=organisation)) if visit.may(ADMINISTERS) else [],
        **_around(visit),
    )


def _around(visit: Visit) -> dict[str, Any]:
    """What both pages say of sending at all."""
    return {
        "can_mail": mailing.is_set_up(),
        "has_address": bool(settings.PUBLIC_URL),
        "timezone": visit.timezone,
        "administers": visit.may(ADMINISTERS),
    }


def line(visit: Visit, mail: ReportMail) -> dict[str, Any]:
    """One mail in words."""
    last = mail.runs.exclude(state="begun").first()
    return {
        "pk": mail.pk,
        "name": mail.view.name,
        "address": views.address_of(mail.view),
        "about": views.words_of(visit, mail.view),
        "when": mail_words.when_words(mail),
        "to": recipients.split(mail.recipients),
        "paused": mail.paused,
        "stopped": mail_words.error_words(mail.stopped) if mail.stopped else "",
        "next": "" if mail.next_at is None else mail_words.moment_words(mail.next_at, visit.timezone),
        "covers": _covers(visit, mail),
        "maker": mail.created_by.get_username() if mail.created_by is not None else "–",
        "mine": mail.created_by_id == visit.viewer.row,
        "last": run_line(visit, last) if last is not None else None,
        "attach": mail_words.ATTACHED.get(mail.attach, mail.attach),
    }


def _covers(visit: Visit, mail: ReportMail) -> str:
    """Which days the next one is about."""
    if mail.next_at is None:
        return ""
    try:
        asked = covered(mail.view.query, business_day(round(mail.next_at.timestamp() * 1000), visit.timezone))
    except Unfit:
        return ""
    return words.days_words(asked.first, asked.last)


def run_line(visit: Visit, run: ReportRun) -> dict[str, Any]:
    """One run in words."""
    return {
        "pk": run.pk,
        "due": mail_words.moment_words(run.due_at, visit.timezone),
        "state": run.state,
        "words": mail_words.STATES.get(run.state, run.state),
        "error": mail_words.error_words(run.error),
        "days": words.days_words(run.first_day, run.last_day) if run.first_day else "",
        "tries": run.tries,
        "delivered": len(run.delivered),
        "unseen": run.state == "failed" and run.seen_at is None,
    }


def _deleted(visit: Visit, pk: str) -> ReportMail | None:
    if not (pk.isascii() and pk.isdigit() and len(pk) < 18):
        return None
    return _undoable(visit).filter(pk=int(pk)).first()


def _undoable(visit: Visit) -> QuerySet[ReportMail]:
    found = ReportMail.objects.select_related("view", "organisation").filter(organisation__slug=visit.viewer.organisation)
    found = found.filter(deleted_at__gt=sending.present() - sending.UNDO, view__deleted_at=None)
    return found if visit.may(ADMINISTERS) else found.filter(created_by=visit.person)


async def one(visit: Visit, pk: int) -> HttpResponse:
    """GET and POST /reports/mails/<pk>/ with `do`: change, pause, go_on, seen, now, delete, back."""
    return await database_sync_to_async(_one)(visit, pk)


def _one(visit: Visit, pk: int) -> HttpResponse:
    form = visit.request.POST
    wish = form.get("do", "") if visit.request.method == "POST" else ""
    mail = (_undoable(visit) if wish == "back" else in_sight(visit)).filter(pk=pk).first()
    if mail is None:
        raise NotThere(_("It is too late to have this mail back.") if wish == "back" else _("There is no such mail any more."))
    if wish in ("change", "go_on", "now") and mail.created_by_id != visit.viewer.row:
        raise Forbidden(_("Only its maker changes a mail, for it shows what its maker may see. Make one of your own."))
    try:
        return _done(visit, mail, wish) if wish else _page(visit, mail)
    except Refused as fault:
        return _page(visit, mail, 400, fault=str(fault), wish=Wish.of_form(form) if wish == "change" else None)


def _done(visit: Visit, mail: ReportMail, wish: str) -> HttpResponse:
    if wish == "now":
        return _send_now(visit, mail)
    with transaction.atomic():
        match wish:
            case "change":
                told = Wish.of_form(visit.request.POST)
                told.put(mail, mail.organisation)
                mail.view = mail_form.view_of(visit, told)
                _keep(visit, mail, "mail.changed")
            case "pause" | "go_on":
                mail.paused, mail.stopped = wish == "pause", ""
                _keep(visit, mail, "mail.paused" if mail.paused else "mail.resumed")
            case "seen":
                mail.runs.filter(state="failed", seen_at=None).update(seen_at=sending.present())
            case "delete" | "back":
                mail.deleted_at = sending.present() if wish == "delete" else None
                _keep(visit, mail, "mail.deleted" if wish == "delete" else "mail.put_back")
                if wish == "delete":
                    return HttpResponseRedirect(f"{reverse('report-mails')}?{urlencode({'deleted': mail.pk})}")
    return _to(mail, done=wish)


def _send_now(visit: Visit, mail: ReportMail) -> HttpResponse:
    """To its maker alone, outside the schedule."""
    error = sending.send_to(mail, getattr(visit.person, "email", ""))
    if error:
        raise Refused(mail_words.error_words(error))
    journal.note(visit.viewer, "mail.sent_to_maker", "report", mail.view.name, address=visit.address, row=mail.pk)
    return _to(mail, done="now")


def _page(visit: Visit, mail: ReportMail, status: int = 200, *, fault: str = "", wish: Wish | None = None) -> HttpResponse:
    runs = [run_line(visit, each) for each in mail.runs.all()[:RUNS]]
    return draw(
        visit,
        "reports/mail.html",
        "reports",
        status,
        fault=fault,
        mail=line(visit, mail),
        runs=runs,
        unseen=any(each["unseen"] for each in runs),
        form=mail_form.context_of(visit, wish or Wish.of_mail(mail)),
        done=visit.request.GET.get("done", ""),
        own_address=getattr(visit.person, "email", ""),
        **_around(visit),
    )


page = for_people(mails, needs="export")
one_page = for_people(one, needs="export")
