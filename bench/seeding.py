"""(e) How long a worker that knows nothing takes to read a day of 20,000 calls through GraphQL and show it."""

from pathlib import Path

from redis import Redis

from bench.figures import Figure
from bench.processes import cpu_s
from bench.road import scene

AIM_S = 30
ORGANISATION = "default"


def measure(rows: Path, calls: int, rounds: int) -> list[Figure]:
    """From the first handshake to the source's health saying that its day is known, all processes new each round."""
    seconds: list[float] = []
    worker: list[float] = []
    redis: list[float] = []
    upstream: list[float] = []
    for _ in range(rounds):
        with scene(rows=rows) as here:
            client = Redis.from_url(here.redis_url)
            # What the floor's day holds is what the store must hold: nothing left out, nothing left in memory.
            stored = client.zcard(f"wb:{{{ORGANISATION}}}:i:telavox")
            client.close()
            assert stored == calls, (stored, calls)
            assert not here.seeded["malformed"], here.seeded
            seconds.append(here.seeded["seconds"])
            worker.append(here.seeded["cpu_s"])
            redis.append(cpu_s(here.redis_pid))
            upstream.append(cpu_s(here.upstream.pid))
    return [
        Figure(bench="seed", name=f"a day of {calls:,} calls, to the last number shown", unit="s", rounds=seconds, aim=AIM_S, digits=1),
        Figure(bench="seed", name="CPU of the worker", unit="s", rounds=worker, digits=1),
        Figure(bench="seed", name="CPU of Redis", unit="s", rounds=redis, digits=1),
        Figure(bench="seed", name="CPU of the stand-in for the vendor, reading its file included", unit="s", rounds=upstream, digits=1),
    ]
