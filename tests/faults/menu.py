"""What can be done to a house: each fault begins, lasts, and is undone; some end by themselves because `up` starts the dead again.

Rules that hold here: a fault touches one process or one link; what it does is done through a pid or the proxy alone; undoing is all the
help there is, nobody restarts or reloads anything else.
"""

import contextlib
import os
import random
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.house import House, Undo

Begin = Callable[[House], Undo]
LINKS = ("stream", "history", "worker-store", "web-store", "browser")


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault of a schedule: what, for how long, and how long after the last one was over."""

    name: str
    seconds: float
    calm: float

    def __str__(self) -> str:
        return f"{self.name} for {self.seconds:.0f} s, {self.calm:.1f} s later"


def _nothing() -> None:
    """Ends by itself."""


def _kill(who: str) -> Begin:
    def begin(house: House) -> Undo:
        if who == "vendor":
            house.vendor.end()
            return house.vendor.start
        if who == "store" and not house.embedded:
            house.redis.end()
            return house.redis.start
        house.signal(who, signal.SIGKILL)
        return _nothing

    return begin


def _stop(who: str) -> Begin:
    def begin(house: House) -> Undo:
        pid = house.signal(who, signal.SIGSTOP)

        def undo() -> None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

        return undo

    return begin


def _link(which: str, verb: str) -> Begin:
    def begin(house: House) -> Undo:
        link = {"stream": house.stream, "history": house.history, "browser": house.web}.get(which, house.store)
        only = {"worker-store": "manage.py ingest", "web-store": "daphne"}.get(which, "")
        how: dict[str, float] = {"slow": {"latency_s": 0.4, "bytes_per_s": 200_000}, "slice": {"after": 7}}.get(verb, {})
        house.proxy.break_(link, verb, only=only, **how)
        return lambda: house.proxy.heal(link)

    return begin


def _one_feed(feed: str, verb: str) -> Begin:
    def begin(house: House) -> Undo:
        house.proxy.break_(house.stream, verb, only=f"GET /{feed} ")
        return lambda: house.proxy.heal(house.stream)

    return begin


def _locked(house: House) -> Undo:
    """Somebody holds SQLite's write lock."""
    held = sqlite3.connect(house.product.var_dir / "wallboard.sqlite3", timeout=20, isolation_level=None, check_same_thread=False)
    held.execute("BEGIN EXCLUSIVE")

    def undo() -> None:
        held.execute("ROLLBACK")
        held.close()

    return undo


def _flushed(house: House) -> Undo:
    if house.embedded:
        client = house.product.redis()
    else:
        import redis

        client = redis.Redis(port=house.redis.port)
    with client:
        client.flushall()
    return _nothing


PROCESSES: dict[str, Begin] = {
    **{f"kill -9 {who}": _kill(who) for who in ("worker", "web", "store", "housekeeping", "vendor")},
    **{f"stop {who}": _stop(who) for who in ("worker", "web", "store", "housekeeping", "vendor")},
    "lock database": _locked,
    "flush store": _flushed,
}
ON_STREAM: dict[str, Begin] = {
    f"{verb} {which}": _link(which, verb)
    for which in ("stream", "history", "browser")
    for verb in ("cut", "reset", "stall", "half_open", "slow", "slice")
} | {
    f"{verb} feed {feed}": _one_feed(feed, verb)
    for feed in ("calls", "queues", "agents", "profile_live")
    for verb in ("reset", "stall", "half_open")
}
ON_STORE: dict[str, Begin] = {
    f"{verb} {which}": _link(which, verb) for which in ("worker-store", "web-store") for verb in ("reset", "stall", "half_open", "slow")
}


def _both(first: str, second: str) -> Begin:
    """Two at once, undone at once."""

    def begin(house: House) -> Undo:
        undone = [ALONE[name](house) for name in (first, second)]
        return lambda: [undo() for undo in undone]

    return begin


def _stopped_then_flushed(house: House) -> Undo:
    undo = ALONE["stop store"](house)

    def both() -> None:
        undo()
        _flushed(house)

    return both


ALONE: dict[str, Begin] = PROCESSES | ON_STREAM | ON_STORE
TOGETHER: dict[str, Begin] = {
    f"{first} + {second}": _both(first, second)
    for first, second in (
        ("cut stream", "stop store"),
        ("half_open stream", "kill -9 web"),
        ("kill -9 worker", "cut history"),
        ("kill -9 worker", "lock database"),
        ("stop web", "reset stream"),
    )
} | {"stop store, then flush it": _stopped_then_flushed}
# The control: whoever judges must have nothing to say of it.
NOTHING = "nothing"
MENU: dict[str, Begin] = ALONE | TOGETHER | {NOTHING: lambda _house: _nothing}
AT_ONCE = ("kill -9 worker", "kill -9 web", "kill -9 housekeeping", "flush store")


def schedule(seed: int, faults: int, most_s: float, *, embedded: bool) -> list[Planned]:
    """A seeded choice, without repeats until everything has had its turn. An embedded Redis has no link and starts itself."""
    rng = random.Random(seed)
    names = [name for name in MENU if name != NOTHING and not (embedded and name in ON_STORE)]
    chosen: list[str] = []
    while len(chosen) < faults:
        chosen += rng.sample(names, min(len(names), faults - len(chosen)))
    return [Planned(name, 0.0 if name in AT_ONCE else rng.uniform(1.0, most_s), rng.uniform(1.0, 4.0)) for name in chosen]
