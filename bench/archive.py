"""(f) How many ended calls a second go from Redis into the archive, on SQLite and, where one is installed, on PostgreSQL.

The calls are written to Redis as the road writes them; what is timed is the keeping alone, from the first batch to the last.
    python -m bench.archive --redis URL --calls 20000      (DATABASE_URL says where to)
Says `kept` (seconds, cpu_s of this process).
"""

import argparse
import asyncio
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Figure
from bench.processes import Child, redis, tell, workplace
from stats.domain.records import Call, Direction, Journey, Offer, Party, Visit

AIM = 3_000
ORGANISATION, SOURCE = "default", "telavox"
AGENTS, QUEUES = 300, 8


def ended(number: int, at: int) -> Call:
    """One ended call: in two of ten a second queue, in four of ten a ring that nobody took."""
    number_of_caller = f"+46701{number % 9_000:06d}"
    visits, offers = [], []
    for n in range(2 if number % 5 == 0 else 1):
        queue = Party(id=100_000 + (number + n) % QUEUES, account_id=9_000 + n, name=f"Queue {(number + n) % QUEUES}")
        entered = at + 2_000 + n * 30_000
        visits.append(
            Visit(queue=queue, entered_at=entered, active=False, answered=True, answered_at=entered + 9_000, ended_at=at + 95_000, asof=at)
        )
        for ring in range(2 if number % 5 > 2 else 1):
            agent = Party(id=900_000 + (number * 7 + ring) % AGENTS, account_id=number % AGENTS, name=f"Agent {(number + ring) % AGENTS}")
            offers.append(
                Offer(
                    agent=agent,
                    queue=queue,
                    began_at=entered + 1_000 + ring,
                    answered_at=entered + 9_000 if ring == 0 else None,
                    ended_at=at + 95_000,
                    active=False,
                    answered=ring == 0,
                    direction=Direction.IN,
                    ring_ms=8_000,
                    talk_ms=80_000 if ring == 0 else None,
                    asof=at,
                )
            )
    journey = Journey(
        active=False,
        answered=True,
        direction=Direction.IN,
        internal=False,
        number=number_of_caller,
        started_at=at,
        ended_at=at + 95_000,
        first_agent=offers[0].agent,
        first_queue=visits[0].queue,
        total_ms=95_000,
        asof=at,
    )
    # Ids as the vendor's: random, so that no index has an easy life.
    return Call(
        source=SOURCE,
        id_call=f"{number * 2_654_435_761 % 2**32:08x}-5b2f-4c7e-9d11-{number:012x}",
        journey=journey,
        visits=tuple(visits),
        offers=tuple(offers),
    )


def measure(calls: int, rounds: int) -> list[Figure]:
    """Both engines, each round all processes and files anew."""
    rates: dict[str, list[float]] = {}
    cpu_us: dict[str, list[float]] = {}
    for _ in range(rounds):
        with workplace() as place, redis(place) as (url, _), postgres(place) as server:
            engines = {"SQLite": f"sqlite:///{place}/archive.sqlite3"} | ({"PostgreSQL": server} if server else {})
            for name, database in engines.items():
                settings = {"DATABASE_URL": database, "VAR_DIR": str(place), "DJANGO_SETTINGS_MODULE": "wallboard.settings", "ENV_FILE": ""}
                with Child("-m", "bench.archive", "--redis", url, "--calls", str(calls), env=settings) as keeper:
                    done = keeper.hear("kept")
                rates.setdefault(name, []).append(calls / done["seconds"])
                cpu_us.setdefault(name, []).append(done["cpu_s"] / calls * 1e6)
    figures = []
    for name, found in rates.items():
        figures.append(
            Figure(bench="archive", name=f"ended calls a second, Redis to {name}", unit="/s", rounds=found, aim=AIM, better="more")
        )
        figures.append(Figure(bench="archive", name=f"CPU of the worker per call kept, {name}", unit="µs", rounds=cpu_us[name]))
    return figures


@contextmanager
def postgres(place: Path) -> Iterator[str]:
    """The address of a new server with its factory settings; "" where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    binary = shutil.which("initdb") or (str(found[-1]) if found else "")
    if not binary:
        yield ""
        return
    home = place / "pg"
    home.mkdir()
    user = None
    if os.geteuid() == 0:  # as whom PostgreSQL refuses to run
        user = "postgres"
        place.chmod(0o755)
        os.chown(home, pwd.getpwnam(user).pw_uid, -1)
    control = Path(binary).with_name("pg_ctl")

    def run(*words: object) -> None:
        subprocess.run([str(w) for w in words], cwd="/", user=user, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, check=True)

    run(binary, "-D", home / "data", "-A", "trust", "-U", "wallboard", "--no-sync")
    run(control, "-D", home / "data", "-w", "-l", home / "log", "-o", f"-k {home} -c listen_addresses=", "start")
    try:
        yield f"postgres://wallboard@/postgres?host={home}"
    finally:
        run(control, "-D", home / "data", "-m", "immediate", "-w", "stop")


async def _keep(url: str, calls: int) -> None:
    from stats.domain.metrics import CountingRules
    from stats.history.shelf import Shelf
    from stats.ingest.keeping import Keeping
    from stats.ingest.pipeline import Road
    from stats.live.board_store import Batch, Row, Store

    store = Store(url)
    await store.connection.ask(store.connection.client.flushall())
    await store.begin(ORGANISATION)
    now = time.time_ns() // 1_000_000
    show = _nothing()
    for first in range(0, calls, 400):
        made = [ended(n, now - 3_600_000 + n * 40) for n in range(first, min(first + 400, calls))]
        await store.apply(ORGANISATION, SOURCE, "", Batch(records=[Row(call, 0, show, now) for call in made]))
    road = Road(store, ORGANISATION, SOURCE, "", "Europe/Stockholm", CountingRules())
    keeping = Keeping(store, ORGANISATION, SOURCE, road, Shelf(ORGANISATION))
    began, cpu = time.monotonic(), time.process_time()
    while await keeping.keep_some():
        pass
    seconds, cpu_s = time.monotonic() - began, time.process_time() - cpu
    assert await keeping.unkept.number() == 0
    from asgiref.sync import sync_to_async

    from stats.history.tables import ArchivedCall

    assert await sync_to_async(ArchivedCall.objects.count, thread_sensitive=False)() == calls
    tell("kept", seconds=seconds, cpu_s=cpu_s)
    await store.close()


def _nothing() -> bytes:
    """What a call shows that is in no sum: only its keeping is measured."""
    from stats.domain.metrics import Contribution
    from stats.live.board_store import show_of

    return show_of(Contribution(), "Europe/Stockholm")


def main() -> None:
    """Keeps calls, and says how long it took."""
    import django
    from django.core.management import call_command

    parser = argparse.ArgumentParser()
    parser.add_argument("--redis", required=True)
    parser.add_argument("--calls", type=int, required=True)
    asked = parser.parse_args()
    django.setup()
    call_command("migrate", verbosity=0)
    from stats.history.partitions import tend

    tend(time.time_ns() // 1_000_000)
    asyncio.run(_keep(asked.redis, asked.calls))


if __name__ == "__main__":
    main()
