"""Addresses of the API and of what watches over the product."""

from django.urls import path, re_path

from wallboard.api import calls, health, meters, note_reports, numbers, reports, views

urlpatterns = [
    path("api/v1/live", views.now, name="api-live"),
    path("api/v1/calls/<path:id_call>", calls.call, name="api-call"),
    path("api/v1/queues/<path:key>/calls", numbers.queue_calls, name="api-queue-calls"),
    path("api/v1/numbers/<path:scope>/<str:metric>", numbers.number, name="api-number"),
    path("api/v1/reports/queues", reports.queues, name="api-report-queues"),
    path("api/v1/reports/agents", reports.agents, name="api-report-agents"),
    path("api/v1/reports/site", reports.site, name="api-report-site"),
    path("api/v1/reports/details", note_reports.details, name="api-report-details"),
    path("api/v1/reports/messages", note_reports.messages, name="api-report-messages"),
    path("api/v1/health", health.told, name="api-health"),
    path("api/v1/openapi.json", views.description, name="api-description"),
    re_path(r"^api(?P<rest>/.*)?$", views.nothing),
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("metrics", meters.metrics, name="metrics"),
]
