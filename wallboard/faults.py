"""What people see when an address, a name or a permission is wrong: the product's own look, and words that say what to do.

Rules that hold here: nothing here asks the database or repeats what the asker sent; `wallboard.unavailable` has the faults of ours.
"""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404"""
    return _page(request, 404, _("That page does not exist"), _("The address may be mistyped, or what it led to is gone."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403"""
    return _page(request, 403, _("This is not open to you"), _("Log in as somebody who may, or go back and try again."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: most often a name that ALLOWED_HOSTS does not hold."""
    if isinstance(exception, DisallowedHost):
        words = _("The wallboard is not called by the name in the address. Whoever runs it can add it to ALLOWED_HOSTS.")
        return _page(request, 400, _("This name is not ours"), words)
    return _page(request, 400, _("That was not understood"), _("Go back and try again."))


def _page(request: HttpRequest, status: int, title: str, words: str) -> HttpResponse:
    # Templates ask who is there, and that would ask the database.
    request.user = AnonymousUser()
    body = render_to_string("app/plain.html", {"title": title, "words": words, "status": status, "way_home": status != 400}, request)
    response = HttpResponse(body, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
