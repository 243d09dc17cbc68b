"""A board as the page that somebody gets: whose values, in which language, on which wall.

Rules that hold here: the values are those this viewer may see; what is said of the wall (inches, metres, theme, language) changes how the
board is drawn and never what is on it.
"""

from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from stats import clock
from stats.models import Organisation
from wallboard.accounts.viewer import Viewer
from wallboard.boards import lite, qr
from wallboard.boards.board import board_for
from wallboard.boards.build import build
from wallboard.boards.layout import layout_for
from wallboard.boards.page import page_of
from wallboard.push import live, sights

WAIT_S = 5
# Sentences that stand only until the next try.
ASKED_AGAIN = {"tv/wait.html": WAIT_S, "tv/crowd.html": 10}
THEMES = ("dark", "light")
LANGUAGES = ("en", "sv")
# The number that calls somebody over to a board: the calls behind it are one code away.
HERO = "longest_wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """What is said of the room a board hangs in; what is not said is as usual."""

    inches: float | None = None
    metres: float | None = None
    theme: str = ""
    language: str = ""


async def drawn(request: HttpRequest, viewer: Viewer, slug: str, wall: Wall, template: str = "tv/board.html", **more: Any) -> HttpResponse:
    """The page of the board `slug` for this viewer. Raises NoSuchBoard."""
    snapshot = await sights.of(await live.organisation(viewer.organisation), viewer.sight).current()
    board = board_for(slug, snapshot.values, snapshot.language, snapshot.timezone)
    language = next(each for each in (wall.language, snapshot.language, LANGUAGES[0]) if each in LANGUAGES)
    page = page_of(
        board,
        snapshot.values,
        layout_for(slug, len(board.queues), len(board.agents), wall.inches, wall.metres),
        now=clock.now_ms(),
        language=language,
        theme=wall.theme if wall.theme in THEMES else THEMES[0],
        owner=await _owner(viewer.organisation),
    )
    context = {"page": page, "build": build(), "ways": ways(request, slug), "screen_name": board.title, **more}
    with translation.override(language):
        if template == lite.TEMPLATE:
            context["lite"] = lite.of(page, snapshot.values)
        body = render_to_string(template, context, request)
    response = private(HttpResponse(body))
    return again(response, lite.AGAIN_S) if template == lite.TEMPLATE else response


def ways(request: HttpRequest, slug: str) -> dict[str, qr.Qr]:
    """The codes a telephone reads off a board: the board itself, and the calls behind its first number."""
    numbers = f"/numbers/site/{HERO}/"
    return {"board": qr.drawn(own_address(request, reverse("board", args=[slug]))), "numbers": qr.drawn(own_address(request, numbers))}


def own_address(request: HttpRequest, path: str) -> str:
    """An address of ours, whole, by the name this installation has given itself, else by the one the browser called it."""
    base = str(settings.PUBLIC_URL or "").rstrip("/")
    return base + path if base else request.build_absolute_uri(path)


async def _owner(slug: str) -> str:
    """What the organisation calls itself; nothing where nobody has said."""
    try:
        name = await database_sync_to_async(_name_of)(slug)
    except DatabaseError:
        return ""
    return "" if name.lower() in (slug, "wallboard") else name


def _name_of(slug: str) -> str:
    return Organisation.objects.filter(slug=slug).values_list("name", flat=True).first() or ""


def plain(request: HttpRequest, template: str, status: int) -> HttpResponse:
    """A sentence where a board would be."""
    response = HttpResponse(render_to_string(template, {"here": request.get_full_path()}, request), status=status)
    if status == 503:
        response.headers["Retry-After"] = str(WAIT_S)
    return again(private(response), ASKED_AGAIN[template]) if template in ASKED_AGAIN else private(response)


def again(response: HttpResponse, seconds: int) -> HttpResponse:
    """A page that a browser fetches anew by itself, whether it runs scripts or not; the page says the same where there are none."""
    response.headers["Refresh"] = str(seconds)
    return response


def private(response: HttpResponse) -> HttpResponse:
    """A board belongs to who asked, now."""
    response.headers["Cache-Control"] = "no-store"
    patch_vary_headers(response, ["Cookie"])
    return response
