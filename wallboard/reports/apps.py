"""Django's entry for the room `wallboard.reports`."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """The app `reports`."""

    name = "wallboard.reports"
    label = "reports"

    def ready(self) -> None:
        """Lets every page say what of mails went wrong."""
        from wallboard.pages import frame
        from wallboard.reports import alerts

        if alerts.notices not in frame.notices:
            frame.notices.append(alerts.notices)
