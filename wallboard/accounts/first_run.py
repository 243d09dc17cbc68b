"""The first run: until somebody has an account, whoever holds a code of this machine may make the first one.

Rules that hold here: the code lies in VAR_DIR, readable by its owner alone, from the first start to the first account; a stranger without
it is told where it is, and nothing else; it is gone in the same step in which the first account is there.
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from pathlib import Path

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.decorators import sync_and_async_middleware

from stats.models import Organisation
from wallboard.accounts.models import Membership
from wallboard.secrets import kept_secret

# Of the session: the digest of the code with which it was opened.
OPENED = "first_run"


class TooLate(Exception):
    """Somebody has an account already."""


def begin() -> str:
    """The code, made when nobody has an account; "" when somebody has. Raises django.db.Error."""
    if get_user_model()._default_manager.exists():
        end()
        return ""
    return kept_secret(_file())


def is_on() -> bool:
    """Whether the first account is still to be made. Costs a look at a file; the database is asked only where that is there."""
    if not _file().exists():
        return False
    if get_user_model()._default_manager.exists():
        end()
        return False
    return True


def end() -> None:
    """The code opens nothing any more."""
    _file().unlink(missing_ok=True)


def opens(code: str) -> bool:
    """Whether this is the code."""
    try:
        return bool(code) and hmac.compare_digest(digest_of(code), digest_of(kept_secret(_file())))
    except OSError:
        return False


def is_opened(digest: str) -> bool:
    """Whether a session was opened with the code of now."""
    try:
        return bool(digest) and _file().exists() and hmac.compare_digest(digest, digest_of(kept_secret(_file())))
    except OSError:
        return False


def digest_of(code: str) -> str:
    """What a session remembers of a code."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def make_first(organisation: Organisation, username: str, password: str) -> Membership:
    """The first account, which administers everything; of two who try at once one is TooLate."""
    people = get_user_model()._default_manager
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=organisation.pk)
        if people.exists():
            raise TooLate
        person = people.create_user(username=username, password=password, is_staff=True, is_superuser=True)
        membership = Membership.objects.create(user=person, organisation=organisation, role="admin")
    end()
    return membership


@sync_and_async_middleware
def leads_to_setup(
    get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]:
    """Middleware: while the first account is to be made, whoever is sent to log in is sent to make it."""
    if iscoroutinefunction(get_response):

        async def in_the_loop(request: HttpRequest) -> HttpResponseBase:
            response = await get_response(request)
            wanted = _asks_for_login(request, response) and await sync_to_async(_is_on_surely)()
            return HttpResponseRedirect(reverse("setup")) if wanted else response

        return in_the_loop

    def in_a_thread(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        assert isinstance(response, HttpResponseBase)
        return HttpResponseRedirect(reverse("setup")) if _asks_for_login(request, response) and _is_on_surely() else response

    return in_a_thread


def _asks_for_login(request: HttpRequest, response: HttpResponseBase) -> bool:
    login = reverse("login")
    if request.method != "GET":
        return False
    return request.path == login or (response.status_code == 302 and response.headers.get("Location", "").startswith(login))


def _is_on_surely() -> bool:
    try:
        return is_on()
    except DatabaseError:
        return False


def _file() -> Path:
    return Path(settings.VAR_DIR) / "setup_code"
