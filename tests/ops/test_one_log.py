"""What a web process writes, as `up` starts it: each event once, and struck, whoever set up a log before us."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stats.management.commands import up
from tests.conftest import environment_of
from wallboard.logging import STRUCK

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("debug", ["false", "true"])
def test_a_web_process_writes_each_event_once_and_no_number(var_dir: Path, free_port: int, debug: str) -> None:
    """Daphne's command sets up a log before us, and Django's own settings do, more so while debugging; neither strikes anything."""
    environment = environment_of(var_dir, DJANGO_SETTINGS_MODULE="wallboard.settings", DEBUG=debug, LOG_FORMAT="json")
    command = [sys.executable, "-m", "daphne", "-p", str(free_port), *up.DAPHNE, "tests.ops.talking:application"]
    written = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    assert written.returncode == 0, written.stdout
    told = [json.loads(line) for line in written.stdout.splitlines()]
    lines = [line for line in told if line["logger"] != "py.warnings"]
    assert [line["logger"] for line in lines] == ["wallboard.anything", "some.library", "django.security", "django.server"]
    # Of an instant, any digits.
    told = re.sub(r'"timestamp":"[^"]*"', "", written.stdout.replace(" ", ""))
    assert "174" not in told
    assert written.stdout.count(STRUCK) == len(lines)
