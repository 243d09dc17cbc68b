"""(f) How many ended calls a second go from Redis into the archive, on SQLite and, where one is installed, on PostgreSQL.

The calls are written to Redis as the road writes them; what is timed is the keeping alone, from the first batch to the last.
    python -m bench.archive --redis URL --calls 20000      (DATABASE_URL says where to)
Says `kept` (seconds, cpu_s of this process, server_s of PostgreSQL, slowest: calls a second in the slowest ten seconds).
"""

import argparse
import asyncio
import time
from pathlib import Path

from bench.database import postgres, worked_s
from bench.figures import Figure
from bench.processes import Child, redis, tell, workplace
from stats.domain.records import Call, Direction, Journey, Offer, Party, Visit

AIM = 3_000
WINDOW_S = 10.0
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


def measure(calls: int, rounds: int, sustained: int) -> list[Figure]:
    """Both engines, each round all processes and files anew; once PostgreSQL with so many calls (`sustained`) that they take a minute."""
    told: dict[str, list[dict[str, float]]] = {}
    for _ in range(rounds):
        with workplace() as place, redis(place) as (url, _), postgres(place) as server:
            told.setdefault("SQLite", []).append(_kept(place, url, calls, f"sqlite:///{place}/archive.sqlite3"))
            if server is not None:
                server.start()
                told.setdefault("PostgreSQL", []).append(_kept(place, url, calls, server.address, server.pid))
    figures = []
    for name, found in told.items():
        rates = [calls / each["seconds"] for each in found]
        figures.append(
            Figure(bench="archive", name=f"ended calls a second, Redis to {name}", unit="/s", rounds=rates, aim=AIM, better="more")
        )
        worker = [each["cpu_s"] / calls * 1e6 for each in found]
        figures.append(Figure(bench="archive", name=f"CPU of the worker per call kept, {name}", unit="µs", rounds=worker))
    if "PostgreSQL" in told:
        server_s = [each["server_s"] / calls * 1e6 for each in told["PostgreSQL"]]
        figures.append(Figure(bench="archive", name="CPU of PostgreSQL per call kept", unit="µs", rounds=server_s))
    if sustained and "PostgreSQL" in told:
        with workplace() as place, redis(place) as (url, _), postgres(place) as server:
            assert server is not None
            server.start()
            slowest = _kept(place, url, sustained, server.address, server.pid)["slowest"]
        name = f"the same of {sustained:,} calls in a row, PostgreSQL, in the slowest {WINDOW_S:.0f} seconds"
        figures.append(Figure(bench="archive", name=name, unit="/s", rounds=[slowest], aim=AIM, better="more"))
    return figures


def _kept(place: Path, url: str, calls: int, database: str, server: int = 0) -> dict[str, float]:
    settings = {"DATABASE_URL": database, "VAR_DIR": str(place), "DJANGO_SETTINGS_MODULE": "wallboard.settings", "ENV_FILE": ""}
    words = ("--redis", url, "--calls", str(calls), "--server", str(server))
    with Child("-m", "bench.archive", *words, env=settings) as keeper:
        return keeper.hear("kept")


async def _keep(url: str, calls: int, server: int) -> None:
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
    cpu, server_cpu = time.process_time(), _server_s(server)
    times = [time.monotonic()]
    counts = [0]
    while kept := await keeping.keep_some():
        times.append(time.monotonic())
        counts.append(counts[-1] + kept)
    cpu_s, server_s = time.process_time() - cpu, _server_s(server) - server_cpu
    assert await keeping.unkept.number() == 0
    from asgiref.sync import sync_to_async

    from stats.history.tables import ArchivedCall

    assert await sync_to_async(ArchivedCall.objects.count, thread_sensitive=False)() == calls
    tell("kept", seconds=times[-1] - times[0], cpu_s=cpu_s, server_s=server_s, slowest=_slowest(times, counts))
    await store.close()


def _slowest(times: list[float], counts: list[int]) -> float:
    """Calls a second in the slowest stretch of WINDOW_S; all of it where it took less."""
    rates = [counts[-1] / (times[-1] - times[0])]
    first = 0
    for last in range(len(times)):
        while first + 1 < last and times[last] - times[first + 1] >= WINDOW_S:
            first += 1
        if times[last] - times[first] >= WINDOW_S:
            rates.append((counts[last] - counts[first]) / (times[last] - times[first]))
    return min(rates)


def _server_s(server: int) -> float:
    return worked_s(server) if server else 0.0


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
    parser.add_argument("--server", type=int, default=0, help="PostgreSQL's process")
    asked = parser.parse_args()
    django.setup()
    call_command("migrate", verbosity=0)
    from stats.garbage import look_seldom
    from stats.history.partitions import tend

    look_seldom()  # as the worker does
    tend(time.time_ns() // 1_000_000)
    asyncio.run(_keep(asked.redis, asked.calls, asked.server))


if __name__ == "__main__":
    main()
