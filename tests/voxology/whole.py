"""One `manage.py up` with one source of Voxology, and the look-alike that it asks and that posts to it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from tests.acceptance.product import API_TOKEN, Product, agent, eventually, free_port, queue
from tests.conftest import ROOT, environment_of
from tests.midday import ZONE

TOKEN, HOOK_KEY = "voxology-Ginst-4711-secret", "voxology-Syren-0815-secret"  # made up
SITE = {"DJANGO_SETTINGS_MODULE": "wallboard.settings", "TELAVOX_TOKEN": "", "BOOTSTRAP_API_TOKEN": API_TOKEN, "ORG_TIMEZONE": ZONE}
WITHIN_S = 25.0  # what is promised is a few; a loaded machine is no broken promise
QUEUE, AGENT = "s:vy:Exempel-ko-1", "s:vy:930001"
_MAKE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from stats.history import hooks
from stats.models import Source
from wallboard.accounts.bootstrap import bootstrap
source = Source(organisation=bootstrap(), name="vy", provider="voxology", live_url="LIVE", default_region="SE")
source.settings = {"poll_seconds": 0.5, "requests_per_minute": 3000}
source.token = "TOKEN"
source.save()
hook = hooks.new_hook(source, "HOOK_KEY")
source.hook_mark, source.hook_base = hook.mark, "BASE"
source.save()
print(hooks.address_of(hook, "BASE"))
"""


class Asking(Product):
    """One `manage.py up`, and one `manage.py simulate voxology`."""

    def __init__(self) -> None:
        self.var_dir = Path(tempfile.mkdtemp(prefix="wb-"))
        self.port, self.house_port = free_port(), free_port()
        self.environment = environment_of(self.var_dir, PORT=str(self.port), **SITE)
        self.output = self.var_dir / "up.output"
        self.process: subprocess.Popen[bytes] | None = None
        script = _MAKE.replace("LIVE", f"http://127.0.0.1:{self.house_port}/v1").replace("BASE", f"http://127.0.0.1:{self.port}")
        script = script.replace("HOOK_KEY", HOOK_KEY).replace("TOKEN", TOKEN)
        made = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr[-2000:]
        self.address = made.stdout.split()[-1]
        words = ["manage.py", "simulate", "voxology", "--no-floor", "--port", str(self.house_port), "--token", TOKEN]
        words += ["--post-to", self.address, "--hook-key", HOOK_KEY]
        self.house = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL)

    def deed(self, name: str, **asked: Any) -> Any:
        """What the look-alike does when told to."""
        url = f"http://127.0.0.1:{self.house_port}/control/{name}"
        request = urllib.request.Request(url, data=json.dumps(asked).encode() if name != "state" else None)
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.load(reply)

    def act(self, do: str, caller: str, **asked: Any) -> None:
        """Somebody does something."""
        answer = self.deed("act", do=do, caller=caller, **asked)
        assert "id_call" in answer, answer

    def now(self, name: str) -> Any:
        """A value of the queue as it is now; None while there is no queue."""
        with contextlib.suppress(ValueError):
            return queue(self.live(), QUEUE)["now"][name]
        return None

    def today(self, name: str) -> Any:
        """The same of the day."""
        with contextlib.suppress(ValueError):
            return queue(self.live(), QUEUE)["today"][name]
        return None

    def agent_state(self) -> str:
        """What the board says the first agent is doing."""
        with contextlib.suppress(ValueError):
            return str(agent(self.live(), AGENT)["state"])
        return "nobody"

    def houses_door(self) -> None:
        """Waits until the look-alike answers."""

        def answers() -> bool:
            with contextlib.suppress(OSError):
                return bool(self.deed("state"))
            return False

        eventually(answers, 30, lambda: "the look-alike does not answer")

    def destroy(self) -> None:
        """See Product."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.house.pid, signal.SIGTERM)
        self.house.wait(timeout=10)
        super().destroy()
