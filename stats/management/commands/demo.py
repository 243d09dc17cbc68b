"""`manage.py demo`: `up` on a simulated contact centre, apart from every real installation.

Rule that holds here: the day is invented anew at each start, and who looks at it is not: people, paired televisions and the audit log stay.
"""

import os
import secrets
import shutil
import socket
import sqlite3
import sys
from argparse import ArgumentParser
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand

# What belongs to a real installation and has no business in a demonstration.
NOT_FOR_A_DEMO = (
    *("DATABASE_URL", "REDIS_URL", "TELAVOX_TOKEN", "HTTPS_ONLY", "BEHIND_PROXY", "VAULT_KEYS"),
    *("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "EMAIL_HOST", "EMAIL_HOST_PASSWORD"),
)


# What of the room's tables is no part of a day.
NOT_OF_A_DAY = ("Organisation", "Source", "SourceHook", "QueueSetting", "SettingInForce")


class Command(BaseCommand):
    """Becomes `manage.py up --simulated` with an environment of its own; each start begins with an empty store and archive."""

    help = "Starts everything on a simulated contact centre and prints where to look."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The port."""
        parser.add_argument("--port", type=int, default=None, help="where to listen (default: PORT, which is 8000 by default)")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Never returns: the process goes on as `up`."""
        var_dir = Path(settings.VAR_DIR) / "demo"
        # The simulated day is invented anew each time; remains of the last one would be counted on top of it.
        shutil.rmtree(var_dir / "redis", ignore_errors=True)
        _forget_the_day(var_dir)
        floor = _free_ports(1)[0]
        environment = dict(os.environ)
        for name in NOT_FOR_A_DEMO:
            environment.pop(name, None)
            environment.pop(f"{name}_FILE", None)
        environment |= {
            # The variables of `.env` describe the real installation.
            "ENV_FILE": "",
            "VAR_DIR": str(var_dir),
            "TELAVOX_TOKEN": secrets.token_urlsafe(18),
            "TELAVOX_LIVE_URL": f"ws://127.0.0.1:{floor}",
            "TELAVOX_HISTORIC_URL": f"http://127.0.0.1:{floor}/graphql",
        }
        environment.setdefault("BIND", "127.0.0.1")
        # Whoever tries the product wants to see addresses, not every process that starts.
        environment.setdefault("LOG_LEVEL", "warning")
        command = [sys.executable, "manage.py", "up", "--simulated", str(floor), "--others", ",".join(map(str, _free_ports(4)))]
        if options["port"]:
            command += ["--port", str(options["port"])]
        self.stdout.write("Starting a simulated contact centre; the first start takes a little longer.")
        self.stdout.flush()
        os.chdir(settings.BASE_DIR)
        os.execve(sys.executable, command, environment)  # noqa: S606 (our own program, by list)


def _forget_the_day(var_dir: Path) -> None:
    """Empties the tables of calls and presence. A database that cannot be used, or is of another release, goes whole."""
    path = var_dir / "wallboard.sqlite3"
    if not path.exists():
        return
    of_a_day = [model._meta.db_table for model in apps.get_app_config("stats").get_models() if model.__name__ not in NOT_OF_A_DAY]
    of_a_day.append(apps.get_model("accounts", "HandledCaller")._meta.db_table)
    screens = apps.get_model("accounts", "Screen")._meta.db_table
    try:
        with closing(sqlite3.connect(path, timeout=5)) as database, database:
            for table in of_a_day:
                database.execute(f'DELETE FROM "{table}"')  # noqa: S608 (a model's own name)
            # Each start prints new links; those that nobody ever opened would pile up.
            database.execute(f'DELETE FROM "{screens}" WHERE paired_at IS NULL AND last_seen_at IS NULL')  # noqa: S608
    except sqlite3.Error:
        for remains in var_dir.glob("wallboard.sqlite3*"):
            remains.unlink()


def _free_ports(number: int) -> list[int]:
    """Ports that nobody on this machine's loopback uses just now."""
    with ExitStack() as probes:
        found = [probes.enter_context(socket.socket()) for _ in range(number)]
        for probe in found:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in found]
