"""Takes the limit off answers of the database, for work that reads the whole archive and that nobody waits for on a page."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def without_limit() -> Iterator[None]:
    """On PostgreSQL an answer may take as long as it takes; afterwards the limit is what it was (`wallboard.postgresql`)."""
    connection.ensure_connection()
    link: Any = connection.connection
    if connection.vendor != "postgresql":
        yield
        return
    before = link.answer_within_s
    link.answer_within_s = None
    try:
        yield
    finally:
        link.answer_within_s = before
