"""Django's entry for the room `wallboard.boards`."""

from django.apps import AppConfig


class BoardsConfig(AppConfig):
    """The app `boards`."""

    name = "wallboard.boards"
    label = "boards"
