"""Several small questions to the database asked as one, for a question costs more than a row.

Rules that hold here: the questions tell the same columns, by `values_list`; what comes back is raw, so that a truth value may be a number.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection


def asked_together(questions: Sequence[Any]) -> list[list[tuple[Any, ...]]]:
    """The rows of each query set, in no order. Raises django.db.Error."""
    parts, values = list[str](), list[Any]()
    for number, question in enumerate(questions):
        words, given = question.query.sql_with_params()
        parts.append(f"SELECT {number}, part{number}.* FROM ({words}) AS part{number}")  # noqa: S608 (words of the query set's own making)
        values += given
    answers: list[list[tuple[Any, ...]]] = [[] for _question in questions]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        for number, *told in cursor.fetchall():
            answers[number].append(tuple(told))
    return answers
