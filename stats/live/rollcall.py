"""Who is at work: every process leaves a short-lived report, so that one page can show them all.

Rules that hold here: a report that is not renewed is gone by itself; a report that cannot be read is nobody.
"""

from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from stats.domain.roll import Roll, WebReport, WorkerReport
from stats.live import keys
from stats.live.board_store import Store, text

EVERY_S = 5.0
LIVES_S = 20
FORGET_S = 3600
# A screen's heartbeats, half a minute each, as many as a person takes in at a glance.
BEAT_MS, BEATS, BEATS_LIVE_S = 30_000, 50, 2400


@dataclass(frozen=True, slots=True)
class RollCall:
    """One organisation's. Every method raises StoreAway."""

    store: Store
    organisation: str

    async def leave(self, report: WorkerReport | WebReport) -> None:
        """Leave a process' report."""
        kind = "worker" if isinstance(report, WorkerReport) else "web"
        connection, name = self.store.connection, f"{kind}:{report.name}"
        pipe = connection.client.pipeline(transaction=False)
        pipe.set(keys.key(self.organisation, "roll", name), msgspec.json.encode(report), ex=LIVES_S)
        roll = keys.key(self.organisation, "roll")
        pipe.zadd(roll, {name: report.written_at})
        pipe.zremrangebyscore(roll, "-inf", report.written_at - FORGET_S * 1000)
        await connection.ask(pipe.execute())

    async def read(self) -> Roll:
        """Everybody who reported within LIVES_S."""
        connection = self.store.connection
        names = [text(raw) for raw in await connection.ask(connection.client.zrange(keys.key(self.organisation, "roll"), 0, -1))]
        if not names:
            return Roll()
        pipe = connection.client.pipeline(transaction=False)
        for name in names:
            pipe.get(keys.key(self.organisation, "roll", name))
        workers: list[WorkerReport] = []
        webs: list[WebReport] = []
        for name, raw in zip(names, await connection.ask(pipe.execute()), strict=True):
            if raw is None:
                continue
            try:
                if name.startswith("worker:"):
                    workers.append(msgspec.json.decode(raw, type=WorkerReport))
                else:
                    webs.append(msgspec.json.decode(raw, type=WebReport))
            except (msgspec.MsgspecError, ValueError):
                continue
        return Roll(workers=tuple(sorted(workers, key=lambda w: w.name)), webs=tuple(sorted(webs, key=lambda w: w.name)))

    async def beat(self, rows: Collection[int], now: int) -> None:
        """These screens have acknowledged something just now (epoch ms)."""
        if not rows:
            return
        connection = self.store.connection
        name = keys.key(self.organisation, "roll", "beat", str(now // BEAT_MS))
        pipe = connection.client.pipeline(transaction=False)
        pipe.sadd(name, *rows)
        pipe.expire(name, BEATS_LIVE_S)
        await connection.ask(pipe.execute())

    async def beats(self, now: int) -> list[frozenset[int]]:
        """Who acknowledged in each of the last BEATS half minutes that are over, the oldest first."""
        connection = self.store.connection
        last = now // BEAT_MS
        pipe = connection.client.pipeline(transaction=False)
        for slot in range(last - BEATS, last):
            pipe.smembers(keys.key(self.organisation, "roll", "beat", str(slot)))
        return [frozenset(int(row) for row in rows) for rows in await connection.ask(pipe.execute())]
