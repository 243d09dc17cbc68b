"""Read-only views of one organisation's history for BI tools, and on PostgreSQL a role that sees them and nothing else.

Rules that hold here: on PostgreSQL an organisation's views lie in a schema of their own, made anew whole in one transaction, and filter by
its slug behind a security barrier; the role has no right to any table; on SQLite, which has no roles, views are a convenience.
"""

import re
import secrets

from django.db import connection, transaction

from stats.history.open_columns import Column
from stats.history.open_tables import OPEN_TABLES, OpenTable, joined, raw

PATIENCE = "60s"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class UnfitName(ValueError):
    """A name no database would take without quoting."""


def schema_of(slug: str) -> str:
    """The schema of an organisation's views; on SQLite what their names begin with."""
    return "bi_" + re.sub(r"[^a-z0-9]", "_", slug.lower())[:50]


def statements(slug: str) -> list[str]:
    """What makes the views of an organisation on this engine, whatever was there before."""
    schema = schema_of(slug)
    if connection.vendor == "postgresql":
        return [
            f'DROP SCHEMA IF EXISTS "{schema}" CASCADE',
            f'CREATE SCHEMA "{schema}"',
            *(f'CREATE VIEW "{schema}"."{each.name}" WITH (security_barrier) AS {_select(each, slug)}' for each in OPEN_TABLES),
        ]
    made: list[str] = []
    for each in OPEN_TABLES:
        made += [f'DROP VIEW IF EXISTS "{schema}_{each.name}"', f'CREATE VIEW "{schema}_{each.name}" AS {_select(each, slug)}']
    return made


def make(slug: str) -> int:
    """Make the views of an organisation anew. Returns how many. Raises django.db.Error: then those of before are still there."""
    kept = _readers(slug)
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements(slug):
            cursor.execute(statement)
        for role in kept:
            for statement in grants(slug, role):
                cursor.execute(statement)
    return len(OPEN_TABLES)


def drop(slug: str) -> None:
    """Take the views of an organisation away."""
    schema = schema_of(slug)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
            return
        for each in OPEN_TABLES:
            cursor.execute(f'DROP VIEW IF EXISTS "{schema}_{each.name}"')


def role_statements(slug: str, role: str, password: str) -> list[str]:
    """What makes the role, for whoever may make roles. Raises UnfitName."""
    if _NAME.fullmatch(role) is None or role.startswith("pg_"):
        raise UnfitName(role)
    # Ours, so that nothing in it needs quoting.
    assert re.fullmatch(r"[A-Za-z0-9_-]+", password) is not None
    return [
        f"CREATE ROLE \"{role}\" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 10 PASSWORD '{password}'",
        f'ALTER ROLE "{role}" SET default_transaction_read_only = on',
        f"ALTER ROLE \"{role}\" SET statement_timeout = '{PATIENCE}'",
        f'ALTER ROLE "{role}" SET search_path = "{schema_of(slug)}"',
        *grants(slug, role),
    ]


def grants(slug: str, role: str) -> list[str]:
    """What lets a role read the views, and nothing else."""
    schema = schema_of(slug)
    return [f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"', f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO "{role}"']


def make_role(slug: str, role: str) -> str:
    """Make the role. Returns its password, which is kept nowhere. Raises django.db.Error, UnfitName."""
    password = secrets.token_urlsafe(24)
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in role_statements(slug, role, password):
            cursor.execute(statement)
    return password


def _readers(slug: str) -> list[str]:
    """The roles that may read the views of now."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT a.grantee::regrole::text FROM pg_namespace n, aclexplode(n.nspacl) a"
            " WHERE n.nspname = %s AND a.privilege_type = 'USAGE' AND a.grantee <> n.nspowner AND a.grantee <> 0",
            [schema_of(slug)],
        )
        return [str(name).strip('"') for (name,) in cursor.fetchall()]


def _select(each: OpenTable, slug: str) -> str:
    # A slug is letters, digits, hyphens and underscores (Django's SlugField); quoted all the same.
    quoted = slug.replace("'", "''")
    words = [f"r.organisation = '{quoted}'", *([f"r.grain = {each.grain}"] if each.grain is not None else [])]
    columns = ", ".join(f'{_shown(column)} AS "{column.name}"' for column in each.columns)
    return f"SELECT {columns} FROM {joined(each)} WHERE {' AND '.join(words)}"  # noqa: S608


def _shown(column: Column) -> str:
    of, postgresql = raw(column), connection.vendor == "postgresql"
    if column.type == "instant":
        return f"to_timestamp({of} / 1000.0)" if postgresql else f"strftime('%Y-%m-%dT%H:%M:%fZ', {of} / 1000.0, 'unixepoch')"
    if column.type == "seconds":
        return f"round({of} / 1000.0, 3)"
    return of
