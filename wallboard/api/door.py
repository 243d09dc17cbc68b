"""Who may use the API, how often, and how every failure is told.

Rules that hold here: reading only; a bearer token of a program; 20 requests a second and token, bursts of 25; nothing of it is
cached by anybody; a store or database that is away is 503, never 500.
"""

import math
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from stats.live.connection import StoreAway
from wallboard.api.problems import Problem
from wallboard.push import admission
from wallboard.push.admission import ArchiveBehind, DatabaseAway, Key, Pass
from wallboard.push.rates import Bucket

PER_SECOND = 20.0
BURST = 25
METHODS = ("GET", "HEAD", "OPTIONS")
# Somebody who shows wrong tokens may not make us remember them all.
MOST_BUCKETS = 2_000

P = ParamSpec("P")
View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]
Inner = Callable[Concatenate[HttpRequest, Pass, P], Awaitable[object]]

_buckets: dict[str, Bucket] = {}


def guarded(view: Inner[P], *, people: bool = False, needs: str = "look") -> View:
    """A view that gets the pass of a program's token (with `people`, also of a person's login) and returns an answer, or what becomes JSON.

    `needs`: the ability without which nothing is answered but 403.
    """

    @csrf_exempt  # no cookie opens anything here, and what writes is told so as a problem
    @wraps(view)
    async def asked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            _only_reading(request)
            entry = (await _person(request) if people else None) or await _admitted(request)
            if not entry.viewer.may(needs):
                raise Problem(403, f"This token's scopes do not cover this ({needs}); whoever administers the wallboard can make another.")
            _not_too_often(entry)
            return _unkept(await view(request, entry, *args, **kwargs))
        except Problem as problem:
            return problem.as_response()
        except StoreAway:
            return Problem(503, "The live store does not answer; try again in a few seconds.", headers={"Retry-After": "2"}).as_response()
        except ArchiveBehind:
            return Problem(503, "The archive is still taking in calls; try again in a minute.", headers={"Retry-After": "30"}).as_response()
        except DatabaseAway:
            return Problem(503, "The database does not answer; try again in a few seconds.", headers={"Retry-After": "5"}).as_response()

    return asked


def open_to_all(view: Callable[Concatenate[HttpRequest, P], Awaitable[HttpResponse]]) -> View:
    """A view under /api without a token, whose problems are told the same way."""

    @csrf_exempt  # no cookie opens anything here, and what writes is told so as a problem
    @wraps(view)
    async def asked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            _only_reading(request)
            return await view(request, *args, **kwargs)
        except Problem as problem:
            return problem.as_response()

    return asked


def as_json(document: object, status: int = 200) -> HttpResponse:
    """A document as an answer that nobody may keep."""
    response = HttpResponse(msgspec.json.encode(document), status=status, content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response


def _unkept(told: object) -> HttpResponseBase:
    if not isinstance(told, HttpResponseBase):
        return as_json(told)
    told["Cache-Control"] = "no-store"
    return told


def _only_reading(request: HttpRequest) -> None:
    if request.method not in METHODS:
        raise Problem(405, f"{request.method} is not possible here; this API is read only.", headers={"Allow": ", ".join(METHODS)})


async def _person(request: HttpRequest) -> Pass | None:
    secret = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return await admission.passed(Key("person", secret)) if 0 < len(secret) <= admission.LONGEST_KEY else None


async def _admitted(request: HttpRequest) -> Pass:
    scheme, _, secret = request.headers.get("Authorization", "").strip().partition(" ")
    secret = secret.strip()
    challenge = {"WWW-Authenticate": 'Bearer realm="wallboard"'}
    if scheme.lower() != "bearer" or not secret:
        raise Problem(401, "Give an API token: Authorization: Bearer <token>.", headers=challenge)
    if len(secret) <= admission.LONGEST_KEY:
        entry = await admission.passed(Key("program", secret))
        if entry is not None:
            return entry
        if await admission.passed(Key("screen", secret)) is not None:
            raise Problem(403, "This token opens a screen's board, and nothing of the API.")
    raise Problem(
        401,
        "This API token is unknown or revoked.",
        headers={"WWW-Authenticate": challenge["WWW-Authenticate"] + ', error="invalid_token"'},
    )


def _not_too_often(entry: Pass) -> None:
    bucket = _buckets.get(entry.digest)
    if bucket is None:
        if len(_buckets) >= MOST_BUCKETS:
            _buckets.clear()
        bucket = _buckets[entry.digest] = Bucket(PER_SECOND, BURST)
    rest = bucket.take(time.monotonic())
    if rest > 0:
        raise Problem(429, f"A token may ask {PER_SECOND:.0f} times a second.", headers={"Retry-After": str(math.ceil(rest))})
