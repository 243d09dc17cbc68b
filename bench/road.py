"""(a) How many frames a second one ingest worker takes from its sockets to Redis, beside a loop that only decodes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.material import afternoon_zone
from bench.processes import Child, Stopwatch, redis, workplace

AIM = 5_000


@dataclass(slots=True)
class Scene:
    """Redis, an upstream and a worker that has read the past."""

    upstream: Child
    worker: Child
    redis_url: str
    redis_pid: int
    seeded: dict[str, Any]


@contextmanager
def scene(*, frames: Path | None = None, rows: Path | None = None, expect: int = 0) -> Iterator[Scene]:
    """Each process new, the store empty."""
    material = [*(("--frames", str(frames)) if frames else ()), *(("--rows", str(rows)) if rows else ())]
    with workplace() as place, redis(place) as (url, redis_pid), Child("-m", "bench.upstream", *material) as upstream:
        at = upstream.hear("ready")
        with Child(
            *("-m", "bench.worker", "--redis", url, "--live", at["live"], "--historic", at["historic"]),
            *("--zone", afternoon_zone(), "--expect", str(expect)),
        ) as worker:
            yield Scene(upstream, worker, url, redis_pid, worker.hear("seeded"))


def measure(frames: Path, number: int, dealt: Path, also: int, rounds: int) -> list[Figure]:
    """Rounds of all three in turn; each round all processes anew. `dealt`: the same calls as if all happened at once."""
    rates: list[float] = []
    dealt_rates: list[float] = []
    worker_us: list[float] = []
    redis_us: list[float] = []
    decode_us: list[float] = []
    shares: list[float] = []
    for _ in range(rounds):
        with Child("-m", "bench.decode", str(frames), str(number)) as loop:
            decoded = loop.hear("decoded")
        done, redis_cpu = _drive(frames, number)
        rates.append(number / done["seconds"])
        worker_us.append(done["cpu_s"] / number * 1e6)
        redis_us.append(redis_cpu / number * 1e6)
        decode_us.append(decoded["cpu_s"] / number * 1e6)
        shares.append(100 * decode_us[-1] / worker_us[-1])
        done, _ = _drive(dealt, also)
        dealt_rates.append(also / done["seconds"])
    return [
        Figure(bench="road", name="frames a second, socket to Redis", unit="/s", rounds=rates, aim=AIM, better="more"),
        Figure(bench="road", name="the same when every call happens at once", unit="/s", rounds=dealt_rates, aim=AIM, better="more"),
        Figure(bench="road", name="CPU of the worker per frame", unit="µs", rounds=worker_us),
        Figure(bench="road", name="CPU of Redis per frame", unit="µs", rounds=redis_us),
        Figure(bench="road", name="CPU of a decode-only loop per frame", unit="µs", rounds=decode_us),
        Figure(bench="road", name="speed as a share of the decode-only loop's (CPU)", unit="%", rounds=shares),
    ]


def _drive(frames: Path, number: int) -> tuple[dict[str, Any], float]:
    """One run: what the worker says when the last frame's numbers are in Redis, and the CPU seconds of Redis."""
    with scene(frames=frames, expect=number) as here:
        watch = Stopwatch(here.redis_pid)
        here.upstream.order(f"send {number}")
        done = here.worker.hear("done")
        _, (redis_cpu,) = watch.read()
    assert done["frames"] == number, done
    return done, redis_cpu
