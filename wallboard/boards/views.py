"""The page of a board, and the link that opens it on a screen."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from wallboard.boards import lite, screens
from wallboard.boards.board import KINDS
from wallboard.boards.drawing import Wall, drawn, plain, private
from wallboard.push import admission
from wallboard.push.admission import DatabaseAway, Key, Pass

# What a television's owner may say of the room, in the address of the board.
SAID_OF_THE_ROOM = ("theme", "lang", "inches", "metres")
LEAST_INCHES, MOST_INCHES = 7.0, 200.0
LEAST_METRES, MOST_METRES = 0.3, 40.0


async def board_page(request: HttpRequest, slug: str, template: str = "tv/board.html") -> HttpResponse:
    """The whole board with the values of this moment, for who is logged in or carries the board's screen link."""
    if slug not in KINDS:
        raise Http404(slug)
    try:
        entry = await _entry(request, slug)
    except DatabaseAway:
        return plain(request, "tv/wait.html", 503)
    if entry is None:
        shown = screens.PAGE_COOKIE + slug in request.COOKIES
        return plain(request, "tv/closed.html", 403) if shown else _to_login(request)
    inches, metres = _room(request)
    wall = Wall(inches=inches, metres=metres, theme=request.GET.get("theme", ""), language=request.GET.get("lang", ""))
    more = {"lite_address": reverse("board-lite", args=[slug]) + ("?" + request.GET.urlencode() if request.GET else "")}
    return await drawn(request, entry.viewer, slug, wall, template, **more)


async def lite_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The same without a script, drawn anew every quarter of a minute."""
    return await board_page(request, slug, lite.TEMPLATE)


async def screen_link(request: HttpRequest, token: str) -> HttpResponse:
    """Turns a screen link into cookies, so that the token does not stay in the address bar, and goes to its board."""
    try:
        entry = await admission.passed(Key("screen", token)) if len(token) <= admission.LONGEST_KEY else None
    except DatabaseAway:
        return plain(request, "tv/wait.html", 503)
    if entry is None or entry.board is None:
        return plain(request, "tv/closed.html", 403)
    kept = {name: request.GET[name] for name in SAID_OF_THE_ROOM if name in request.GET}
    address = reverse("board", args=[entry.board]) + ("?" + urlencode(kept) if kept else "")
    response = HttpResponseRedirect(address)
    screens.remember(response, token, entry.board, secure=request.is_secure())
    response.headers["Referrer-Policy"] = "no-referrer"
    return private(response)


async def _entry(request: HttpRequest, slug: str) -> Pass | None:
    token = request.COOKIES.get(screens.PAGE_COOKIE + slug, "")
    if 0 < len(token) <= admission.LONGEST_KEY:
        found = await admission.passed(Key("screen", token))
        if found is not None and found.opens(slug):
            return found
    named = ((b"cookie", "HTTP_COOKIE"), (b"authorization", "HTTP_AUTHORIZATION"))
    headers = [(name, request.META[key].encode("latin-1", "replace")) for name, key in named if key in request.META]
    return await admission.admit(headers, slug)


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
    return private(HttpResponseRedirect(reverse("login") + "?" + urlencode({"next": request.get_full_path()})))
