"""`python -m bench [NAME ...] [--quick] [--write FILE]`: runs the benchmarks and prints a table; writes nothing unless told to.

    road      frames a second of one ingest worker from socket to Redis, beside a decode-only loop
    memory    Redis and worker memory per 10,000 calls
    seed      time to read a day of 20,000 calls
    fan-out   CPU per delivered message at 500 browser sockets, beside a bare broadcast
    archive   ended calls a second from Redis to the database, on SQLite and PostgreSQL
    reports   how long reports, the list of calls and receipts take over a year of calls on PostgreSQL, beside DuckDB
    pages     how long each page takes with 50,000 calls today and 2,000 agents, and how often it asks the database
    hooks     500 posts of a vendor a second for a minute, while processes are killed
    screen    frame to page in Chromium at 20 and 200 frames a second
Everything runs on 127.0.0.1 and is gone afterwards. `--write` replaces the measured table in a document between its two marks.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bench import archive, fanout, hooks, memory, pages, reports, road, screen, seeding
from bench.figures import Figure, table
from bench.processes import Child, workplace
from bench.screen import NoBrowser

# Of one benchmark; each takes a minute or two. What hangs is ended, with everything it started.
LONGEST_S = 300
LONGEST_OF = {"archive": 600, "pages": 900, "hooks": 400, "reports": 2_400}
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured: whole, or just enough to see that everything runs."""

    stream_calls: int
    stream_frames: int
    rounds: int
    day_calls: int
    memory_calls: int
    first: int  # frames sent at once beforehand, so that there are queues, agents and calls to show
    sockets: int
    seconds: float
    screen: tuple[tuple[int, float], ...]
    archived: tuple[int, int] = (400, 0)  # calls a round, and once in a row
    pages: tuple[int, int, int] = (600, 60, 3)  # calls today, agents, how often each page is asked for
    posts: float = 8.0  # seconds of the flood
    reports: tuple[int, int, int] = (3_000, 33, 2)  # calls of so many days, how often each question is asked


WHOLE = Size(
    stream_calls=4_000,
    stream_frames=50_000,
    rounds=3,
    day_calls=20_000,
    memory_calls=10_000,
    first=3_000,
    sockets=500,
    seconds=10.0,
    screen=((20, 90.0), (200, 25.0)),
    archived=(40_000, 180_000),
    pages=(50_000, 2_000, 40),
    posts=60.0,
    reports=(1_000_000, 365, 15),
)
QUICK = Size(
    stream_calls=300,
    stream_frames=3_000,
    rounds=1,
    day_calls=300,
    memory_calls=300,
    first=1_000,
    sockets=20,
    seconds=2.0,
    screen=((20, 8.0), (200, 3.0)),
)


class Materials:
    """Files of frames and rows, each made when first asked for."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def frames(self, calls: int, *, dealt: bool = False, agents: int = 0) -> tuple[Path, int]:
        """A file of that many calls' frames, and how many frames it has."""
        return self._made("frames", calls, *(("--dealt",) if dealt else ()), *_of(agents))

    def rows(self, calls: int, *, agents: int = 0) -> Path:
        """A file of that many calls' rows."""
        return self._made("rows", calls, *_of(agents))[0]

    def _made(self, what: str, calls: int, *more: str) -> tuple[Path, int]:
        path = self._place / "-".join((what, str(calls), *(m.strip("-") for m in more)))
        count = path.with_suffix(".count")
        if not path.exists():
            with Child("-m", "bench.material", what, str(path), "--calls", str(calls), *more) as maker:
                count.write_text(str(maker.hear("written")["number"]))
        return path, int(count.read_text())


def _of(agents: int) -> tuple[str, ...]:
    return ("--agents", str(agents)) if agents else ()


def _road(size: Size, materials: Materials) -> list[Figure]:
    frames, number = materials.frames(size.stream_calls)
    dealt, also = materials.frames(size.stream_calls, dealt=True)
    return road.measure(frames, min(number, size.stream_frames), dealt, min(also, size.stream_frames), size.rounds)


def _memory(size: Size, materials: Materials) -> list[Figure]:
    frames, number = materials.frames(size.memory_calls)
    return memory.measure(frames, number, size.memory_calls)


def _seed(size: Size, materials: Materials) -> list[Figure]:
    return seeding.measure(materials.rows(size.day_calls), size.day_calls, size.rounds)


def _fanout(size: Size, materials: Materials) -> list[Figure]:
    return fanout.measure(materials.frames(size.stream_calls)[0], size.first, size.sockets, size.seconds, size.rounds)


def _screen(size: Size, materials: Materials) -> list[Figure]:
    try:
        return screen.measure(materials.frames(size.stream_calls)[0], size.first, size.screen)
    except NoBrowser as none:
        print(f"screen: not measured, {none}", file=sys.stderr)
        return []


def _archive(size: Size, _materials: Materials) -> list[Figure]:
    return archive.measure(size.archived[0], size.rounds, size.archived[1])


def _pages(size: Size, materials: Materials) -> list[Figure]:
    calls, agents, times = size.pages
    frames, number = materials.frames(200, agents=agents)
    return pages.measure(materials.rows(calls, agents=agents), frames, number, calls, times)


def _reports(size: Size, _materials: Materials) -> list[Figure]:
    return reports.measure(*size.reports)


def _hooks(size: Size, _materials: Materials) -> list[Figure]:
    return hooks.measure(size.posts)


BENCHES: dict[str, Callable[[Size, Materials], list[Figure]]] = {
    "road": _road,
    "memory": _memory,
    "seed": _seed,
    "fan-out": _fanout,
    "archive": _archive,
    "reports": _reports,
    "pages": _pages,
    "hooks": _hooks,
    "screen": _screen,
}


def put_table(document: Path, measured: str) -> None:
    """Replaces what lies between the marks of a document."""
    before, _, rest = document.read_text("utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"{document} has no {BEGIN} … {END}")
    document.write_text(f"{before}{BEGIN}\n{measured}\n{END}{after}", "utf-8")


def _give_up(number: int, _frame: object) -> None:
    """Leaves by the way that ends what was started and removes what was written."""
    raise SystemExit("a benchmark took too long" if number == signal.SIGALRM else "ended")


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Runs the benchmarks and prints a table.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which of {', '.join(BENCHES)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: says that everything runs, and nothing about speed")
    parser.add_argument("--calls", type=int, help="how many calls the year of `reports` has (10000000: half an hour, 40 GB of disk)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also put the table between the marks of this document")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in BENCHES]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    size = QUICK if asked.quick else WHOLE
    if asked.calls:
        size = replace(size, reports=(asked.calls, *size.reports[1:]))
    figures: list[Figure] = []
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, _give_up)
    with workplace() as place:
        materials = Materials(place)
        for name in asked.names or BENCHES:
            began = time.monotonic()
            signal.alarm(LONGEST_OF.get(name, LONGEST_S))
            figures += BENCHES[name](size, materials)
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(table(figures))
    if asked.write:
        put_table(asked.write, table(figures))


if __name__ == "__main__":
    main()
