"""Saved views, `/reports/views/`: a report as somebody wants to find it again, for themselves or for everybody.

Rules that hold here: opening a view is a link and nothing more, so that a shared one shows each what they may see; everybody saves their
own, whoever may take files away shares, and an admin may end the sharing; what is deleted can be had back for ten minutes.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from channels.db import database_sync_to_async
from django.db import DatabaseError, IntegrityError, InterfaceError, transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from stats.domain.periods import business_day
from stats.models import Organisation
from wallboard.accounts import journal
from wallboard.pages.frame import Forbidden, NotThere, Visit, draw, for_people
from wallboard.reports import words
from wallboard.reports.asked import Asked, Unfit, read_asked
from wallboard.reports.bar import names_of
from wallboard.reports.models import SavedView, UsualView

LONGEST_NAME, LONGEST_QUERY = 80, 8000
MOST = 200
SHARES, ADMINISTERS = "export", "people"
UNDO = timedelta(minutes=10)


class Refused(Exception):
    """A wish that cannot be granted; the text says why."""


async def views(visit: Visit) -> HttpResponse:
    """GET and POST /reports/views/; `tab` and `query` are what was on the screen."""
    return await database_sync_to_async(_views)(visit)


def _views(visit: Visit) -> HttpResponse:
    form = visit.request.POST
    if visit.request.method != "POST":
        return _show(visit)
    try:
        with transaction.atomic():
            view = save(visit, form.get("name", ""), form.get("tab", ""), form.get("query", ""), shared="shared" in form)
    except Refused as fault:
        return _show(visit, 400, fault=str(fault), name=form.get("name", ""), wants_shared="shared" in form)
    return _back(saved=view.name)


def _back(**told: object) -> HttpResponse:
    return HttpResponseRedirect(reverse("report-views") + (f"?{urlencode(told)}" if told else ""))


def in_sight(visit: Visit) -> QuerySet[SavedView]:
    """The views somebody may open: their own, and shared ones whose tab is open to them."""
    mine = Q(owner=visit.person) | Q(shared=True)
    tabs = [tab for tab, (_label, ability) in words.TABS.items() if visit.may(ability)]
    found = SavedView.objects.select_related("owner").filter(mine, organisation__slug=visit.viewer.organisation, deleted_at=None)
    return found.filter(tab__in=tabs)


def address_of(view: SavedView) -> str:
    """Where a view is opened."""
    return f"/reports/{view.tab}/{f'?{view.query}' if view.query else ''}"


def read_screen(visit: Visit, tab: str, query: str) -> tuple[str, str]:
    """Tab and query of what is to be kept, as they are kept. Raises Refused."""
    if tab not in words.TABS or not visit.may(words.TABS[tab][1]):
        raise Refused(_("There is no such report to save. Open a report, and choose “Save view” there."))
    if len(query) > LONGEST_QUERY:
        raise Refused(_("This report asks for too much to be saved: choose fewer queues or agents."))
    kept = QueryDict(query, mutable=True)
    for name in ("format", "tab"):
        kept.pop(name, None)
    try:
        read_asked(kept, business_day(visit.now, visit.timezone))
    except Unfit as fault:
        raise Refused(str(fault)) from None
    return tab, kept.urlencode()


def save(visit: Visit, name: str, tab: str, query: str, *, shared: bool = False) -> SavedView:
    """A new view of one's own, inside a transaction. Raises Refused."""
    tab, query = read_screen(visit, tab, query)
    name = _name(name)
    _may_share(visit, shared)
    organisation = Organisation.objects.get(slug=visit.viewer.organisation)
    mine = SavedView.objects.filter(organisation=organisation, owner=visit.person, deleted_at=None)
    if mine.count() >= MOST:
        raise Refused(_("You have saved very many views. Delete some that nobody uses first."))
    made = SavedView(organisation=organisation, owner=visit.person, name=name, tab=tab, query=query, shared=shared)
    _keep(made)
    if shared:
        journal.note(visit.viewer, "view.shared", "report", name, address=visit.address)
    return made


