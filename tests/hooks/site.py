"""The product's own settings, and in its registry a company that only tests know."""

from tests.hooks.tiny import register
from wallboard.settings import *  # noqa: F403

register()
