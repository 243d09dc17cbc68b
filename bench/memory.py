"""(d) What Redis and one worker hold for 10,000 calls that came frame by frame."""

from pathlib import Path

from redis import Redis

from bench.figures import Figure
from bench.processes import resident_mb
from bench.road import Scene, scene

AIM_MB = 60
PER = 10_000


def measure(frames: Path, number: int, calls: int) -> list[Figure]:
    """One round: memory is not noisy. Before: sockets open and the past, which is empty, read."""
    with scene(frames=frames, expect=number) as here:
        before = _held(here)
        here.upstream.order(f"send {number}")
        here.worker.hear("done")
        after = _held(here)
    worker, redis, dataset = (round(b - a, 3) * PER / calls for a, b in zip(before, after, strict=True))
    return [
        Figure(
            bench="memory", name="Redis and worker together, per 10,000 calls", unit="MB", rounds=[worker + redis], aim=AIM_MB, digits=1
        ),
        Figure(bench="memory", name="of it Redis (resident)", unit="MB", rounds=[redis], digits=1),
        Figure(bench="memory", name="of it the worker (resident)", unit="MB", rounds=[worker], digits=1),
        Figure(bench="memory", name="Redis by its own count, per 10,000 calls", unit="MB", rounds=[dataset], digits=1),
        Figure(bench="memory", name="the worker in all, at the end", unit="MB", rounds=[after[0]], digits=1),
    ]


def _held(here: Scene) -> tuple[float, float, float]:
    client = Redis.from_url(here.redis_url)
    used = client.info("memory")["used_memory"] / 1e6
    client.close()
    return resident_mb(here.worker.pid), resident_mb(here.redis_pid), used
