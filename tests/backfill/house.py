"""A VAR_DIR of its own with one organisation and one source, and `manage.py` on it as real processes.

python -m tests.backfill.house make <historic url> | rows
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import ROOT, environment_of

SETTINGS = {"DJANGO_SETTINGS_MODULE": "wallboard.settings", "SECRET_KEY": "only for tests: 0123456789abcdef0123456789abcdef"}


class House:
    """One installation; nothing of it runs but what is started here."""

    def __init__(self, var_dir: Path, historic_url: str) -> None:
        self.var_dir, self._historic_url = var_dir, historic_url
        self.environment = environment_of(var_dir, **SETTINGS)
        if not (var_dir / "wallboard.sqlite3").exists():
            self._here("make", historic_url)

    def twin(self, var_dir: Path) -> "House":
        """Another one like this, which has nothing in its archive yet."""
        if "DATABASE_URL" not in self.environment:
            shutil.copytree(self.var_dir, var_dir, dirs_exist_ok=True)
        return House(var_dir, self._historic_url)

    def backfill(self, first: str, last: str, *options: str) -> "subprocess.Popen[str]":
        """`manage.py backfill`, begun."""
        words = [sys.executable, "manage.py", "backfill", "--from", first, "--to", last, *options]
        return subprocess.Popen(words, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def rows(self) -> Any:
        """The archive, as `month.archive_rows` has it, and the days."""
        return json.loads(self._here("rows"))

    def _here(self, *words: str) -> str:
        program = [sys.executable, "-m", "tests.backfill.house", *words]
        return subprocess.run(program, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, check=True, timeout=100, text=True).stdout


def _make(historic_url: str) -> None:
    from django.core.management import call_command

    from stats.models import Organisation, Source
    from tests.backfill.month import ORGANISATION, SOURCE, TOKEN, ZONE

    call_command("migrate", verbosity=0)
    organisation = Organisation.objects.create(slug=ORGANISATION, name="Here", timezone=ZONE)
    source = Source(organisation=organisation, name=SOURCE, live_url="ws://127.0.0.1:1", historic_url=historic_url)
    source.token = TOKEN
    source.save()


def _rows() -> None:
    from stats.history.backfill_tables import BackfillDay
    from tests.backfill.month import archive_rows

    days = sorted(BackfillDay._default_manager.values_list("from_ms", "to_ms", "reached_ms", "state", "calls"))
    json.dump({**archive_rows(), "days": days}, sys.stdout)


if __name__ == "__main__":
    import django

    assert os.environ["DJANGO_SETTINGS_MODULE"] == SETTINGS["DJANGO_SETTINGS_MODULE"]
    django.setup()
    _make(sys.argv[2]) if sys.argv[1] == "make" else _rows()
