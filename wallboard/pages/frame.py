"""What every page for people has in common: a login, what its person may see of the organisation's values of now, and a way to draw them.

Rules that hold here: a page names the ability it needs and is shown to nobody without it; `snapshot` holds what the viewer may see and no
more; `facts` is everything, and whoever reads it asks the viewer first.
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from stats import clock
from stats.domain.facts import Facts
from stats.live.connection import StoreAway
from wallboard.accounts import journal
from wallboard.accounts.viewer import CHOSEN, Viewer, of_person
from wallboard.boards.board import KINDS, TITLES
from wallboard.push import live, sights
from wallboard.push.live import LiveOrganisation, Snapshot
from wallboard.push.naming import Naming


@dataclass(frozen=True, slots=True)
class Visit:
    """One person's look at a page: who looks, at what, when (epoch ms)."""

    request: HttpRequest
    person: Any
    viewer: Viewer
    organisation: LiveOrganisation
    snapshot: Snapshot
    now: int

    def may(self, ability: str) -> bool:
        """Whether the person has this ability (`wallboard.accounts.roles`)."""
        return self.viewer.may(ability)

    async def note(self, action: str, subject_kind: str = "", subject: str = "", **detail: object) -> None:
        """Writes one line of the audit log."""
        await journal.anote(self.viewer, action, subject_kind, subject, address=self.address, **detail)

    async def note_look(self, action: str, subject_kind: str, subject: str) -> None:
        """Writes down that the person looked at somebody or something; once in ten minutes."""
        await journal.anote_look(self.viewer, action, subject_kind, subject, address=self.address)

    @property
    def address(self) -> str:
        """Where the person's browser is, as far as we are told."""
        return address_of(self.request)

    def agent_name(self, key: str | None, name: object) -> str | None:
        """How this viewer is told an agent's name; None where there is none."""
        told = self.snapshot.values.get(f"agent:{key}")
        if self.viewer.names != "full" and told is not None and isinstance(told.get("name"), str):
            return str(told["name"])
        return Naming(self.viewer.organisation, self.viewer.names).name_of(key or "", name)

    @property
    def facts(self) -> Facts:
        """What the mirror holds, of the whole organisation: ask `viewer` before showing any of it."""
        return self.organisation.mirror.facts

    @property
    def timezone(self) -> str:
        """In which the page tells times."""
        return self.snapshot.timezone


class NotThere(Exception):
    """What the page is about does not exist; the text says so in words."""


Answer = TypeVar("Answer", bound=HttpResponseBase)
View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]
# What is said above every page to whom it concerns: words, and where to go. Rooms put theirs here when they begin.
notices: list[Callable[[Viewer], Awaitable[Sequence[tuple[str, str]]]]] = []


class Forbidden(Exception):
    """The person may see the page, but not do this; the text says so in words."""


def for_people(view: Callable[..., Awaitable[HttpResponseBase]], *, needs: str = "look") -> View:
    """A page for whoever is logged in and has the ability `needs`."""

    @wraps(view)
    async def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            person = await request.auser()
            viewer = await _viewer(request, person) if _may_look(person) else None
        except (DatabaseError, InterfaceError):
            request.user = AnonymousUser()
            return draw_plain(request, 503, _("The database does not answer"), _("Boards go on. Try again in a few seconds."))
        # Templates ask for it, and may not ask the database from inside the loop.
        request.user = person
        if not _may_look(person):
            return private(HttpResponseRedirect(reverse("login") + "?" + urlencode({"next": request.get_full_path()})))
        if viewer is None:
            words = _("Nobody has let you into an organisation yet. Ask somebody who administers the wallboard to invite you.")
            return draw_plain(request, 403, _("You belong to no organisation"), words)
        request.viewer = viewer  # type: ignore[attr-defined]  # for the frame around the page
        request.notices = [told for ask in notices for told in await ask(viewer)]  # type: ignore[attr-defined]  # likewise
        if not viewer.may(needs):
            return draw_plain(request, 403, _("This page is not open to you"), _("Ask somebody who administers the wallboard."))
        organisation = await live.organisation(viewer.organisation)
        snapshot = await sights.of(organisation, viewer.sight).current()
        visit = Visit(request, person, viewer, organisation, snapshot, clock.now_ms())
        try:
            return private(await view(visit, *args, **kwargs))
        except StoreAway:
            return draw_plain(request, 503, _("The store of numbers does not answer"), _("Try again in a few seconds."))
        except NotThere as gone:
            return draw_plain(request, 404, _("Nothing here"), str(gone))
        except Forbidden as refused:
            return draw_plain(request, 403, _("This is not open to you"), str(refused))

    return asked


def _may_look(person: AbstractBaseUser | AnonymousUser) -> bool:
    return bool(person.is_authenticated and person.is_active)


async def _viewer(request: HttpRequest, person: Any) -> Viewer | None:
    chosen = await request.session.aget(CHOSEN, "")
    return await database_sync_to_async(of_person)(person, str(chosen), looks=True)


def address_of(request: HttpRequest) -> str:
    """Where a request comes from: behind a proxy of ours what that says last, else the other end of the line."""
    if settings.BEHIND_PROXY and (told := request.headers.get("X-Forwarded-For", "")):
        return told.rpartition(",")[2].strip()[:64]
    return str(request.META.get("REMOTE_ADDR", ""))[:64]


def draw(visit: Visit, template: str, here: str, status: int = 200, **context: Any) -> HttpResponse:
    """The page `templates/app/<template>`; `here` is the entry of the menu it belongs to."""
    known = {**common(here), **about_viewer(visit.viewer), **context, "now": visit.now}
    return HttpResponse(render_to_string(f"app/{template}", known, visit.request), status=status)


def draw_plain(request: HttpRequest, status: int, title: str, words: str) -> HttpResponse:
    """A page with a sentence instead of what was asked for."""
    if not hasattr(request, "user") or not getattr(request.user, "is_authenticated", False):
        request.user = AnonymousUser()
    viewer = getattr(request, "viewer", None)
    known = {**common(""), **(about_viewer(viewer) if viewer is not None else {}), "title": title, "words": words, "status": status}
    body = render_to_string("app/plain.html", known, request)
    return private(HttpResponse(body, status=status))


def about_viewer(viewer: Viewer) -> dict[str, Any]:
    """What templates ask of the viewer: `may.screens` and the like."""
    return {"viewer": viewer, "may": dict.fromkeys(viewer.abilities, True)}


def common(here: str) -> dict[str, Any]:
    """What the frame around every page shows."""
    return {
        "here": here,
        "boards": [{"slug": slug, "title": TITLES[slug], "address": reverse("board", args=[slug])} for slug in KINDS],
        "clock_offset_s": clock.offset_s(),
    }


def private(response: Answer) -> Answer:
    """Numbers of one organisation, for one person, now."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response