def _name(written: str) -> str:
    name = " ".join(written.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise Refused(_("Give the view a name of at most %(n)d letters.") % {"n": LONGEST_NAME})
    return name


def _may_share(visit: Visit, shared: bool) -> None:
    if shared and not visit.may(SHARES):
        raise Refused(_("Views are shared by supervisors and admins."))


def _keep(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        raise Refused(_("You have a view of that name already. Choose another name, or replace that view.")) from None


async def change(visit: Visit, pk: int) -> HttpResponse:
    """POST /reports/views/<pk>/ with `do`: rename, share, unshare, replace, usual, not_usual, delete, back."""
    return await database_sync_to_async(_change)(visit, pk)


def _change(visit: Visit, pk: int) -> HttpResponse:
    form = visit.request.POST
    if visit.request.method != "POST":
        return _back()
    wish = form.get("do", "")
    try:
        with transaction.atomic():
            if wish in ("usual", "not_usual"):
                return _choose_usual(visit, pk, wish == "usual")
            view = _mine(visit, pk, deleted=wish == "back", ends_sharing=wish == "unshare")
            return _done(visit, view, wish)
    except Refused as fault:
        return _show(visit, 400, fault=str(fault))


def _mine(visit: Visit, pk: int, *, deleted: bool, ends_sharing: bool) -> SavedView:
    """A view that is the visitor's to change."""
    found = SavedView.objects.select_for_update(of=("self",)).filter(organisation__slug=visit.viewer.organisation, pk=pk)
    view = found.filter(deleted_at__gt=timezone.now() - UNDO) if deleted else found.filter(deleted_at=None)
    row = view.filter(Q(owner=visit.person) | Q(shared=True)).first()
    if row is None:
        raise NotThere(_("It is too late to have this view back.") if deleted else _("There is no such view any more."))
    if row.owner_id != visit.viewer.row and not (ends_sharing and visit.may(ADMINISTERS)):
        raise Forbidden(_("This view is somebody else's."))
    return row


def _done(visit: Visit, view: SavedView, wish: str) -> HttpResponse:
    form = visit.request.POST
    match wish:
        case "rename":
            view.name = _name(form.get("name", ""))
        case "share" | "unshare":
            _may_share(visit, wish == "share")
            view.shared = wish == "share"
            journal.note(visit.viewer, "view.shared" if view.shared else "view.unshared", "report", view.name, address=visit.address)
        case "replace":
            view.tab, view.query = read_screen(visit, form.get("tab", ""), form.get("query", ""))
        case "delete":
            SavedView.objects.filter(pk=view.pk).update(deleted_at=timezone.now())
            return _back(deleted=view.pk)
        case "back":
            view.deleted_at = None
        case _:
            return _back()
    _keep(view)
    return _back(saved=view.name)


def _choose_usual(visit: Visit, pk: int, chosen: bool) -> HttpResponse:
    organisation = Organisation.objects.get(slug=visit.viewer.organisation)
    mine = UsualView.objects.filter(organisation=organisation, person=visit.person)
    if not chosen:
        mine.filter(view_id=pk).delete()
        return _back()
    view = in_sight(visit).filter(pk=pk).first()
    if view is None:
        raise NotThere(_("There is no such view any more."))
    UsualView.objects.update_or_create(organisation=organisation, person=visit.person, defaults={"view": view})
    return _back(saved=view.name)


def _show(visit: Visit, status: int = 200, *, fault: str = "", name: str = "", wants_shared: bool = False) -> HttpResponse:
    request = visit.request
    told = request.POST if request.method == "POST" and "tab" in request.POST else request.GET
    screen: dict[str, str] | None = None
    if told.get("tab"):
        try:
            tab, query = read_screen(visit, told["tab"], told.get("query", ""))
            known = SavedView(tab=tab, query=query)
            screen = {"tab": tab, "query": query, "words": words_of(visit, known), "address": address_of(known)}
        except Refused as wrong:
            fault, status = fault or str(wrong), 400
    usual = (
        UsualView.objects.filter(organisation__slug=visit.viewer.organisation, person=visit.person).values_list("view", flat=True).first()
    )
    rows = list(in_sight(visit).annotate(sent=Count("mails", filter=Q(mails__deleted_at=None))))
    deleted = request.GET.get("deleted", "")
    gone = SavedView.objects.filter(pk=int(deleted) if deleted.isascii() and deleted.isdigit() and len(deleted) < 18 else 0)
    return draw(
        visit,
        "reports/views.html",
        "reports",
        status,
        fault=fault,
        name=name,
        wants_shared=wants_shared,
        screen=screen,
        mine=[_line(visit, each, usual) for each in rows if each.owner_id == visit.viewer.row],
        shared=[_line(visit, each, usual) for each in rows if each.owner_id != visit.viewer.row],
        deleted=gone.filter(owner=visit.person, deleted_at__gt=timezone.now() - UNDO).first(),
        saved=request.GET.get("saved", ""),
        shares=visit.may(SHARES),
        mails=visit.may("export"),
    )


def _line(visit: Visit, view: SavedView, usual: int | None) -> dict[str, Any]:
    return {
        "pk": view.pk,
        "name": view.name,
        "owner": view.owner.get_username(),
        "words": words_of(visit, view),
        "address": address_of(view),
        "shared": view.shared,
        "usual": view.pk == usual,
        "mails": getattr(view, "sent", 0),
        "mine_to_end": visit.may(ADMINISTERS),
    }


def words_of(visit: Visit, view: SavedView) -> str:
    """What a view shows: `Intervals, 7 days, Support, 08:00–17:00`."""
    try:
        asked = read_asked(QueryDict(view.query), business_day(visit.now, visit.timezone))
    except Unfit:
        return _("cannot be read any more")
    tab = str(words.TABS[view.tab][0]) if view.tab in words.TABS else view.tab
    days = str(words.PERIODS[asked.period]) if asked.period else words.days_words(asked.first, asked.last)
    return ", ".join(each for each in (tab, days, *_filters(visit, asked), words.hours_words(asked.hours)) if each)


def _filters(visit: Visit, asked: Asked) -> list[str]:
    found = []
    for kind, keys, many in (("queue", asked.queues, _("%(n)d queues")), ("agent", asked.agents, _("%(n)d agents"))):
        known = names_of(visit, kind) if keys and (kind == "queue" or visit.may("agents")) else {}
        if keys:
            found.append(many % {"n": len(keys)} if len(keys) > 2 else ", ".join(known.get(key, f"#{key}") for key in keys))
    return found


async def start(visit: Visit) -> HttpResponse:
    """GET /reports/: with whatever was asked to the first tab; with nothing to the view somebody has chosen to begin with."""
    asked = visit.request.GET.urlencode()
    address = "" if asked else await database_sync_to_async(_usual)(visit)
    return HttpResponseRedirect(address or reverse("report-interval") + (f"?{asked}" if asked else ""))


def _usual(visit: Visit) -> str:
    try:
        chosen = UsualView.objects.filter(organisation__slug=visit.viewer.organisation, person=visit.person)
        view = in_sight(visit).filter(pk__in=chosen.values("view")).first()
    except (DatabaseError, InterfaceError):
        return ""
    return "" if view is None else address_of(view)


page = for_people(views, needs="look")
change_page = for_people(change, needs="look")
start_page = for_people(start, needs="look")
