"""A road on a real Redis, driven by hand: frames in, the answer of the interface out."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from stats.domain.board import Values, values
from stats.domain.facts import SourceFacts
from stats.domain.merge import FRAME
from stats.domain.metrics import CountingRules, QueueTargets
from stats.domain.periods import WINDOWS
from stats.ingest.pipeline import Road
from stats.live.board_store import Store
from stats.live.codec import pack_source
from stats.live.keys import key
from stats.live.leases import Lease
from stats.live.mirror import Mirror
from stats.providers.base import SourceConfig
from stats.providers.telavox.provider import TelavoxProvider

ORGANISATION, SOURCE = "default", "telavox"
AGENT_NOT_TODAY = [
    "id",
    "account_id",
    "name",
    "key",
    "source",
    "state",
    "state_since",
    "verified",
    "unverified_since",
    "profile",
    "until",
    "queues_in",
]


def provider() -> TelavoxProvider:
    """A provider that is only asked to read."""
    return TelavoxProvider(SourceConfig(name=SOURCE, live_url="ws://127.0.0.1:9", historic_url="http://127.0.0.1:9", token="none"))


def rules_of(settings: Mapping[Any, Any]) -> CountingRules:
    """The oracle's queue settings as counting rules."""
    return CountingRules(
        targets={
            str(key): QueueTargets(
                target_ms=round(s.target_s * 1000), short_ms=round(s.short_s * 1000), share=Decimal(s.share_pct) / 100, variant=s.variant
            )
            for key, s in settings.items()
        }
    )


class Bench:
    """One worker's road and one reader's mirror."""

    def __init__(self, url: str, timezone: str, rules: CountingRules) -> None:
        self.store = Store(url)
        self.timezone, self.rules = timezone, rules
        self.provider = provider()
        self.mirror = Mirror(self.store, ORGANISATION, timezone)
        self.road: Road | None = None
        self.lease = Lease(self.store, ORGANISATION, SOURCE)
        self.faults: list[str] = []

    async def worker(self) -> Road:
        """A new worker takes the source over; whoever held it is fenced."""
        await self.store.begin(ORGANISATION)
        self.lease = Lease(self.store, ORGANISATION, SOURCE)
        await self.store.connection.client.delete(key(ORGANISATION, "lease", SOURCE))
        assert await self.lease.take()
        self.road = Road(self.store, ORGANISATION, SOURCE, self.lease.holder, self.timezone, self.rules)
        await self.road.load()
        self.report()
        return self.road

    def report(self) -> None:
        """The source is known and open."""
        assert self.road is not None
        facts = SourceFacts(name=SOURCE, provider="telavox", known=True, presence_open_at=0, written_at=1)
        self.road.report(SOURCE, pack_source(facts))

    def hear(self, frames: Iterable[Any], road: Road | None = None) -> None:
        """Frames told to the road, received when they were emitted."""
        road = road or self.road
        assert road is not None
        for frame in frames:
            raw = json.dumps(frame.document).encode()
            tellings, faults = self.provider.read(frame.datasource, raw, received_at=frame.emitted_at_ms)
            self.faults += [f.reason for f in faults]
            for telling in tellings:
                road.tell(telling, FRAME, frame.emitted_at_ms)

    async def flush(self) -> None:
        """Everything told is written."""
        assert self.road is not None
        while self.road.dirty or self.road.who.restate_wanted:
            if self.road.who.restate_wanted:
                self.road.who.restate_wanted = False
                await self.road.restate(0, 1 << 50)
            await self.road.flush()
            await asyncio.sleep(0)

    async def answer(self, as_of: int) -> dict[str, Any]:
        """What the interface would answer."""
        await self.mirror.refresh(as_of)
        return nested(values(self.mirror.facts, as_of))

    async def close(self) -> None:
        """Let go."""
        await self.store.close()


def nested(flat: Values) -> dict[str, Any]:
    """Flat values as the interface nests them."""
    answer: dict[str, Any] = {"site": _windows(flat["site"]), "queues": [], "agents": []}
    for scope, numbers in flat.items():
        kind, _, key = scope.partition(":")
        if kind == "queue":
            answer["queues"].append({"key": key, **{n: numbers[n] for n in ("id", "account_id", "name", "target_s")}, **_windows(numbers)})
        elif kind == "agent":
            today = {n: v for n, v in numbers.items() if n not in AGENT_NOT_TODAY}
            answer["agents"].append({"key": key, **{n: numbers[n] for n in numbers if n in AGENT_NOT_TODAY}, "today": today})
    return answer


def _windows(numbers: Mapping[str, object]) -> dict[str, Any]:
    plain = {n: v for n, v in numbers.items() if n.partition(".")[0] not in WINDOWS}
    return {"now": plain, "today": plain} | {
        w: {n.partition(".")[2]: v for n, v in numbers.items() if n.startswith(f"{w}.")} for w in WINDOWS
    }
