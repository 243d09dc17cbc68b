"""Turns DATABASE_URL into Django's database settings: SQLite in VAR_DIR by default, PostgreSQL when asked."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from wallboard.env import Environment, WrongSetting, split_address

# A server that is gone is noticed by the kernel within a quarter of a minute, one that hangs by the engine itself.
LINK: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
# How long a write waits for another process' write on SQLite. A web process has one thread for such things, so not for long.
SQLITE_WAIT_S = 5
POSTGRES_OPTIONS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "application_name", "options")


def database_from(env: Environment, var_dir: Path) -> dict[str, Any]:
    """Django's `DATABASES["default"]` for the environment; raises WrongSetting without repeating the address."""
    url = env.secret("DATABASE_URL")
    if not url:
        return _sqlite(var_dir / "wallboard.sqlite3")
    parts = split_address("DATABASE_URL", url, ("postgres", "postgresql", "sqlite"))
    if parts.scheme == "sqlite":
        # sqlite:///relative.db and sqlite:////absolute.db, as other products spell it.
        if parts.netloc or len(parts.path) < 2:
            raise WrongSetting("DATABASE_URL", "sqlite:///file.db or sqlite:////directory/file.db")
        return _sqlite(Path(unquote(parts.path[1:])))
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise WrongSetting("DATABASE_URL", "postgres://user:password@host:port/name with a database name (the value is not shown)")
    options: dict[str, Any] = dict(LINK)
    host = unquote(parts.hostname or "")
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key == "host":
            # libpq's way to name the directory of a unix socket.
            host = value
        elif key in POSTGRES_OPTIONS:
            options[key] = value
        else:
            raise WrongSetting("DATABASE_URL", "after the question mark one of host, " + ", ".join(POSTGRES_OPTIONS), key)
    return {
        "ENGINE": "wallboard.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
    }


def _sqlite(path: Path) -> dict[str, Any]:
    """WAL lets readers and one writer work side by side; IMMEDIATE makes writers queue instead of failing in mid-transaction.

    What is deleted is written over: whoever was erased must not lie in the file's free pages.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": SQLITE_WAIT_S,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
        },
    }
