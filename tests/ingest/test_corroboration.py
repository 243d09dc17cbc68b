"""A socket that answers pings and says nothing: other feeds bear witness, it is dialled again, and never in a hot loop."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from stats.clock import now_ms, steady_ms
from stats.domain.metrics import CountingRules
from stats.domain.records import Call, Direction, Journey, Party, Visit
from stats.ingest import corroboration
from stats.ingest.corroboration import EXPECT_MS, PAUSE_MS, Corroboration
from stats.providers.telavox.provider import TelavoxProvider
from tests.acceptance.told_calls import FIRST, call, visit
from tests.laws.watched import watched

QUEUE = Party(id=1)


def in_queue(id_call: str, at: int) -> Call:
    """A queue document."""
    return Call(source="s", id_call=id_call, visits=(Visit(queue=QUEUE, entered_at=at, active=True),))


def whole(id_call: str, at: int, **more: Any) -> Call:
    """A call document."""
    return Call(source="s", id_call=id_call, journey=Journey(active=True, direction=Direction.IN, started_at=at, **more))


class Heard:
    """Witnesses of three sockets open since 0, on one clock."""

    def __init__(self) -> None:
        self.known: set[tuple[str, str]] = set()
        self.witnesses = Corroboration(TelavoxProvider.feeds, lambda id_call, part: (id_call, part) in self.known)
        for feed in ("calls", "queues", "agents"):
            self.witnesses.opened(feed, 0, 0)

    def told(self, feed: str, told: Call, at: int) -> None:
        """A frame."""
        self.witnesses.spoke(feed, at)
        self.witnesses.told(feed, told, at)

    def verdicts(self, feed: str, until: int, since: int = 0) -> list[tuple[int, str]]:
        """What is said of a feed, asked every second."""
        return [(at, said) for at in range(since, until, 1000) if (said := self.witnesses.overdue(feed, at))]


@pytest.mark.fault("A2")
def test_a_call_told_in_its_queue_and_not_on_calls_within_ten_seconds_makes_calls_silent() -> None:
    """And the other way round; one that was told in time makes nobody silent."""
    heard = Heard()
    heard.told("queues", in_queue("c1", 20_000), 20_000)
    assert heard.verdicts("calls", 60_000) == [(20_000 + EXPECT_MS, "silent")]
    other = Heard()
    other.told("calls", whole("c1", 20_000, first_queue=QUEUE), 20_000)
    assert other.verdicts("queues", 60_000) == [(20_000 + EXPECT_MS, "silent")]
    assert other.verdicts("calls", 60_000) + other.verdicts("agents", 60_000) == []
    fine = Heard()
    fine.told("queues", in_queue("c1", 20_000), 20_000)
    fine.told("calls", whole("c1", 20_000, first_queue=QUEUE), 29_000)
    assert fine.verdicts("calls", 60_000) == []


@pytest.mark.fault("A2")
def test_a_feed_that_speaks_of_others_only_lacks_a_call_and_is_not_dialled_again() -> None:
    """One frame lost on a good socket: the past is read, the socket stays."""
    heard = Heard()
    heard.told("queues", in_queue("c1", 20_000), 20_000)
    heard.told("calls", whole("c2", 21_000), 21_000)
    assert heard.verdicts("calls", 60_000) == [(30_000, "lacking")]


@pytest.mark.fault("A2")
def test_a_call_that_may_be_older_than_the_socket_proves_nothing() -> None:
    """It was told before we listened; and a call whose beginning nobody tells proves nothing either."""
    heard = Heard()
    heard.told("queues", in_queue("c1", 500), 20_000)
    heard.told("queues", Call(source="s", id_call="c2", visits=(Visit(queue=QUEUE, active=True),)), 20_000)
    heard.witnesses.opened("calls", 40_000, 40_000)
    heard.told("queues", in_queue("c3", 30_000), 41_000)
    assert heard.verdicts("calls", 120_000) == []


@pytest.mark.fault("A2")
def test_doubts_come_once_a_minute_and_ever_seldomer_while_they_are_for_nothing() -> None:
    """A vendor that tells no such documents is dialled again a few times a day; where it helped, the next doubt is a minute away."""
    heard, said = Heard(), list[int]()
    for at in range(10_000, 7_200_000, 5000):
        heard.told("queues", in_queue(f"c{at}", at), at)
        if heard.witnesses.overdue("calls", at):
            said.append(at)
    pauses = [after - before for before, after in pairwise(said)]
    assert pauses[:4] == [n * PAUSE_MS for n in (2, 4, 8, 16)]
    assert len(said) <= 8
    last = said[-1]
    heard.known.update((f"c{at}", "journey") for at in range(10_000, 7_200_000, 5000))
    heard.told("queues", in_queue("new", last + 1_000), last + 1_000)
    assert heard.verdicts("calls", last + 4 * PAUSE_MS, last)[0][0] <= last + PAUSE_MS + 1000


@pytest.mark.fault("A2")
@pytest.mark.asyncio
async def test_a_silent_socket_is_dialled_again_and_what_it_kept_back_is_read(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pings are answered all the while. One new handshake, the call known from the past, live again, and the reason told meanwhile."""
    monkeypatch.setattr(corroboration, "EXPECT_MS", 500)
    monkeypatch.setattr(corroboration, "MARGIN_MS", 0)
    async with watched(redis_server, CountingRules()) as watch:
        scripted = watch.upstream
        await watch.begin()
        await watch.until("live", 20)
        asked, began = len(scripted.asked), now_ms()
        assert watch.session is not None
        wanted, want = list[int](), watch.session._listening._missed
        watch.session._listening._missed = lambda since: (wanted.append(since), want(since))[1]  # type: ignore[func-returns-value]
        row = {"idCall": "c1", "active": 1, "answered": 0, "callDirection": "incoming", "time": {"start": began}}
        scripted.history.set("calls", [row])
        await scripted.send("queues", visit("c1", FIRST, began))
        await asyncio.sleep(0.1)
        watch.session.health.alive("calls", steady_ms())  # a ping answered after what it kept back
        reasons = set[str | None]()
        async with asyncio.timeout(15):
            while len([h for h in scripted.handshakes if h.datasource == "calls"]) < 2:
                await watch.mirror.refresh(now_ms())
                reasons.add(watch.mirror.facts.sources["telavox"].reason)
                await asyncio.sleep(0.02)
        await watch.until("live", 20)
        await watch.settled()
        assert wanted[0] <= began, "what it kept back since it last spoke is not all read"
        held = watch.session.road.calls["c1"].call
        assert held is not None
        assert held.journey is not None, "the gap was not read"
        assert len(scripted.asked) > asked
        assert any(reason and reason.startswith("calls says nothing") for reason in reasons) or watch.session.health.facts.reason
        assert len([h for h in scripted.handshakes if h.datasource == "queues"]) == 1
        await scripted.send("calls", call("c1", began))
        await asyncio.sleep(1.5)
        assert len([h for h in scripted.handshakes if h.datasource == "calls"]) == 2, "a doubt must not come twice a minute"
        assert watch.session.health.facts.reason is None
