"""What lies on disk after something was deleted."""

import sqlite3
from pathlib import Path

from wallboard.databases import database_from
from wallboard.env import Environment

CANARY = "+46701740688"


def test_what_is_deleted_on_sqlite_is_written_over(tmp_path: Path) -> None:
    """As the product's own connections are opened, nothing of it is left in the file."""
    options = database_from(Environment({}), tmp_path)["OPTIONS"]
    path = tmp_path / "wallboard.sqlite3"
    with sqlite3.connect(path) as link:
        link.executescript(options["init_command"])
        link.execute("CREATE TABLE t (a TEXT)")
        link.executemany("INSERT INTO t VALUES (?)", [(f"{CANARY} {n}",) for n in range(200)])
        link.commit()
        link.execute("DELETE FROM t")
        link.commit()
        link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert CANARY.encode() not in path.read_bytes()
