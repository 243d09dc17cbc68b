"""What people are told when a page failed: that the database does not answer, where that is so, and when to come again.

Rules that hold here: nothing here asks the database, whoever is logged in; one line in the log, and no traceback, for what is no
fault of ours.
"""

import sys

import structlog
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.defaults import server_error

log = structlog.get_logger(__name__)

AGAIN_AFTER_S = 10


def failed(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: 503 while the database is away, else the plain page for a fault of ours."""
    why = sys.exc_info()[1]
    while why is not None and not isinstance(why, DatabaseError | InterfaceError):
        why = why.__cause__
    if why is None:
        return server_error(request)
    log.warning("page.database_away", reason=type(why).__name__)
    # Who asks cannot be found out, and templates would try.
    request.user = AnonymousUser()
    words = {
        "title": _("Temporarily unavailable"),
        "words": _(
            "The database does not answer, so nobody can be let in and nothing can be looked up just now. "
            "Boards that are open go on. Try again in a little while; nothing that happens meanwhile is lost."
        ),
        "status": 503,
    }
    response = HttpResponse(render_to_string("app/plain.html", words, request), status=503)
    response.headers["Retry-After"] = str(AGAIN_AFTER_S)
    response.headers["Cache-Control"] = "no-store"
    # Django would write the whole traceback of what the line above has said.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
