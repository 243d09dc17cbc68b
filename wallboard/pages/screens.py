"""Links for televisions: made here, shown once, and taken back here."""

from dataclasses import dataclass

from channels.db import database_sync_to_async
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from wallboard.accounts import models
from wallboard.boards.board import KINDS, TITLES
from wallboard.boards.screens import issue
from wallboard.pages.frame import Visit, draw, for_people
from wallboard.pages.words import day_and_time

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A link that opens a board."""

    pk: int
    name: str
    board: str
    made: str


async def screens(visit: Visit) -> HttpResponse:
    """GET and POST /screens/"""
    address, fault, name = "", "", ""
    if visit.request.method == "POST":
        board, name = visit.request.POST.get("board", ""), " ".join(visit.request.POST.get("name", "").split())
        if board not in KINDS:
            fault = _("Choose a board.")
        elif not 0 < len(name) <= LONGEST_NAME:
            fault = _("Give the screen a name of at most %(n)d letters, such as the room it hangs in.") % {"n": LONGEST_NAME}
        else:
            token = await database_sync_to_async(issue)(board, name)
            address = visit.request.build_absolute_uri(reverse("screen-link", args=[token]))
    known = await database_sync_to_async(_all_of)(visit.organisation.slug, visit.timezone)
    status = 400 if fault else 200
    choices = [{"slug": slug, "title": str(TITLES[slug])} for slug in KINDS]
    return draw(
        visit, "screens.html", "screens", status, screens=known, choices=choices, address=address, fault=fault, name="" if address else name
    )


async def revoke(visit: Visit, pk: int) -> HttpResponse:
    """POST /screens/<pk>/revoke/"""
    if visit.request.method == "POST":
        await database_sync_to_async(_revoke)(visit.organisation.slug, pk)
    return HttpResponseRedirect(reverse("screens"))


def _all_of(organisation: str, timezone: str) -> list[Screen]:
    rows = models.Screen.objects.filter(organisation__slug=organisation, revoked_at=None).order_by("-created_at")[:200]
    return [
        Screen(
            pk=row.pk,
            name=row.name,
            board=str(TITLES.get(row.board, row.board)),
            made=day_and_time(int(row.created_at.timestamp() * 1000), timezone)[:16],
        )
        for row in rows
    ]


def _revoke(organisation: str, pk: int) -> None:
    row = models.Screen.objects.filter(organisation__slug=organisation, pk=pk).first()
    if row is not None:
        row.revoke()


page = for_people(screens, needs="screens")
revoke_page = for_people(revoke, needs="screens")
