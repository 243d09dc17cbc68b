"""Addresses of the reports; each tab's module brings its own `page` and adds its line here."""

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from wallboard.pages.frame import Visit, for_people
from wallboard.reports import agents, calls, heat, interval, notes, profiles, restatements, trend, waits


async def start(visit: Visit) -> HttpResponse:
    """GET /reports/: the first tab, with whatever was asked."""
    asked = visit.request.GET.urlencode()
    return HttpResponseRedirect(reverse("report-interval") + (f"?{asked}" if asked else ""))


urlpatterns = [
    path("reports/", for_people(start, needs="look"), name="reports"),
    path("reports/interval/", interval.page, name="report-interval"),
    path("reports/heat/", heat.page, name="report-heat"),
    path("reports/trend/", trend.page, name="report-trend"),
    path("reports/waits/", waits.page, name="report-waits"),
    path("reports/profiles/", profiles.page, name="report-profiles"),
    path("reports/notes/", notes.add_page, name="report-notes"),
    path("reports/notes/<int:pk>/", notes.change_page, name="report-note"),
    path("reports/agents/", agents.page, name="report-agents"),
    path("reports/calls/", calls.page, name="report-calls"),
    path("reports/restatements/", restatements.page, name="report-restatements"),
]
