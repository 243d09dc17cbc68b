"""Addresses of the pages for people."""

from django.urls import path

from wallboard.pages import agents, calls, health, overview, queues, roster, search, sources
from wallboard.screens import urls as screens

urlpatterns = [
    path("", overview.page, name="overview"),
    path("search/", search.page, name="search"),
    path("agents/", roster.page, name="agents"),
    *agents.urls,
    path("health/", health.page, name="health"),
    path("sources/", sources.page, name="sources"),
    path("calls/<path:id_call>/", calls.page, name="call"),
    path("queues/<path:key>/", queues.page, name="queue"),
    *screens.urlpatterns,
]
