"""(g) How long each page for people takes, and each question of the API behind it, with a full day and a large floor.

The whole product runs; one person who is signed in asks for one page after the other, again and again. How often a page asks the
database is counted by a second process that draws the same pages itself.
"""

import json
import re
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from functools import partial
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from bench import second
from bench.figures import Figure
from bench.processes import ROOT, Child
from bench.product import Product, product
from bench.screen import percentile

AIM_P95_MS = 200
READ_WITHIN_S = 400.0
# Of the calls of the floor's sixteen hours some began yesterday.
WHOLE_SHARE = 0.9
PASSWORD, TOKEN = "bench of pages, made for one run", "wb_bench_of_pages"
_COUNT = """
import asyncio, json, sys
import django
django.setup()
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.backends.signals import connection_created
from django.test import AsyncClient
asked = []
def note(execute, sql, params, many, context):
    asked.append(sql)
    return execute(sql, params, many, context)
def begun(connection, **_):
    if note not in connection.execute_wrappers:
        connection.execute_wrappers.append(note)
connection_created.connect(begun)
async def main():
    settings.ALLOWED_HOSTS.append("testserver")
    client = AsyncClient()
    await client.aforce_login(await get_user_model().objects.aget(username="admin"))
    counts = {}
    for name, address in json.loads(sys.argv[1]).items():
        await client.get(address)
        asked.clear()
        answer = await client.get(address)
        counts[name] = len(asked) if answer.status_code == 200 else -answer.status_code
    print(json.dumps(counts))
asyncio.run(main())
"""


class Person:
    """Somebody who is signed in."""

    def __init__(self, running: Product) -> None:
        self.address = running.address
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        form = self.get("/login/")
        word = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert word is not None
        told = urllib.parse.urlencode({"username": "admin", "password": PASSWORD, "csrfmiddlewaretoken": word[1]}).encode()
        asked = urllib.request.Request(f"{self.address}/login/", told, {"Referer": f"{self.address}/login/"})
        with self._opener.open(asked, timeout=30) as answer:
            assert answer.url == f"{self.address}/", answer.url

    def get(self, path: str) -> str:
        """A page's text; raises urllib.error.HTTPError."""
        with self._opener.open(self.address + path, timeout=60) as answer:
            text: str = answer.read().decode()
            return text


def measure(rows: Path, frames: Path, number: int, calls: int, times: int) -> list[Figure]:
    """The 95th percentile of each page and question, and how often each page asks the database."""
    with Child("-m", "bench.upstream", "--frames", str(frames), "--rows", str(rows)) as upstream:
        at = upstream.hear("ready")
        with product(at["live"], at["historic"], ADMIN_PASSWORD=PASSWORD, BOOTSTRAP_API_TOKEN=TOKEN) as running:
            upstream.order(f"send {number}")
            upstream.hear("sent")
            told = _when_read(running, calls)
            addresses = _addresses(running, told)
            person = Person(running)
            figures = [_timed(f"page {name}", partial(person.get, path), times) for name, path in addresses.items()]
            queue = told["queues"][0]
            questions = {
                "/api/v1/live": "/api/v1/live",
                "receipt of a queue": f"/api/v1/queues/{queue['id']}/calls?metric=answered&window=today",
                "receipt of the site": "/api/v1/numbers/site/calls_answered?window=today",
            }
            # A token may ask twenty times a second.
            figures += [_timed(f"API {name}", partial(_asked, running, path), times, rest_s=0.06) for name, path in questions.items()]
            figures += _counted(running, addresses)
            figures += second.measure(running)
    return figures


def _asked(running: Product, path: str) -> Any:
    asked = urllib.request.Request(running.address + path, headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.load(answer)


def _when_read(running: Product, calls: int) -> Any:
    """What the API tells once the day is read and every ended call is in the archive."""
    deadline = time.monotonic() + READ_WITHIN_S
    while time.monotonic() < deadline:
        health = _asked(running, "/api/v1/health")
        told = _asked(running, "/api/v1/live")
        counted = sum(told["site"]["today"].get(name) or 0 for name in ("calls_in", "calls_out", "calls_internal"))
        waiting = sum(health["archive"]["waiting"].values())
        if counted >= WHOLE_SHARE * calls and not waiting:
            return told
        time.sleep(1)
    raise RuntimeError(f"the day was not read: {counted} calls counted, {waiting} not in the archive")


def _addresses(running: Product, told: Any) -> dict[str, str]:
    """The pages by name: of the busiest queue, an agent who has worked, and a call."""
    queue = max(told["queues"], key=lambda each: each["today"]["offered"] or 0)
    agent = max(told["agents"], key=lambda each: each["today"]["answered"] or 0)
    call = _asked(running, f"/api/v1/queues/{queue['id']}/calls?metric=answered&window=today")["items"][0]["id_call"]
    return {
        "overview": "/",
        "queue": f"/queues/{queue['id']}/",
        "agents": "/agents/",
        "agent": f"/agents/{agent['id']}/",
        "call": f"/calls/{call}/",
        "receipt of a count": f"/numbers/queue:{queue['id']}/answered/",
        "receipt of a ratio": "/numbers/site/service_level/",
        "receipt of a percentile": f"/numbers/queue:{queue['id']}/wait_p90/",
        "receipt of an agent's time": f"/numbers/agent:{agent['id']}/time_talking/",
        "lost callers": "/callers/",
        "search for a name": "/search/?q=an",
        "search for a number": "/search/?q=0701",
        "definitions": "/definitions/",
        "screens": "/screens/",
        "people": "/people/",
        "tokens": "/tokens/",
        "audit log": "/audit/",
        "privacy": "/privacy/",
        "sources": "/sources/",
        "health": "/health/",
        "board team": "/boards/team/",
        "board supervisor": "/boards/supervisor/",
    }


def _timed(name: str, ask: Callable[[], object], times: int, rest_s: float = 0.0) -> Figure:
    waits: list[float] = []
    for turn in range(times + 2):
        time.sleep(rest_s)
        began = time.perf_counter()
        try:
            ask()
        except urllib.error.HTTPError as wrong:
            raise RuntimeError(f"{name}: {wrong.code}") from wrong
        # The first two find cold templates and caches.
        if turn >= 2:
            waits.append((time.perf_counter() - began) * 1000)
    middle = f", median {statistics.median(waits):.0f}"
    return Figure(bench="pages", name=f"{name}, p95{middle}", unit="ms", rounds=[percentile(waits, 95)], aim=AIM_P95_MS)


def _counted(running: Product, addresses: dict[str, str]) -> list[Figure]:
    command = [sys.executable, "-c", _COUNT, json.dumps(addresses)]
    done = subprocess.run(command, cwd=ROOT, env=running.environment, capture_output=True, text=True, check=True, timeout=300)
    counts = json.loads(done.stdout.splitlines()[-1])
    return [Figure(bench="pages", name=f"questions to the database, {name}", unit="", rounds=[count]) for name, count in counts.items()]
