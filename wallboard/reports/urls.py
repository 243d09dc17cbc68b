"""Addresses of the reports; each tab's module brings its own `page` and adds its line here."""

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from wallboard.pages.frame import Visit, for_people
from wallboard.reports import agents, calls, interval, restatements


async def start(visit: Visit) -> HttpResponse:
    """GET /reports/: the first tab, with whatever was asked."""
    asked = visit.request.GET.urlencode()
    return HttpResponseRedirect(reverse("report-interval") + (f"?{asked}" if asked else ""))


urlpatterns = [
    path("reports/", for_people(start, needs="look"), name="reports"),
    path("reports/interval/", interval.page, name="report-interval"),
    path("reports/agents/", agents.page, name="report-agents"),
    path("reports/calls/", calls.page, name="report-calls"),
    path("reports/restatements/", restatements.page, name="report-restatements"),
]
