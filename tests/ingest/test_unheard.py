"""When nobody listened, and which calls went unheard then."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from stats.clock import now_ms, steady_ms
from stats.domain.facts import SocketFacts, SourceFacts, Stretch
from stats.domain.merge import FRAME, Told
from stats.domain.metrics import CountingRules
from stats.domain.records import Call, Direction, Journey, Party, Visit
from stats.domain.unheard import Unheard
from stats.history.assignments import Assigned
from stats.ingest import listening
from stats.ingest.health import SourceHealth
from stats.ingest.held import Held
from stats.ingest.pipeline import Road
from stats.ingest.quarantine import Quarantine
from stats.ingest.resting import Resting
from stats.ingest.unheard import HOUR_MS, MOST, Silence, since_nobody_listened
from stats.live.board_store import Store
from stats.live.leases import Lease
from stats.providers.base import SourceConfig
from stats.providers.telavox.provider import TelavoxProvider
from stats.providers.voxloud.provider import VoxloudProvider
from stats.providers.voxology.provider import VoxologyProvider

PAST = Told("historic", 0)
NEVER = Held()
POSTED, ASKED = VoxloudProvider.feeds, VoxologyProvider.feeds


def call(started_at: int, ended_at: int | None, direction: Direction = Direction.IN) -> Call:
    return Call(source="vl", id_call="1", journey=Journey(direction=direction, started_at=started_at, ended_at=ended_at))


@pytest.fixture
def now() -> int:
    return now_ms()


def lasts(silence: Silence) -> list[int | None]:
    return [each.last for each in silence.stretches]


def test_a_call_that_was_over_before_anybody_listened_went_unheard(now: int) -> None:
    silence = Silence("vl")
    silence.add(0, now)
    silence.told(call(now - 90_000, now - 30_000), PAST, NEVER)
    silence.told(call(now - 95_000, now - 60_000), PAST, NEVER)
    assert lasts(silence) == [now - 30_000], "the last of them counts"
    assert silence.changes == [
        Unheard(source="vl", number=now, start=0, end=now, last=None),
        Unheard(source="vl", number=now, start=0, end=now, last=now - 30_000),
    ]


def test_a_call_that_ended_while_somebody_listened_came_live_or_went_out_was_heard(now: int) -> None:
    silence = Silence("vl")
    silence.add(0, now)
    silence.told(call(now - 90_000, now + 30_000), PAST, NEVER)
    silence.told(call(now - 90_000, None), PAST, NEVER)
    silence.told(call(now - 90_000, now - 30_000), FRAME, NEVER)
    silence.told(call(now - 90_000, now - 30_000), PAST, Held(heard_at=now + 5))
    silence.told(call(now - 90_000, now - 30_000, Direction.OUT), PAST, NEVER)
    silence.told(Call(source="vl", id_call="2"), PAST, NEVER)
    assert lasts(silence) == [None]


def test_what_began_in_a_break_was_not_heard_from_its_beginning(now: int) -> None:
    """Its first rings are nowhere, whoever told of its end; one that began before was on the board already."""
    silence = Silence("vl")
    silence.add(now - 600_000, now)
    silence.told(call(now - 700_000, now + 10_000), FRAME, NEVER)
    assert lasts(silence) == [None]
    silence.told(call(now - 400_000, None), FRAME, NEVER)
    assert lasts(silence) == [now]
    other = Silence("vl")
    other.add(now - 600_000, now)
    other.told(call(now - 700_000, now - 500_000), PAST, NEVER)
    assert lasts(other) == [now - 500_000], "its last rings are nowhere"


def test_stretches_that_touch_are_one_and_old_ones_are_forgotten(now: int) -> None:
    silence = Silence("vl")
    silence.recall([Stretch(start=0, end=now - 60 * HOUR_MS, last=5, number=1), Stretch(start=1, end=now - HOUR_MS, number=2)])
    assert [each.number for each in silence.stretches] == [2]
    silence.add(now - HOUR_MS + 500, now - HOUR_MS + 60_000)
    assert [(each.start, each.end, each.number) for each in silence.stretches] == [(1, now - HOUR_MS + 60_000, 2)]
    silence.add(now - 10_000, now)
    assert [each.start for each in silence.stretches] == [1, now - 10_000]


def test_of_many_stretches_those_with_calls_stay(now: int) -> None:
    silence = Silence("vl")
    silence.add(now - 9_000_000, now - 8_900_000)
    silence.told(call(now - 8_990_000, now - 8_980_000), PAST, NEVER)
    for number in range(MOST + 5):
        silence.add(now - 5_000_000 + number * 10_000, now - 5_000_000 + number * 10_000 + 1)
    assert len(silence.stretches) == MOST
    assert lasts(silence)[0] == now - 8_980_000
    ends = [now + 10_000 * number for number in range(1, MOST + 5)]
    for end in ends:
        silence.add(end - 5_000, end)
        silence.told(call(end - 4_000, end - 3_000), PAST, NEVER)
    assert len(silence.stretches) == MOST
    assert silence.stretches[0].start == now - 9_000_000, "what is too many is one"
    assert None not in lasts(silence)[:-1]


def test_where_the_past_tells_everything_nothing_is_written_down(now: int) -> None:
    silence = Silence("tx")
    silence.matters = False
    silence.add(0, now)
    silence.forgot(0, ())
    assert (silence.stretches, silence.changes) == ((), [])


def report(now: int, ago_ms: int, state: str = "live", **feeds: SocketFacts) -> SourceFacts:
    return SourceFacts(name="vl", provider="voxloud", state=state, known=True, written_at=now - ago_ms, sockets=feeds)


def test_since_when_nobody_listened_by_the_last_report(now: int) -> None:
    """What is posted lies in our inbox while no worker runs; what is asked for is gone."""
    open_ = SocketFacts(state="open", alive_at=now - 90_000, calls=True)
    posted, asked = report(now, 90_000, events=open_), report(now, 80_000, queues=open_, events=replace(open_, alive_at=now))
    assert since_nobody_listened(None, POSTED, 0, now) == 0
    assert since_nobody_listened(posted, POSTED, 0, now) is None
    assert since_nobody_listened(asked, ASKED, 0, now) == now - 90_000
    assert since_nobody_listened(asked, ASKED, 500, now) == now - 89_500, "by our clock"
    assert since_nobody_listened(replace(asked, written_at=now, sockets={"queues": replace(open_, alive_at=now)}), ASKED, 0, now) is None
    assert since_nobody_listened(report(now, 2_000, calls=replace(open_, alive_at=now)), TelavoxProvider.feeds, 0, now) is None


def test_whoever_is_paused_takes_nothing_that_is_posted(now: int) -> None:
    """The vendor is answered, and nothing of it is kept: see the door."""
    away = SocketFacts(state="away", alive_at=now - 50_000, away_since=now - 40_000, calls=True)
    assert since_nobody_listened(report(now, 100, "paused", events=away), POSTED, 0, now) == now - 40_000
    assert since_nobody_listened(report(now, 100, "paused"), POSTED, 0, now) == 0, "it has never been live"


def test_of_what_the_store_forgot_the_past_tells_only_what_memory_does_not(now: int) -> None:
    silence = Silence("vl")
    silence.forgot(now - HOUR_MS, ["1"])
    silence.told(call(now - 90_000, now - 30_000), PAST, NEVER)
    assert lasts(silence) == [None], "it is told again as it was heard"
    silence.told(replace(call(now - 90_000, now - 40_000), id_call="2"), PAST, NEVER)
    assert lasts(silence) == [now - 40_000]


def test_a_call_of_which_a_part_alone_was_heard_went_unheard(now: int) -> None:
    """Its ring was refused, and its record taken; or it waited already, and was gone when somebody asked again."""
    refused = Silence("vl")
    refused.add(now - 60_000, now)
    refused.told(call(now - 30_000, now - 8_000), PAST, Held(heard_at=now - 5_000))
    assert lasts(refused) == [now - 8_000]
    for how in (PAST, FRAME):
        gone = Silence("vy")
        gone.add(now - 600_000, now)
        gone.told(call(now - 800_000, now - 300_000), how, Held(heard_at=now - 700_000))
        assert lasts(gone) == [now - 300_000]


def test_when_the_past_was_proved_a_successor_does_not_count_again_what_was_known(now: int) -> None:
    silence = Silence("vl")
    silence.forgot(now - HOUR_MS, ["1"])
    silence.settle()
    successor = Silence("vl")
    successor.recall(silence.stretches)
    successor.told(call(now - 90_000, now - 30_000), PAST, NEVER)
    assert lasts(successor) == [None]
    successor.told(call(now - 90_000, None), FRAME, NEVER)
    assert lasts(successor) == [silence.stretches[0].end], "what comes live began while nobody listened"


def test_a_successor_tells_the_archive_again(now: int) -> None:
    """The word of it may have been lost with the worker."""
    silence = Silence("vl")
    silence.add(now - 60_000, now)
    successor = Silence("vl")
    successor.recall(silence.stretches)
    assert successor.changes == silence.changes


def test_whoever_was_never_let_in_has_never_listened(now: int) -> None:
    refused = SocketFacts(state="refused", calls=True, away_since=now - 2 * HOUR_MS)
    assert since_nobody_listened(report(now, 1_000, "auth_error", queues=refused), ASKED, 0, now) == now - 2 * HOUR_MS


class Answers:
    """A feed that is asked, and when it was last answered."""

    def __init__(self, alive_at: int) -> None:
        self.alive_at = alive_at

    def __aiter__(self) -> AsyncIterator[bytes]:
        raise NotImplementedError


@pytest.mark.asyncio
@pytest.mark.parametrize(("feed", "missed_any"), [("queues", True), ("events", False)])
async def test_a_process_that_stood_still_has_missed_what_nobody_asked_for(
    redis_server: str, monkeypatch: pytest.MonkeyPatch, feed: str, missed_any: bool, now: int
) -> None:
    """Stopped, or asleep: the feed goes on where it was, and only its answers tell. What is posted waits in the inbox."""
    monkeypatch.setattr(listening, "WATCH_EVERY_S", 0.01)
    missed: list[int] = []
    provider = VoxologyProvider(SourceConfig(name="vy", live_url="http://127.0.0.1:9/v1", historic_url="", token="t"))
    store = Store(redis_server)
    road = Road(store, "north", "vy", "w", "Etc/UTC", CountingRules())
    health = SourceHealth("vy", "voxology", ASKED, steady_ms())
    ear = listening.Listening(
        provider, road, health, Quarantine(), told=nothing, changed=nothing, missed=missed.append, ended=lambda _id_call, _at: None
    )
    health.opened(feed, steady_ms())
    frames = Answers(now - 600_000)
    try:
        async with asyncio.timeout(None) as patience:
            watching = asyncio.create_task(ear._watch(feed, frames, patience))
            await asyncio.sleep(0.1)
            assert missed == []
            frames.alive_at = now_ms()
            await asyncio.sleep(0.1)
            watching.cancel()
        assert missed == ([now - 600_000] if missed_any else [])
    finally:
        await provider.close()
        await store.close()


def nothing() -> None:
    """Nobody is waiting for word."""


def test_where_a_record_shows_that_it_was_heard_nothing_else_counts(now: int) -> None:
    """A log names no queue: who was seen in one, by whomever, was heard; who was in none may have come and gone."""
    silence = Silence("vy")
    silence.heard = VoxologyProvider.heard
    silence.add(now - 20_000, now)
    stay = Visit(queue=Party(ref="vy:q"), entered_at=now - 15_000, active=False)
    silence.written(replace(call(now - 18_000, now - 5_000), visits=(stay,)))
    silence.written(call(now - 18_000, now - 5_000, Direction.OUT))
    silence.written(call(now - 90_000, now - 30_000))
    silence.told(call(now - 18_000, now - 5_000), PAST, NEVER)
    assert lasts(silence) == [None]
    silence.written(call(now - 18_000, now - 5_000))
    assert lasts(silence) == [now - 5_000]


def test_a_pause_begins_when_the_door_shuts_and_not_when_the_worker_goes(redis_server: str, now: int) -> None:
    """What is posted between the two is let go."""
    assigned = Assigned(
        **{"organisation": "north", "timezone": "Etc/UTC", "provider": "voxloud", "name": "vl", "live_url": "", "historic_url": ""},
        **{"token": "t", "default_region": "SE", "rules": CountingRules(), "paused_at": now - 5_000},
    )
    store = Store(redis_server)
    resting = Resting(store, assigned, Lease(store, "north", "vl"))
    left = report(now, 1_000, events=SocketFacts(state="away", away_since=now - 3_000, calls=True))
    assert since_nobody_listened(resting._report(left), POSTED, 0, now) == now - 5_000
