"""Django's entry for the room `wallboard.accounts`."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The app `accounts`; the first of our own apps under `wallboard`, so the project's checks register here."""

    name = "wallboard.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Registers the system checks."""
        from wallboard import checks  # noqa: F401
