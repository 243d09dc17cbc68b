"""The law over real sockets and GraphQL: whatever part of the day a worker saw live, read, or saw twice, the numbers are the day's."""

import asyncio
import random
from collections.abc import Iterator

import pytest

from stats.clock import now_ms
from stats.domain.board import values
from stats.domain.metrics import CountingRules
from tests.laws.road import ORGANISATION, nested, rules_of
from tests.laws.watched import set_rows, watched
from tests.oracle.days import Day, day
from tests.oracle.documents import Documents
from tests.upstream.play import play

pytestmark = pytest.mark.asyncio


def halves(today: Day) -> Iterator[int]:
    """The instants at which the worker may come in."""
    yield today.now_ms - 20 * 60_000
    yield today.now_ms - 90_000


@pytest.mark.fault("A6", "A8")
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
async def test_half_a_day_only_in_the_past_and_half_live_give_the_whole_days_numbers(redis_server: str, seed: int) -> None:
    """Several pages, frames during the seed, disorder and duplicates."""
    today = day(seed, n_calls=150, now_ms=now_ms() - 500)
    cut = random.Random(seed).choice(list(halves(today)))
    async with watched(redis_server, rules_of(today.settings)) as watch:
        for root, rows in today.rows(until_ms=cut).items():
            watch.upstream.history.set(root, rows)
        watch.upstream.history.page_cap = 25
        watch.upstream.graphql_delay_s = 0.02
        await watch.begin()
        await watch.upstream.until_open()
        await play(watch.upstream, today.frames(since_ms=cut), random.Random(seed))
        await watch.until("live", 20)
        await watch.settled()
        found = await watch.differences(today, cut, cut)
        assert not found, "\n".join(found[:30])


@pytest.mark.fault("A1")
@pytest.mark.parametrize("seed", [11, 12])
async def test_what_a_dropped_connection_lost_is_read_from_the_past(redis_server: str, seed: int) -> None:
    """Everything of three minutes is lost on the way; the sockets come back, and the gap is read."""
    today = day(seed, n_calls=120, now_ms=now_ms() - 500)
    lost_from, lost_to = today.now_ms - 4 * 60_000, today.now_ms - 60_000
    async with watched(redis_server, rules_of(today.settings)) as watch:
        set_rows(watch.upstream, today.rows(until_ms=today.now_ms - 40 * 60_000))
        await watch.begin()
        await watch.until("live", 20)
        await play(watch.upstream, today.frames(since_ms=today.now_ms - 40 * 60_000, until_ms=lost_from), random.Random(seed))
        await watch.settled()
        set_rows(watch.upstream, today.rows(until_ms=lost_to))
        await watch.upstream.drop_sockets()
        await asyncio.sleep(0.1)
        await watch.upstream.until_open(within_s=15)
        await play(watch.upstream, today.frames(since_ms=lost_to), random.Random(seed))
        await watch.until("live", 20)
        await watch.settled()
        heard = [script.heard(today.now_ms - 40 * 60_000, lost_from) for script in today.scripts]
        before = Documents(
            calls=[d for part in heard for d in part.calls],
            queues=[d for part in heard for d in part.queues],
            agents=[d for part in heard for d in part.agents],
            presences=[(f.emitted_at_ms, f.document) for f in today.presences if today.now_ms - 40 * 60_000 < f.emitted_at_ms <= lost_from],
        )
        found = await watch.differences(today, lost_to, lost_to, before)
        assert not found, "\n".join(found[:30])


