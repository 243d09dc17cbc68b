"""Addresses of the reports; each tab's module brings its own `page` and adds its line here."""

from django.urls import path

from wallboard.reports import (
    agents,
    calls,
    details,
    heat,
    interval,
    mail_addresses,
    mails,
    notes,
    profiles,
    quality,
    restatements,
    trend,
    views,
    waits,
)

urlpatterns = [
    path("reports/", views.start_page, name="reports"),
    path("reports/interval/", interval.page, name="report-interval"),
    path("reports/heat/", heat.page, name="report-heat"),
    path("reports/trend/", trend.page, name="report-trend"),
    path("reports/waits/", waits.page, name="report-waits"),
    path("reports/profiles/", profiles.page, name="report-profiles"),
    path("reports/notes/", notes.add_page, name="report-notes"),
    path("reports/notes/<int:pk>/", notes.change_page, name="report-note"),
    path("reports/agents/", agents.page, name="report-agents"),
    path("reports/calls/", calls.page, name="report-calls"),
    path("reports/quality/", quality.page, name="report-quality"),
    path("reports/details/", details.page, name="report-details"),
    path("reports/restatements/", restatements.page, name="report-restatements"),
    path("reports/views/", views.page, name="report-views"),
    path("reports/views/<int:pk>/", views.change_page, name="report-view"),
    path("reports/mails/", mails.page, name="report-mails"),
    path("reports/mails/addresses/", mail_addresses.page, name="report-mail-addresses"),
    path("reports/mails/<int:pk>/", mails.one_page, name="report-mail"),
]
