"""Screen links: an address that opens one board on a television, without a login, until somebody revokes it.

Rules that hold here: the token is shown once and kept only as a digest; a browser carries it in cookies that no script can read,
each sent only where it is needed, so that one browser may show both boards, each with its own link.
"""

from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpResponseBase

from stats.models import Organisation
from wallboard.accounts.models import Screen
from wallboard.boards.board import KINDS, NoSuchBoard

# The socket's cookie; the page's is PAGE_COOKIE and the board's slug.
SOCKET_COOKIE = "wb_screen"
PAGE_COOKIE = "wb_screen_"
# Browsers keep a cookie for at most 400 days.
KEPT_S = 400 * 86400
ORGANISATION = "default"


class NotReady(RuntimeError):
    """The product has not been started on this machine yet."""


def issue(
    board_slug: str, name: str = "", organisation_slug: str = ORGANISATION, queues: frozenset[str] | None = None, names: str = "full"
) -> str:
    """A new token in clear, which is never to be had again; `queues` None: of all; `names`: how agents are named.

    Raises NoSuchBoard and NotReady.
    """
    if board_slug not in KINDS:
        raise NoSuchBoard(board_slug)
    try:
        organisation = Organisation.objects.filter(slug=organisation_slug).first() or Organisation.objects.first()
    except DatabaseError as error:
        raise NotReady("The database is not ready. Start `manage.py up` once, it prepares everything.") from error
    if organisation is None:
        raise NotReady("There is no organisation yet. Start `manage.py up` once, it makes one.")
    screen, token = Screen.issue(organisation, board_slug, name or f"Link to {board_slug}")
    screen.queues, screen.names = None if queues is None else sorted(queues), names
    screen.save(update_fields=["queues", "names"])
    return token


def resolve(token: str) -> Screen | None:
    """The row of a token that exists and is not revoked."""
    return Screen.find(token)


def screen_address(board_slug: str, name: str = "") -> str:
    """A new screen link, whole: below PUBLIC_URL where that is set, else on this machine. Raises NoSuchBoard and NotReady."""
    base = str(settings.PUBLIC_URL or f"http://127.0.0.1:{settings.PORT}").rstrip("/")
    return f"{base}/s/{issue(board_slug, name)}/"


def remember(response: HttpResponseBase, token: str, board_slug: str, *, secure: bool) -> None:
    """Gives the browser the board's two cookies."""
    common: dict[str, Any] = {"max_age": KEPT_S, "httponly": True, "samesite": "Lax", "secure": secure}
    response.set_cookie(SOCKET_COOKIE, token, path=f"/ws/boards/{board_slug}/", **common)
    response.set_cookie(PAGE_COOKIE + board_slug, token, path=f"/boards/{board_slug}/", **common)
