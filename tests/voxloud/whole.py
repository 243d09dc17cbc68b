"""One `manage.py up` with one source of Voxloud, and the look-alike that posts to it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.acceptance.product import API_TOKEN, Answer, Product, eventually, free_port
from tests.conftest import ROOT, environment_of
from tests.midday import ZONE
from tests.voxloud.telling import QUEUES

KEY = "voxloud-Ginst-4711-secret"  # made up
SITE = {"DJANGO_SETTINGS_MODULE": "wallboard.settings", "TELAVOX_TOKEN": "", "BOOTSTRAP_API_TOKEN": API_TOKEN, "ORG_TIMEZONE": ZONE}
DAY_MS = 86_400_000
WITHIN_S = 20.0  # what is promised is two; a loaded machine is no broken promise
_MAKE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from stats.history import hooks
from stats.models import Source
from wallboard.accounts.bootstrap import bootstrap
source = Source(organisation=bootstrap(), name="vl", provider="voxloud", live_url="LIVE", default_region="SE", settings={"queues": QUEUES})
source.token = "KEY"
source.save()
hook = hooks.new_hook(source, "")
source.hook_mark, source.hook_base = hook.mark, "BASE"
source.save()
print(hooks.address_of(hook, "BASE"))
"""


_PAUSE = """
import django; django.setup()
from django.utils import timezone
from stats.models import Source
source = Source.objects.select_related("organisation").get(name="vl")
source.paused_at = AT
source.save()
source.organisation.bump()
"""


class PostedTo(Product):
    """One `manage.py up`, and one `manage.py simulate voxloud`. `address` is where the vendor posts."""

    def __init__(self) -> None:
        self.var_dir = Path(tempfile.mkdtemp(prefix="wb-"))
        self.port, self.house_port = free_port(), free_port()
        self.environment = environment_of(self.var_dir, PORT=str(self.port), **SITE)
        self.output = self.var_dir / "up.output"
        self.process: subprocess.Popen[bytes] | None = None
        script = _MAKE.replace("LIVE", f"http://127.0.0.1:{self.house_port}/api").replace("BASE", f"http://127.0.0.1:{self.port}")
        script = script.replace("QUEUES", repr(QUEUES)).replace("KEY", KEY)
        made = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr[-2000:]
        self.address = made.stdout.split()[-1]
        words = ["manage.py", "simulate", "voxloud", "--no-floor", "--port", str(self.house_port), "--token", KEY]
        self.house = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL)

    def deed(self, name: str, **asked: Any) -> Any:
        """What the look-alike does when told to."""
        url = f"http://127.0.0.1:{self.house_port}/control/{name}"
        request = urllib.request.Request(url, data=json.dumps(asked).encode() if name != "state" else None)
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.load(reply)

    def tell(self, posted: dict[str, Any], *, keep: bool = False) -> None:
        """The look-alike posts a document."""
        self.deed("send", kind=posted["type"], document=posted["data"], keep=keep)

    def post(self, body: bytes, address: str | None = None) -> int:
        """Somebody posts; the status."""
        request = urllib.request.Request(address or self.address, data=body, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code

    def ordered(self) -> list[Answer]:
        """The subscriptions the look-alike has."""
        with contextlib.suppress(OSError):
            found: list[Answer] = self.deed("state")["subscriptions"]
            return found
        return []

    def keep(self, posted: dict[str, Any]) -> None:
        """The look-alike has a record in its past, and posts nothing."""
        self.deed("keep", document=posted["data"])

    def houses_door(self) -> None:
        """Waits until the look-alike answers."""

        def answers() -> bool:
            with contextlib.suppress(OSError):
                return bool(self.deed("state"))
            return False

        eventually(answers, 30, lambda: "the look-alike does not answer")

    def pause(self, paused: bool) -> None:
        """What the page of sources does."""
        at = "timezone.now()" if paused else "None"
        script = _PAUSE.replace("AT", at)
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]

    def destroy(self) -> None:
        """See Product."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.house.pid, signal.SIGTERM)
        self.house.wait(timeout=10)
        super().destroy()
