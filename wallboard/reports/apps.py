"""Django's entry for the room `wallboard.reports`."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """The app `reports`."""

    name = "wallboard.reports"
    label = "reports"
