"""(i) What vendors post: 500 a second for a minute, while the worker, a web process and every connection to Redis are killed on the way."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import redis

from bench.figures import Figure
from bench.processes import ROOT, Child, Stopwatch
from bench.product import Product, product
from stats.live import server

RATE = 500
AIM_P99_MS = 1_000.0
SECRET = "what-the-bench-signs-with"
SETTLED_WITHIN_S = 60.0
# Nobody answers there: what is posted is all there is.
NOWHERE = "http://127.0.0.1:9/v1"
_MAKE = """
import sys, django
django.setup()
from stats.history import hooks
from stats.models import Organisation, Source
source = Source(organisation=Organisation.objects.get(slug="default"), name="posted", provider="vocatech", live_url=sys.argv[1])
source.token = "bench-token"
source.save()
print(hooks.address_of(hooks.new_hook(source, sys.argv[2]), sys.argv[3]))
"""
_COUNT = """
import django
django.setup()
from stats.models import ArchivedCall, ArchivedOffer
print(ArchivedCall.objects.count(), ArchivedOffer.objects.count())
"""
PER_CALL = 3


def measure(seconds: float) -> list[Figure]:
    """One flood of a call in three events each, one of them its only ring."""
    with product("ws://127.0.0.1:9", NOWHERE) as running:
        address = _run(running, _MAKE, NOWHERE, SECRET, running.address).split()[-1]
        _await_standby(running)
        store = redis.Redis.from_url(server.embedded_url(Path(running.environment["VAR_DIR"])))
        time.sleep(4.0)  # it imports what it needs
        with Child("-m", "bench.flood", address, SECRET, str(RATE), str(seconds)) as flooder:
            calm = min(10.0, seconds / 4)
            watch = Stopwatch(*running.pids_of("daphne"), *running.pids_of("manage.py ingest"), int(store.info("server")["process_id"]))
            time.sleep(calm)
            _took, (first, second, worker, redis_s) = watch.read()
            posts = max(1, _seen(store))
            for deed in (_kill_worker, _kill_connections, _kill_web, _kill_worker):
                time.sleep((seconds - calm) / 5)
                deed(running, store)
            told = flooder.hear("heard")
        began = time.monotonic()
        calls = told["posted"] // PER_CALL
        while _left(store) and time.monotonic() - began < SETTLED_WITHIN_S:
            time.sleep(0.2)
        late = time.monotonic() - began
        kept, rings = (int(word) for word in _run(running, _COUNT).split()[-2:])
        store.close()
    lost = told["posted"] - told["taken"] - told["again"]
    figures = [
        Figure(bench="hooks", name="answer, p50", unit="ms", rounds=[told["p50"] * 1e3]),
        Figure(bench="hooks", name="answer, p99, processes killed on the way", unit="ms", rounds=[told["p99"] * 1e3], aim=AIM_P99_MS),
        Figure(bench="hooks", name="answer, the longest", unit="ms", rounds=[told["longest"] * 1e3]),
        Figure(bench="hooks", name="posts never taken", unit="", rounds=[lost], aim=0),
        Figure(bench="hooks", name="calls lost or counted twice", unit="", rounds=[abs(calls - kept) + abs(calls - rings)], aim=0),
        Figure(bench="hooks", name="posts taken at last, that nobody answered at first", unit="", rounds=[told["not_answered"]]),
        Figure(bench="hooks", name="from the last answer to the archive", unit="s", rounds=[late], digits=1),
        Figure(bench="hooks", name="CPU of the web processes per post", unit="µs", rounds=[(first + second) / posts * 1e6]),
        Figure(bench="hooks", name="CPU of the worker per post", unit="µs", rounds=[worker / posts * 1e6]),
        Figure(bench="hooks", name="CPU of Redis per post", unit="µs", rounds=[redis_s / posts * 1e6]),
    ]
    return figures


def _await_standby(running: Product) -> None:
    until = time.monotonic() + SETTLED_WITHIN_S
    while len(running.pids_of("daphne")) < 2 and time.monotonic() < until:
        time.sleep(0.2)


def _kill_worker(running: Product, _store: redis.Redis) -> None:
    _kill(running.pids_of("manage.py ingest"))


def _kill_connections(_running: Product, store: redis.Redis) -> None:
    store.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def _kill_web(running: Product, _store: redis.Redis) -> None:
    _kill(running.pids_of("daphne")[:1])


def _kill(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def _seen(store: redis.Redis) -> int:
    """How many posts the inbox has ever taken in."""
    return sum(int(store.scard(name)) for name in store.scan_iter("wb:{default}:seen:posted:*"))


def _left(store: redis.Redis) -> int:
    prefix = "wb:{default}:"
    return int(store.xlen(f"{prefix}inbox:posted")) + int(store.zcard(f"{prefix}unkept:posted"))


def _run(running: Product, program: str, *words: str) -> str:
    command = [sys.executable, "-c", program, *words]
    return subprocess.run(command, cwd=ROOT, env=running.environment, capture_output=True, text=True, check=True).stdout
