"""A Redis that came back as it was a while ago: the same words about itself, older numbers."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from stats.clock import now_ms
from stats.live import server
from stats.live.board_store import Store
from stats.live.mirror import Mirror
from tests.laws.road import ORGANISATION, Bench, rules_of
from tests.laws.test_time_in_state import NINE
from tests.laws.watched import Watched
from tests.push.floor import ended_call, waiting_call
from tests.upstream.server import ScriptableUpstream

ZONE = "Europe/Stockholm"


class Restored:
    """An embedded Redis that can be put back to an earlier moment."""

    def __init__(self, var_dir: Path) -> None:
        self.var_dir = var_dir
        self.url = server.embedded_url(var_dir)
        self._process = self._start()

    def _start(self) -> "Popen[bytes]":
        process = server.start(self.var_dir)
        assert process is not None
        return process

    def stop(self) -> None:
        """Ends it, everything written down."""
        self._process.terminate()
        self._process.wait()

    def remember(self) -> None:
        """This moment is the one to come back to."""
        self.stop()
        shutil.copytree(self.var_dir / "redis", self.var_dir / "then")
        self._process = self._start()

    def come_back(self) -> None:
        """It is then again."""
        self.stop()
        shutil.rmtree(self.var_dir / "redis")
        (self.var_dir / "then").rename(self.var_dir / "redis")
        self._process = self._start()


@pytest.fixture
def restored(var_dir: Path) -> Iterator[Restored]:
    """One, which ends with the test."""
    made = Restored(var_dir)
    yield made
    made.stop()


@pytest.mark.fault("C4")
def test_a_store_that_came_back_older_is_another_epoch_and_read_anew(restored: Restored) -> None:
    """Its rev has passed the reader's again, and its own epoch is the same: only the server's identity tells."""

    async def law() -> None:
        since = NINE
        bench = Bench(restored.url, ZONE, rules_of({}))
        await bench.worker()
        assert bench.road is not None
        bench.road.tell(waiting_call("c1", since=since))
        await bench.flush()
        await bench.store.close()
        restored.remember()
        bench.store = Store(restored.url)
        bench.mirror = Mirror(bench.store, ORGANISATION, ZONE)
        await bench.worker()
        for call in ("c2", "c3"):
            bench.road.tell(waiting_call(call, since=since))
            await bench.flush()
        assert (await bench.answer(NINE + 120_000))["site"]["now"]["waiting"] == 3
        before = bench.mirror.epoch, bench.mirror.rev
        restored.come_back()
        successor = Bench(restored.url, ZONE, rules_of({}))
        await successor.worker()
        assert successor.road is not None
        successor.road.tell(ended_call("c4", since=since))
        while successor.mirror.rev <= before[1]:
            successor.report()
            await successor.flush()
            await successor.mirror.refresh(NINE + 120_000)
        assert (await bench.answer(NINE + 120_000))["site"]["now"]["waiting"] == 1
        assert bench.mirror.epoch != before[0]
        await successor.close()
        await bench.close()

    asyncio.run(law())


@pytest.mark.fault("C4")
async def test_a_server_that_came_back_older_is_told_everything_again(restored: Restored) -> None:
    """The session still holds its lease in the older store, so that nothing but the server's identity says what was lost."""
    upstream = ScriptableUpstream()
    await upstream.start()
    watch = Watched(restored.url, upstream, rules_of({}))
    try:
        await watch.begin()
        await watch.until("live", 20)
        await watch.settled()
        restored.remember()
        await watch.until("live", 20)
        document = {"id_call": "c1", "active": True, "call_direction": "IN", "queue": {"id": 5, "name": "Support"}}
        await upstream.send("queues", {**document, "time": {"start": now_ms() / 1000}})
        await waiting(watch, 1)
        restored.come_back()
        await waiting(watch, 1)
    finally:
        await watch.end()
        await watch.store.close()
        await upstream.kill()


async def waiting(watch: Watched, number: int) -> None:
    """Until a reader sees so many callers wait, in the store as it is now."""
    from stats.domain.board import values

    seen: object = None
    for _ in range(60):
        await asyncio.sleep(0.2)
        reader = Mirror(watch.store, ORGANISATION, ZONE)
        await reader.refresh(now_ms())
        seen = values(reader.facts, now_ms())["site"]["waiting"]
        if seen == number:
            return
    raise AssertionError(f"{seen} wait, not {number}")