@pytest.mark.engines
@pytest.mark.parametrize("seed", [21, 22])
async def test_an_emptied_store_is_filled_again_without_anybody(redis_server: str, seed: int) -> None:
    """FLUSHALL in the middle: the session notices, tells what it holds, reads the day again."""
    today = day(seed, n_calls=120, now_ms=now_ms() - 500)
    cut = today.now_ms - 30 * 60_000
    async with watched(redis_server, rules_of(today.settings)) as watch:
        set_rows(watch.upstream, today.rows(until_ms=cut))
        await watch.begin()
        await watch.until("live", 20)
        frames = today.frames(since_ms=cut)
        await play(watch.upstream, frames[: len(frames) // 2], random.Random(seed))
        await watch.settled()
        await watch.store.connection.client.flushall()
        await play(watch.upstream, frames[len(frames) // 2 :], random.Random(seed))
        await asyncio.sleep(0.5)
        await watch.until("live", 20)
        await watch.settled()
        found = await watch.differences(today, cut, cut)
        assert not found, "\n".join(found[:30])


async def test_numbers_are_unknown_and_never_zero_until_the_day_was_read(redis_server: str) -> None:
    """Sockets open, history down: no number pretends."""
    async with watched(redis_server, CountingRules()) as watch:
        watch.upstream.fail_graphql(1000, status=503)
        await watch.begin()
        await watch.upstream.until_open()
        today = day(5, n_calls=20, now_ms=now_ms())
        await play(watch.upstream, today.frames(since_ms=today.now_ms - 600_000), random.Random(1))
        await watch.until("seeding", 10)
        await watch.settled()
        await watch.mirror.refresh(now_ms())
        shown = nested(values(watch.mirror.facts, now_ms()))
        assert shown["site"]["today"]["offered"] is None
        assert shown["site"]["now"]["waiting"] is None
        assert shown["queues"]
        assert all(q["today"]["answered"] is None and q["60m"]["service_level"] is None for q in shown["queues"])


@pytest.mark.fault("A4")
async def test_a_bad_token_is_one_handshake_and_an_auth_error_and_heals_alone(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most five handshakes in any ten seconds; when the token works, the source is live again without anybody."""
    monkeypatch.setattr("stats.ingest.listening.AUTH_PROBE_S", (1.0, 1.5))
    monkeypatch.setattr("stats.ingest.past.AUTH_PROBE_S", (1.0, 1.5))
    # Probes fifteen times as often as in life would use up the doorstep's ten seconds.
    monkeypatch.setattr("stats.ingest.backoff.DOORSTEP_S", 1.0)
    async with watched(redis_server, CountingRules(), tokens={"another"}) as watch:
        await watch.begin()
        await watch.until("auth_error", 5)
        assert len(watch.upstream.handshakes) == 1
        await asyncio.sleep(2.5)
        assert len(watch.upstream.handshakes) <= 4
        watch.upstream.tokens.add("good-token")
        await watch.until("live", 10)


@pytest.mark.fault("A3")
@pytest.mark.parametrize("path", ["calls", "profile_history"])
async def test_an_unknown_path_is_a_config_error_and_the_good_feeds_go_on(redis_server: str, path: str) -> None:
    """`Invalid path.` is never dialled hot, never parsed, and the rest counts on."""
    today = day(7, n_calls=40, now_ms=now_ms() - 300)
    cut = today.now_ms - 20 * 60_000
    async with watched(redis_server, rules_of(today.settings)) as watch:
        set_rows(watch.upstream, today.rows(until_ms=cut))
        watch.upstream.behave("invalid_path", path)
        await watch.begin()
        await watch.until("config_error", 10)
        await play(watch.upstream, today.frames(since_ms=cut), random.Random(1))
        await watch.settled()
        assert len([h for h in watch.upstream.handshakes if h.datasource == path]) == 1
        assert watch.session is not None
        reported = {reason for _, reason in await watch.store.quarantine_counts(ORGANISATION)}
        # A made-up day may hold a status nobody knows; nothing may hold a line that is no JSON.
        assert reported | set(watch.session.quarantine.counts) <= {"unknown_enum"}
        await watch.mirror.refresh(now_ms())
        assert nested(values(watch.mirror.facts, now_ms()))["site"]["today"]["offered"]


@pytest.mark.fault("A3")
async def test_a_door_that_opens_and_shuts_again_is_not_live(redis_server: str) -> None:
    """Accept-then-close on one needed feed: no hot loop, and nobody is told that all is well."""
    async with watched(redis_server, CountingRules()) as watch:
        watch.upstream.behave("accept_close", "queues")
        await watch.begin()
        await watch.until("stale", 20)
        await asyncio.sleep(2)
        assert await watch.state() == "stale"
        assert len([h for h in watch.upstream.handshakes if h.datasource == "queues"]) < 15
        watch.upstream.behave("ok", "queues")
        await watch.until("live", 25)
