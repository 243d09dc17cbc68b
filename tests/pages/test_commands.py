"""What an operator types: `manage.py doctor` and `manage.py queue`."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from stats.clock import now_ms
from stats.models import Organisation, QueueSetting, Source
from tests.push.floor import Worker, waiting_call

ROOT = Path(__file__).resolve().parents[2]
SECRET = "studio-token-that-nobody-may-see"
Report = Callable[..., None]


@pytest.fixture
def organisation(transactional_db: None) -> Organisation:
    """An organisation with a source."""
    organisation, _made = Organisation.objects.get_or_create(slug="default", defaults={"name": "Test"})
    source = Source(organisation=organisation, name="telavox", live_url="ws://127.0.0.1:9", historic_url="http://127.0.0.1:9/graphql")
    source.token = SECRET
    source.save()
    return organisation


@pytest.fixture
def report(redis_server: str) -> Report:
    """Has the worker report its source as told."""

    def reported(**changes: Any) -> None:
        async def once() -> None:
            worker = await Worker(redis_server).begin()
            await worker.tell(waiting_call("c1", since=now_ms()))
            await worker.report(**changes)
            await worker.lease.release()
            await worker.close()

        asyncio.run(once())

    return reported


def doctor() -> tuple[str, int]:
    """What it says, and its exit code."""
    out = StringIO()
    try:
        call_command("doctor", stdout=out)
    except SystemExit as left:
        return out.getvalue(), int(left.code or 0)
    return out.getvalue(), 0


def queue(*words: str) -> str:
    """What `manage.py queue` prints."""
    out = StringIO()
    call_command("queue", *words, stdout=out)
    return out.getvalue().strip()


def test_the_doctor_finds_nothing_wrong_with_a_healthy_product(organisation: Organisation, report: Report) -> None:
    report()
    said, code = doctor()
    assert code == 0, said
    assert "source telavox: live" in said
    assert "/calls open" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "auth_error"}, "refuses our token (401)"),
        ({"state": "config_error"}, "does not know the path"),
        ({"state": "down"}, "cannot be reached"),
        ({"at": 1_000}, "last reported"),
    ],
)
def test_the_doctor_names_what_is_wrong(organisation: Organisation, report: Report, changes: dict[str, Any], words: str) -> None:
    report(**changes)
    said, code = doctor()
    assert code == 1
    assert any(line.startswith("WRONG") and words in line for line in said.splitlines()), said


def test_the_doctor_misses_a_source_a_worker_and_redis(transactional_db: None, settings: Any) -> None:
    Organisation.objects.create(slug="default", name="Test")
    settings.REDIS_URL, settings.REDIS_URL_IS_GIVEN = "unix:///nonexistent/redis.sock", True
    said, code = doctor()
    assert code == 1
    assert "no telephone system is connected" in said
    assert "No Redis answers" in said


def test_the_doctor_shouts_when_time_is_shifted(var_dir: Path) -> None:
    environment = {
        **os.environ,
        "VAR_DIR": str(var_dir),
        "ENV_FILE": "",
        "CLOCK_OFFSET_S": "3600",
        "DJANGO_SETTINGS_MODULE": "wallboard.settings",
    }
    found = subprocess.run([sys.executable, "manage.py", "doctor"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert found.returncode == 1
    assert "CLOCK_OFFSET_S SHIFTS TIME BY 3600 S" in found.stdout
    assert "Traceback" not in found.stderr


def test_a_queue_is_shown_and_set_by_id_key_or_name(organisation: Organisation, report: Report) -> None:
    report()
    assert "80 % answered within 20 s" in queue("Support")
    before = Organisation.objects.get(slug="default").settings_version
    said = queue("a:998877", "--target", "30", "--short", "3", "--share", "92.5", "--variant", "answered_only")
    assert "queue 111834 (Support): 92.5 % answered within 30 s" in said
    setting = QueueSetting.objects.get(queue_key="111834")
    assert (setting.target_s, setting.short_s, str(setting.share), setting.variant) == (30, 3, "0.925", "answered_only")
    assert Organisation.objects.get(slug="default").settings_version > before
    assert "within 30 s" in queue("111834")


def test_a_queue_that_nobody_knows_is_told_from_those_that_are(organisation: Organisation, report: Report) -> None:
    report()
    with pytest.raises(CommandError, match=r"no queue 'Suport'.*111834 \(Support\)"):
        queue("Suport", "--target", "30")
    assert not QueueSetting.objects.exists()


@pytest.mark.parametrize("words", [("--target", "0"), ("--target", "4000"), ("--share", "101"), ("--share", "much"), ("--short", "700")])
def test_a_promise_that_makes_no_sense_is_refused(organisation: Organisation, report: Report, words: tuple[str, str]) -> None:
    report()
    with pytest.raises(CommandError):
        queue("111834", *words)
    assert not QueueSetting.objects.exists()


def test_the_health_page_shouts_as_well(var_dir: Path) -> None:
    program = (
        "import asyncio, django; django.setup(); from wallboard.api.health import alive; print(asyncio.run(alive(None)).content.decode())"
    )
    environment = {
        **os.environ,
        "VAR_DIR": str(var_dir),
        "ENV_FILE": "",
        "CLOCK_OFFSET_S": "-60",
        "DJANGO_SETTINGS_MODULE": "wallboard.settings",
    }
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert "CLOCK_OFFSET_S" in json.loads(found.stdout)["warning"]
