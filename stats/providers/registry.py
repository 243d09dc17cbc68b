"""The one table of telephone companies that push frames: the name a source is configured with, and who speaks for it."""

from collections.abc import Callable

from stats.providers.base import LiveProvider, SourceConfig
from stats.providers.telavox.provider import TelavoxProvider

PROVIDERS: dict[str, Callable[[SourceConfig], LiveProvider]] = {
    "telavox": TelavoxProvider,
}
