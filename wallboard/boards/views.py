"""The page of a board, and the link that opens it on a screen."""

from urllib.parse import urlencode

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from stats import clock
from stats.models import Organisation
from wallboard.boards import screens
from wallboard.boards.board import KINDS, board_for
from wallboard.boards.build import build
from wallboard.boards.layout import layout_for
from wallboard.boards.page import page_of
from wallboard.push import admission, live, sights
from wallboard.push.admission import DatabaseAway, Key, Pass

THEMES = ("dark", "light")
LANGUAGES = ("en", "sv")
# What a television's owner may say of the room, in the address of the board.
SAID_OF_THE_ROOM = ("theme", "lang", "inches", "metres")
LEAST_INCHES, MOST_INCHES = 7.0, 200.0
LEAST_METRES, MOST_METRES = 0.3, 40.0


async def board_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole board with the values of this moment, for who is logged in or carries the board's screen link."""
    if slug not in KINDS:
        raise Http404(slug)
    try:
        entry = await _entry(request, slug)
    except DatabaseAway:
        return _plain(request, "tv/wait.html", 503)
    if entry is None:
        shown = screens.PAGE_COOKIE + slug in request.COOKIES
        return _plain(request, "tv/closed.html", 403) if shown else _to_login(request)
    snapshot = await sights.of(await live.organisation(entry.organisation), entry.viewer.sight).current()
    board = board_for(slug, snapshot.values, snapshot.language, snapshot.timezone)
    asked = request.GET.get("lang", "")
    language = asked if asked in LANGUAGES else snapshot.language if snapshot.language in LANGUAGES else LANGUAGES[0]
    theme = request.GET.get("theme", "")
    page = page_of(
        board,
        snapshot.values,
        layout_for(slug, len(board.queues), len(board.agents), *_room(request)),
        now=clock.now_ms(),
        language=language,
        theme=theme if theme in THEMES else THEMES[0],
        owner=await _owner(entry.organisation),
    )
    with translation.override(language):
        body = render_to_string("tv/board.html", {"page": page, "build": build()}, request)
    return _private(HttpResponse(body))


async def screen_link(request: HttpRequest, token: str) -> HttpResponse:
    """Turns a screen link into cookies, so that the token does not stay in the address bar, and goes to its board."""
    try:
        entry = await admission.passed(Key("screen", token)) if len(token) <= admission.LONGEST_KEY else None
    except DatabaseAway:
        return _plain(request, "tv/wait.html", 503)
    if entry is None or entry.board is None:
        return _plain(request, "tv/closed.html", 403)
    kept = {name: request.GET[name] for name in SAID_OF_THE_ROOM if name in request.GET}
    address = reverse("board", args=[entry.board]) + ("?" + urlencode(kept) if kept else "")
    response = HttpResponseRedirect(address)
    screens.remember(response, token, entry.board, secure=request.is_secure())
    response.headers["Referrer-Policy"] = "no-referrer"
    return _private(response)


async def _entry(request: HttpRequest, slug: str) -> Pass | None:
    token = request.COOKIES.get(screens.PAGE_COOKIE + slug, "")
    if 0 < len(token) <= admission.LONGEST_KEY:
        found = await admission.passed(Key("screen", token))
        if found is not None and found.opens(slug):
            return found
    named = ((b"cookie", "HTTP_COOKIE"), (b"authorization", "HTTP_AUTHORIZATION"))
    headers = [(name, request.META[key].encode("latin-1", "replace")) for name, key in named if key in request.META]
    return await admission.admit(headers, slug)


async def _owner(slug: str) -> str:
    """What the organisation calls itself; nothing where nobody has said."""
    try:
        name = await database_sync_to_async(_name_of)(slug)
    except DatabaseError:
        return ""
    return "" if name.lower() in (slug, "wallboard") else name


def _name_of(slug: str) -> str:
    return Organisation.objects.filter(slug=slug).values_list("name", flat=True).first() or ""


def _room(request: HttpRequest) -> tuple[float | None, float | None]:
    """The screen's diagonal and the farthest reader, where the address tells both sensibly."""
    inches, metres = _number(request, "inches", LEAST_INCHES, MOST_INCHES), _number(request, "metres", LEAST_METRES, MOST_METRES)
    return inches, metres


def _number(request: HttpRequest, name: str, least: float, most: float) -> float | None:
    try:
        number = float(request.GET.get(name, "").replace(",", "."))
    except ValueError:
        return None
    return number if least <= number <= most else None


def _to_login(request: HttpRequest) -> HttpResponse:
    return _private(HttpResponseRedirect(reverse("login") + "?" + urlencode({"next": request.get_full_path()})))


def _plain(request: HttpRequest, template: str, status: int) -> HttpResponse:
    response = HttpResponse(render_to_string(template, {"here": request.get_full_path()}, request), status=status)
    if status == 503:
        response.headers["Retry-After"] = "5"
    return _private(response)


def _private(response: HttpResponse) -> HttpResponse:
    """A board belongs to who asked, now."""
    response.headers["Cache-Control"] = "no-store"
    patch_vary_headers(response, ["Cookie"])
    return response
