"""What a television asks for: its code while it belongs to nobody, its board once it does, and its key back when it lost its cookies.

Rules that hold here: nobody types anything on a television; its secret is its own, travels in a cookie no script reads, and is written into
the page only until somebody has claimed it; who is logged in on the same browser does not matter here.
"""

import json
import secrets
from typing import Any

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from stats import clock
from wallboard.accounts.models import Pairing, Screen
from wallboard.accounts.viewer import of_screen
from wallboard.boards import lite, qr
from wallboard.boards.drawing import WAIT_S, Wall, again, drawn, own_address, plain, private
from wallboard.pages.frame import address_of
from wallboard.push.admission import DEVICE_COOKIE, LONGEST_KEY
from wallboard.push.orders import order_of
from wallboard.screens import limits, pairing
from wallboard.screens.codes import grouped
from wallboard.screens.playlist import board_at, steps_of

# Browsers keep a cookie for at most 400 days.
KEPT_S = 400 * 86400
MOST_PIXELS = 100_000


@require_safe
async def tv(request: HttpRequest, template: str = "tv/board.html") -> HttpResponse:
    """GET /tv/: the board of the moment, or a code to pair with."""
    secret = _shown(request)
    is_lite = template == lite.TEMPLATE
    try:
        screen = await database_sync_to_async(_used)(secret) if secret else None
        if screen is not None:
            return _remember(request, await _board(request, screen, template), secret)
        waiting = await database_sync_to_async(pairing.pairing_of)(secret) if secret else None
        if waiting is None:
            if wait := limits.new_codes.count(address_of(request)):
                answer = plain(request, "tv/crowd.html", 429)
                answer.headers["Retry-After"] = str(int(wait) + 1)
                return answer
            secret = secrets.token_urlsafe(32)
            waiting = await database_sync_to_async(pairing.begin)(secret, address_of(request))
    except DatabaseError:
        return plain(request, "tv/wait.html", 503)
    return _remember(request, _pair_page(request, waiting, secret, is_lite=is_lite), secret)


@require_safe
async def tv_lite(request: HttpRequest) -> HttpResponse:
    """GET /tv/lite/: the same for a browser without a script."""
    return await tv(request, lite.TEMPLATE)


@require_safe
async def state(request: HttpRequest) -> HttpResponse:
    """GET /tv/state/: whether somebody has claimed the television, and the code it is to show; it asks every second and a half."""
    secret = _shown(request)
    try:
        found = await database_sync_to_async(_standing)(secret, _seen(request)) if secret else None
    except DatabaseError:
        return private(JsonResponse({"state": "away"}, status=503))
    if found is None:
        return private(JsonResponse({"state": "none"}))
    if isinstance(found, Screen):
        return private(JsonResponse({"state": "paired"}))
    code = _qr_of(request, found)
    return private(JsonResponse({"state": "waiting", "code": found.code, "qr": {"box": code.box, "path": code.path}}))


@require_POST
async def restore(request: HttpRequest) -> HttpResponse:
    """POST /tv/restore/: a television that lost its cookies shows the secret it kept."""
    secret = request.POST.get("secret", "")
    try:
        screen = await database_sync_to_async(pairing.screen_of)(secret) if 0 < len(secret) <= LONGEST_KEY else None
    except DatabaseError:
        return private(JsonResponse({"state": "away"}, status=503))
    if screen is None:
        return private(JsonResponse({"state": "none"}))
    return _remember(request, private(JsonResponse({"state": "paired"})), secret)


def _shown(request: HttpRequest) -> str:
    secret = request.COOKIES.get(DEVICE_COOKIE, "")
    return secret if len(secret) <= LONGEST_KEY else ""


def _used(secret: str) -> Screen | None:
    screen = pairing.screen_of(secret)
    if screen is not None:
        screen.note_use()
    return screen


def _standing(secret: str, seen: dict[str, object]) -> Screen | Pairing | None:
    screen = pairing.screen_of(secret)
    if screen is not None:
        return screen
    waiting = pairing.pairing_of(secret)
    if waiting is not None:
        pairing.note_seen(waiting, seen)
    return waiting


def _seen(request: HttpRequest) -> dict[str, object]:
    """What a television says of itself: nothing of it is believed, it is shown to whoever pairs."""
    numbers = {name: request.GET.get(name, "") for name in ("width", "height")}
    if not all(typed.isdecimal() and int(typed[:8]) < MOST_PIXELS for typed in numbers.values()):
        return {}
    return {"engine": engine_of(request.headers.get("User-Agent", "")), **{name: int(typed) for name, typed in numbers.items()}}


def engine_of(agent: str) -> str:
    """`Chromium 94, Tizen 7.0`, as far as a browser says."""
    found = [name + agent.split(mark, 1)[1].split(" ", 1)[0].split(".", 1)[0] for mark, name in _ENGINES if mark in agent][:1]
    found += [name for mark, name in _MAKERS if mark in agent][:1]
    return ", ".join(found)[:80]


_ENGINES = (("Firefox/", "Firefox "), ("Chrome/", "Chromium "), ("Version/", "Safari "))
_MAKERS = (
    ("Tizen", "Samsung Tizen"),
    ("Web0S", "LG webOS"),
    ("AFT", "Fire TV"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS", "Apple"),
    ("Linux", "Linux"),
)


async def _board(request: HttpRequest, screen: Screen, template: str) -> HttpResponse:
    asked = request.GET.get("board", "")
    steps = steps_of(screen.playlist, screen.board)
    slug = asked if asked in {step.board for step in steps} else board_at(steps, clock.now_ms())
    wall = Wall(inches=screen.inches, metres=screen.metres, theme=screen.theme, language=screen.language)
    order = order_of(screen)
    more: dict[str, Any] = {
        "screen": json.dumps(order, ensure_ascii=False, separators=(",", ":")),
        "look": order["look"],
        "blanked": screen.blanked,
        "screen_name": screen.name,
        "screen_room": screen.room,
        "lite_address": reverse("tv-lite"),
    }
    return await drawn(request, of_screen(screen), slug, wall, template, **more)


def _pair_page(request: HttpRequest, waiting: Pairing, secret: str, *, is_lite: bool) -> HttpResponse:
    texts = {
        "waiting": _("The code changes every ten minutes. Nothing needs to be typed here."),
        "away": _("The server does not answer. This page goes on trying by itself."),
    }
    context = {
        "secret": secret,
        "is_lite": is_lite,
        "qr": _qr_of(request, waiting),
        "first": waiting.code[:4],
        "second": waiting.code[4:],
        "address": own_address(request, reverse("pair")).partition("://")[2].rstrip("/"),
        "say": texts["waiting"],
        "texts": json.dumps(texts, ensure_ascii=False),
    }
    response = private(HttpResponse(render_to_string("tv/pair.html", context, request)))
    return again(response, WAIT_S) if is_lite else response


def _qr_of(request: HttpRequest, waiting: Pairing) -> qr.Qr:
    return qr.drawn(own_address(request, reverse("pair")) + "?code=" + grouped(waiting.code))


def _remember(request: HttpRequest, response: HttpResponse, secret: str) -> HttpResponse:
    response.set_cookie(DEVICE_COOKIE, secret, max_age=KEPT_S, path="/", httponly=True, samesite="Lax", secure=request.is_secure())
    return response
