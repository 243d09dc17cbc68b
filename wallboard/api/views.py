"""The addresses of the API, each a few lines over the rooms that know."""

from django.http import HttpRequest, HttpResponse

from wallboard.api.door import as_json, guarded, open_to_all
from wallboard.api.live_document import live_document
from wallboard.api.openapi import DESCRIPTION
from wallboard.api.problems import Problem
from wallboard.push import live, sights
from wallboard.push.admission import Pass


@guarded
async def now(_request: HttpRequest, entry: Pass) -> object:
    """GET /api/v1/live"""
    return live_document(await sights.of(await live.organisation(entry.organisation), entry.viewer.sight).fresh())


@open_to_all
async def description(_request: HttpRequest) -> HttpResponse:
    """GET /api/v1/openapi.json"""
    return as_json(DESCRIPTION)


@open_to_all
async def nothing(request: HttpRequest, rest: str) -> HttpResponse:
    """Every other address under /api."""
    raise Problem(404, "There is nothing here; /api/v1/openapi.json lists what there is.")
