"""Django's entry for the room `stats`."""

from django.apps import AppConfig


class StatsConfig(AppConfig):
    """The app `stats`: models, migrations and commands; the rest of the room is plain Python."""

    name = "stats"
