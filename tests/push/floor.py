"""A worker of one source on a real Redis, for tests of those who look: calls and presence are told, and are in the store."""

from dataclasses import replace
from typing import Any

from stats.clock import now_ms
from stats.domain.facts import SocketFacts, SourceFacts
from stats.domain.merge import FRAME
from stats.domain.metrics import CountingRules
from stats.domain.records import AgentPresence, Call, Direction, Journey, Offer, Party, QueueLogin, Visit
from stats.ingest.pipeline import Road
from stats.live.board_store import Store
from stats.live.codec import pack_source
from stats.live.leases import Lease
from tests.midday import ZONE

ORGANISATION, SOURCE = "default", "telavox"
SUPPORT = Party(id=111834, account_id=998877, name="Support")
SALES = Party(id=111835, account_id=998878, name="Försäljning")
ANNA = Party(id=924328, account_id=3467672, name="Anna Berg")
PER = Party(id=924329, account_id=3467673, name="Per Öst")
FEEDS = ("calls", "queues", "agents", "profile_live", "profile_history")


class Worker:
    """The road of one source, with its health."""

    def __init__(self, url: str) -> None:
        self.store = Store(url)
        self.lease = Lease(self.store, ORGANISATION, SOURCE)
        self.road: Road | None = None
        self.facts = SourceFacts(name=SOURCE, provider="telavox", state="live", known=True, exact=True)

    async def begin(self, rules: CountingRules | None = None) -> "Worker":
        """Takes the lease, and reports that all is well."""
        await self.store.begin(ORGANISATION)
        lease = self.lease
        assert await lease.take()
        self.road = Road(self.store, ORGANISATION, SOURCE, lease.holder, ZONE, rules or CountingRules())
        await self.road.load()
        now = now_ms()
        self.facts.presence_open_at = now - 60_000
        self.facts.sockets = {
            feed: SocketFacts(
                state="open", last_frame=now, alive_at=now, calls=feed in ("calls", "queues", "agents"), presence=feed == "profile_live"
            )
            for feed in FEEDS
        }
        await self.report()
        return self

    async def report(self, *, at: int | None = None, **changes: Any) -> None:
        """The source's health as of `at`."""
        assert self.road is not None
        assert await self.lease.take()
        now = now_ms() if at is None else at
        self.facts = replace(self.facts, written_at=now, **changes)
        for socket in self.facts.sockets.values():
            socket.alive_at = now
        self.road.report(SOURCE, pack_source(self.facts))
        await self.flush()

    async def report_beside(self, name: str, **changes: Any) -> None:
        """The health of another source, which tells no call; else as ours is."""
        assert self.road is not None
        self.road.report(name, pack_source(replace(self.facts, name=name, provider=name, **changes)))
        await self.flush()

    async def tell(self, *tellings: Call | AgentPresence) -> None:
        """Tells, and writes."""
        assert self.road is not None
        for telling in tellings:
            self.road.tell(telling, FRAME, now_ms())
        await self.flush()

    async def flush(self) -> None:
        """Everything is written."""
        assert self.road is not None
        while self.road.dirty:
            await self.road.flush()

    async def move_to(self, zone: str) -> None:
        """Its days begin and end there, and its clocks show that."""
        assert self.road is not None
        self.road.set_rules(zone, self.road.rules)
        await self.flush()

    async def close(self) -> None:
        """Lets go."""
        await self.store.close()


def waiting_call(id_call: str, queue: Party = SUPPORT, *, since: int) -> Call:
    """A caller who has waited since an instant."""
    return Call(
        source=SOURCE,
        id_call=id_call,
        journey=Journey(active=True, answered=False, direction=Direction.IN, number="+46701740605", started_at=since),
        visits=(Visit(queue=queue, entered_at=since, started_at=since, active=True, answered=False, direction=Direction.IN),),
    )


def ended_call(
    id_call: str, queue: Party = SUPPORT, agent: Party = ANNA, *, since: int, wait_ms: int = 4000, answered: bool = True
) -> Call:
    """A call that was answered after its wait, or given up after it; over ten seconds later."""
    at = since + wait_ms
    end = at + (10_000 if answered else 0)
    visit = Visit(
        queue=queue,
        entered_at=since,
        started_at=since,
        active=False,
        answered=answered,
        answered_at=at if answered else None,
        ended_at=end,
        direction=Direction.IN,
    )
    offer = Offer(
        agent=agent,
        queue=queue,
        began_at=since,
        answered_at=at if answered else None,
        ended_at=end,
        active=False,
        answered=answered,
        direction=Direction.IN,
        talk_ms=10_000 if answered else None,
        ring_ms=wait_ms,
    )
    journey = Journey(active=False, answered=answered, direction=Direction.IN, number="+46701740605", started_at=since, ended_at=end)
    return Call(source=SOURCE, id_call=id_call, journey=journey, visits=(visit,), offers=(offer,))


def ready(agent: Party = ANNA, queue: Party = SUPPORT) -> AgentPresence:
    """An agent who could take a call."""
    now = now_ms()
    return AgentPresence(
        source=SOURCE,
        agent=agent,
        status="available",
        profile_name="Tillgänglig",
        profile_since=now - 30_000,
        logged_in=(QueueLogin(queue=queue, since=now - 30_000),),
        told_at=now,
    )
