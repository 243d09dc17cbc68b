"""One `manage.py up` with one source of a company, and one `manage.py simulate` of that company that a test tells what to do."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.acceptance.product import API_TOKEN, Product, eventually, free_port
from tests.conftest import ROOT, environment_of
from tests.midday import ZONE

SITE = {"DJANGO_SETTINGS_MODULE": "wallboard.settings", "TELAVOX_TOKEN": "", "BOOTSTRAP_API_TOKEN": API_TOKEN, "ORG_TIMEZONE": ZONE}
_MAKE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from stats.history import hooks
from stats.models import Source
from wallboard.accounts.bootstrap import bootstrap
source = Source(organisation=bootstrap(), name={name!r}, provider={provider!r}, live_url={live_url!r}, default_region="SE")
source.settings, source.token = {settings!r}, {token!r}
source.save()
hook = hooks.new_hook(source, {secret!r})
source.hook_mark, source.hook_base = hook.mark, {base!r}
source.save()
print(hooks.address_of(hook, {base!r}))
"""


class Housed(Product):
    """`address` is where the vendor posts. `path`: of the look-alike's API; `secret`: of the address, where the company has one."""

    def __init__(self, provider: str, name: str, *, path: str, token: str, secret: str = "", settings: Mapping[str, Any]) -> None:
        self.var_dir = Path(tempfile.mkdtemp(prefix="wb-"))
        self.port, self.house_port = free_port(), free_port()
        self.environment = environment_of(self.var_dir, PORT=str(self.port), **SITE)
        self.output = self.var_dir / "up.output"
        self.process: subprocess.Popen[bytes] | None = None
        urls = {"live_url": f"http://127.0.0.1:{self.house_port}{path}", "base": f"http://127.0.0.1:{self.port}"}
        made = self.script(_MAKE.format(name=name, provider=provider, token=token, secret=secret, settings=dict(settings), **urls))
        self.address = made.split()[-1]
        words = ["manage.py", "simulate", provider, "--no-floor", "--port", str(self.house_port), "--token", token]
        if secret:
            words += ["--post-to", self.address, "--hook-key", secret]
        self.house = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL)

    def script(self, words: str) -> str:
        """Runs a script on the product's own files; what it printed."""
        done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def deed(self, name: str, **asked: Any) -> Any:
        """What the look-alike does when told to."""
        url = f"http://127.0.0.1:{self.house_port}/control/{name}"
        request = urllib.request.Request(url, data=json.dumps(asked).encode() if name != "state" else None)
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.load(reply)

    def until_the_house_answers(self) -> None:
        """The look-alike, before the product runs."""

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
