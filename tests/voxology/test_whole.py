"""The whole product with one source of Voxology: asked by turns, posted to by call flows, and shown on the board."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.product import API_TOKEN, Product, agent, eventually, free_port, queue
from tests.conftest import ROOT, environment_of

TOKEN, HOOK_KEY = "voxology-Ginst-4711-secret", "voxology-Syren-0815-secret"  # made up
SITE = {"DJANGO_SETTINGS_MODULE": "wallboard.settings", "TELAVOX_TOKEN": "", "BOOTSTRAP_API_TOKEN": API_TOKEN}
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

    def destroy(self) -> None:
        """See Product."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.house.pid, signal.SIGTERM)
        self.house.wait(timeout=10)
        super().destroy()


@pytest.fixture(scope="module")
def product() -> Iterator[Asking]:
    """Everything runs, and the day is read."""
    running = Asking()
    try:
        running.start()
        running.until("live", 40)
        yield running
    finally:
        running.destroy()


@pytest.mark.acceptance("VY-02", "VY-05", "VY-08", "VY-09")
def test_callers_wait_are_answered_and_give_up_on_the_board(product: Asking) -> None:
    """VY-02, VY-05, VY-08 and VY-09: one is answered by an agent who rings, talks and is idle; one hangs up; nobody is counted twice."""
    product.act("call", "answered")
    product.act("enter", "answered")
    product.act("call", "gone", number="0046701740613")
    product.act("enter", "gone")
    eventually(lambda: product.now("waiting") == 2, WITHIN_S, product.said)
    product.act("ring", "answered")
    eventually(lambda: product.agent_state() == "ringing", WITHIN_S, product.said)
    product.act("answer", "answered")
    eventually(lambda: product.agent_state() == "talking", WITHIN_S, product.said)
    eventually(lambda: (product.now("waiting"), product.now("talking")) == (1, 1), WITHIN_S, product.said)
    product.act("hang_up", "gone")
    product.act("hang_up", "answered")
    eventually(lambda: product.agent_state() == "unknown", WITHIN_S, product.said)
    eventually(lambda: product.now("waiting") == 0, WITHIN_S, product.said)
    eventually(lambda: (product.today("answered"), product.today("offered")) == (1, 2), WITHIN_S, product.said)
    eventually(lambda: (product.today("abandoned") or 0) + (product.today("short_abandoned") or 0) == 1, WITHIN_S, product.said)
    eventually(lambda: product.live()["site"]["today"]["calls_in"] == 2, WITHIN_S, product.said)
    shown = queue(product.live(), QUEUE)
    assert shown["today"]["overflowed"] == 0
    assert shown["today"]["att"] is None  # talk and hold are one connection
    assert shown["today"]["aht"] is not None
    assert product.deed("state")["dequeues"] == 0


@pytest.mark.acceptance("VY-12")
def test_a_vendor_that_refuses_for_a_while_is_waited_for(product: Asking) -> None:
    """VY-12: what is shown is marked while nobody answers, and is live again afterwards."""

    def marked() -> bool:
        return any(each["state"] != "live" for each in product.live()["sources"])

    product.deed("switches", per_minute=1)
    eventually(marked, 60, product.said)
    product.deed("switches", per_minute=0)
    product.until("live", 90)
    product.act("call", "later", number="0046701740614")
    product.act("enter", "later")
    eventually(lambda: product.now("waiting") == 1, WITHIN_S, product.said)
    product.act("hang_up", "later")


@pytest.mark.acceptance("VY-06", "VY-07")
def test_the_door_takes_what_has_the_key_and_says_no_actions(product: Asking) -> None:
    """VY-06 and VY-07: through the product's own door."""
    statuses = []
    for key in (HOOK_KEY, "another"):
        request = urllib.request.Request(
            product.address, data=b'{"type": "live_call"}', headers={"X-Wallboard-Key": key, "Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                statuses.append((reply.status, reply.read()))
        except urllib.error.HTTPError as refusal:
            with refusal:
                statuses.append((refusal.code, b""))
    assert statuses == [(200, b'{"actions":[]}'), (401, b"")]
    assert TOKEN not in product.said()
    assert HOOK_KEY not in product.said()
    assert "701740612" not in product.said()
