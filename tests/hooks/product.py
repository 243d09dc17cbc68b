"""The whole product with one source that is posted to, of a company only tests know."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.acceptance.product import API_TOKEN, Product, free_port
from tests.conftest import ROOT, environment_of

SECRET = "what-tiny-signs-with"
_MAKE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from stats.history import hooks
from stats.models import Source
from tests.hooks.tiny import NAME
from wallboard.accounts.bootstrap import bootstrap
source = Source.objects.create(organisation=bootstrap(), name="tiny", provider=NAME)
print(hooks.address_of(hooks.new_hook(source, "what-tiny-signs-with"), "http://127.0.0.1:PORT"))
"""
_COUNT = """
import django, json; django.setup()
from stats.models import ArchivedCall, ArchivedOffer
print(json.dumps({"calls": ArchivedCall.objects.count(), "offers": ArchivedOffer.objects.count()}))
"""


class PostedTo(Product):
    """One `manage.py up`; `address` is where the vendor posts."""

    def __init__(self) -> None:
        self.var_dir = Path(tempfile.mkdtemp(prefix="wb-"))
        self.port = free_port()
        site = {"DJANGO_SETTINGS_MODULE": "tests.hooks.site", "TELAVOX_TOKEN": "", "LOG_LEVEL": "info"}
        self.environment = environment_of(self.var_dir, PORT=str(self.port), BOOTSTRAP_API_TOKEN=API_TOKEN, **site)
        self.output = self.var_dir / "up.output"
        self.process: subprocess.Popen[bytes] | None = None
        made = self._run("-c", _MAKE.replace("PORT", str(self.port)))
        self.address = made.stdout.split()[-1]

    def _run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([sys.executable, *words], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True)

    def flood(self, rate: float, seconds: float) -> "subprocess.Popen[str]":
        """A vendor that begins to post."""
        command = [sys.executable, "-m", "tests.hooks.flooder", self.address, SECRET, str(rate), str(seconds)]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True)

    def kill_all(self, words: str) -> None:
        """Every child with these words in its command line, at once."""
        for pid in self.children(words):
            os.kill(pid, signal.SIGKILL)

    def kill_one(self, words: str) -> None:
        """The oldest of them; of web servers that one serves."""
        os.kill(self.children(words)[0], signal.SIGKILL)

    def lies(self) -> dict[str, int]:
        """What of the posts is where, in the live store."""
        with self.redis() as store:
            prefix = "wb:{default}:"
            return {
                "inbox": store.xlen(f"{prefix}inbox:tiny"),
                "calls": store.zcard(f"{prefix}i:tiny"),
                "open": store.zcard(f"{prefix}open:tiny"),
                "unkept": store.zcard(f"{prefix}unkept:tiny"),
            }

    def kept(self) -> dict[str, int]:
        """What of the posts is in the archive."""
        found: dict[str, int] = json.loads(self._run("-c", _COUNT).stdout)
        return found


def heard(flooder: "subprocess.Popen[str]") -> dict[str, Any]:
    """What a vendor heard, once it is through."""
    said, _ = flooder.communicate(timeout=200)
    found: dict[str, Any] = json.loads(said)
    return found
