"""Django's entry for the room `wallboard.pages`."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The app `pages`."""

    name = "wallboard.pages"
    label = "pages"
