"""What every page for people has in common: a login, the organisation's values of now, and a way to draw them."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from stats import clock
from stats.domain.facts import Facts
from stats.live.connection import StoreAway
from wallboard.boards.board import KINDS, TITLES
from wallboard.push import live
from wallboard.push.admission import PEOPLES_ORGANISATION
from wallboard.push.live import LiveOrganisation, Snapshot


@dataclass(frozen=True, slots=True)
class Visit:
    """One person's look at a page: who looks, at what, when (epoch ms)."""

    request: HttpRequest
    person: Any
    organisation: LiveOrganisation
    snapshot: Snapshot
    now: int

    @property
    def facts(self) -> Facts:
        """What the mirror holds."""
        return self.organisation.mirror.facts

    @property
    def timezone(self) -> str:
        """In which the page tells times."""
        return self.snapshot.timezone


class NotThere(Exception):
    """What the page is about does not exist; the text says so in words."""


View = Callable[..., Coroutine[Any, Any, HttpResponse]]


def for_people(view: Callable[..., Awaitable[HttpResponse]], *, staff: bool = False) -> View:
    """A page that wants a login (and, with `staff`, the right to change things)."""

    @wraps(view)
    async def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            person = await request.auser()
        except (DatabaseError, InterfaceError):
            request.user = AnonymousUser()
            return draw_plain(request, 503, _("The database does not answer"), _("Boards go on. Try again in a few seconds."))
        # Templates ask for it, and may not ask the database from inside the loop.
        request.user = person
        if not _may_look(person):
            return private(HttpResponseRedirect(reverse("login") + "?" + urlencode({"next": request.get_full_path()})))
        if staff and not getattr(person, "is_staff", False):
            return draw_plain(request, 403, _("This page is for staff"), _("Ask somebody who may administer the wallboard."))
        organisation = await live.organisation(PEOPLES_ORGANISATION)
        snapshot = await organisation.current()
        visit = Visit(request, person, organisation, snapshot, clock.now_ms())
        try:
            return private(await view(visit, *args, **kwargs))
        except StoreAway:
            return draw_plain(request, 503, _("The store of numbers does not answer"), _("Try again in a few seconds."))
        except NotThere as gone:
            return draw_plain(request, 404, _("Nothing here"), str(gone))

    return asked


def _may_look(person: AbstractBaseUser | AnonymousUser) -> bool:
    return bool(person.is_authenticated and person.is_active)


def draw(visit: Visit, template: str, here: str, status: int = 200, **context: Any) -> HttpResponse:
    """The page `templates/app/<template>`; `here` is the entry of the menu it belongs to."""
    return HttpResponse(render_to_string(f"app/{template}", {**common(here), **context, "now": visit.now}, visit.request), status=status)


def draw_plain(request: HttpRequest, status: int, title: str, words: str) -> HttpResponse:
    """A page with a sentence instead of what was asked for."""
    if not hasattr(request, "user") or not getattr(request.user, "is_authenticated", False):
        request.user = AnonymousUser()
    body = render_to_string("app/plain.html", {**common(""), "title": title, "words": words, "status": status}, request)
    return private(HttpResponse(body, status=status))


def common(here: str) -> dict[str, Any]:
    """What the frame around every page shows."""
    return {
        "here": here,
        "boards": [{"slug": slug, "title": TITLES[slug], "address": reverse("board", args=[slug])} for slug in KINDS],
        "clock_offset_s": clock.offset_s(),
    }


def private(response: HttpResponse) -> HttpResponse:
    """Numbers of one organisation, for one person, now."""
    response.headers["Cache-Control"] = "no-store"
    return response
