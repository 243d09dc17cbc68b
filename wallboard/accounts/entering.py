"""The moment somebody is in, by whichever way: a new session key, a line in the log, and on to where they wanted to go."""

from typing import Any

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from wallboard.accounts import events
from wallboard.accounts.models import OpenSession
from wallboard.pages.frame import address_of

# Of the session: a person who has given the right password, and no code yet.
HALF_IN = "half_in"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def finish(request: HttpRequest, person: Any, onward: str, *, how: str, **detail: object) -> HttpResponse:
    """In; `how` is password, app, recovery, outside or invitation."""
    request.session.pop(HALF_IN, None)
    login(request, person, backend=BACKEND)
    remember(request, person)
    events.note(person, "sign_in.done", address_of(request), how=how, **detail)
    return HttpResponseRedirect(safe_onward(request, onward))


def remember(request: HttpRequest, person: Any) -> None:
    """Keeps this browser among those in which the person is signed in."""
    if request.session.session_key is None:
        request.session.save()
    OpenSession.objects.get_or_create(
        session_key=request.session.session_key,
        defaults={"user": person, "address": address_of(request), "browser": request.headers.get("User-Agent", "")[:200]},
    )


def safe_onward(request: HttpRequest, onward: str) -> str:
    """An address on this host, or the front page."""
    safe = url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return onward if onward and safe else resolve_url("/")


def too_many(answer: HttpResponse, wait_s: int) -> HttpResponse:
    """429, and when to come again."""
    answer.status_code = 429
    answer.headers["Retry-After"] = str(wait_s)
    return answer
