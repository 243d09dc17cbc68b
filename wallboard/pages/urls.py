"""Addresses of the pages for people."""

from django.urls import path

from wallboard.pages import (
    agents,
    callers,
    calls,
    definitions,
    health,
    overview,
    privacy,
    queues,
    receipts,
    roster,
    search,
    setup,
    sinks,
    source_hooks,
    source_token,
    sources,
)
from wallboard.pages.call import recordings
from wallboard.screens import urls as screens

urlpatterns = [
    path("", overview.page, name="overview"),
    path("search/", search.page, name="search"),
    path("agents/", roster.page, name="agents"),
    *agents.urls,
    *receipts.urls,
    *callers.urls,
    *definitions.urls,
    path("health/", health.page, name="health"),
    *source_token.urls,
    *source_hooks.urls,
    *sinks.urls,
    *sources.urls,
    *setup.urls,
    *privacy.urls,
    *recordings.urls,
    path("calls/<path:id_call>/", calls.page, name="call"),
    *queues.urls,
    *screens.urlpatterns,
]
