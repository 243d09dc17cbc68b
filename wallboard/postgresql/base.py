"""Django's PostgreSQL engine, but that a server which takes a question and never answers is given up after a while, and compiles none.

Rules that hold here: no thread waits for ever, whatever became of the other side: a stopped server whose kernel still acknowledges is
found out by our own clock alone; a connection that was given up is closed, for nobody knows what it would say next; changing the
tables (a migration) may take as long as it takes.
"""

from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg import errors

ANSWER_WITHIN_S = 10.0


class ImpatientConnection(psycopg.Connection[Any]):
    """A connection on which every answer comes within `answer_within_s` seconds, or OperationalError does. None: no limit."""

    answer_within_s: float | None = ANSWER_WITHIN_S

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """See psycopg; its own limits (None almost everywhere) may only be shorter."""
        if self.answer_within_s is None or timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.answer_within_s)
        except errors.OperationalError as why:
            if type(why).__name__ != "_WaitTimeout":
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer within {self.answer_within_s:g} s") from None


class DatabaseWrapper(base.DatabaseWrapper):
    """Django finds an engine by this name."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> ImpatientConnection:
        """A connection with our patience."""
        params = dict(conn_params)
        within_s = params.pop("answer_within_s", ANSWER_WITHIN_S)
        # As Django's own does, for the options that DATABASE_URL can carry.
        self.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        connection = ImpatientConnection.connect(**params)
        connection.answer_within_s = within_s
        return connection

    def init_connection_state(self) -> None:
        """No question of ours is worth a compiler: it takes longer (51 ms of 52) than the reading of a month that it was to make faster."""
        super().init_connection_state()
        if self.connection is not None:
            self.connection.execute("SET jit = off")
            if not self.get_autocommit():
                self.connection.commit()

    def schema_editor(self, *args: Any, **kwargs: Any) -> Any:
        """Tables are changed without haste."""
        self.ensure_connection()
        if self.connection is not None:
            self.connection.answer_within_s = None
        return super().schema_editor(*args, **kwargs)
