"""The fixtures of the pages: a worker with a few calls, and a person who is logged in."""

from tests.pages.conftest import look, worker

__all__ = ["look", "worker"]
