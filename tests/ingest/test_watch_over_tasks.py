"""A task of a session that dies or hangs ends the session, which begins anew by itself; a worker whose loop stood still is fenced."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from stats.clock import now_ms
from stats.domain.metrics import CountingRules
from stats.history.assignments import Assigned
from stats.ingest import pulse, session
from stats.ingest.handover import LostLease, lost_as_one
from stats.ingest.pulse import STUCK_MS, Pulse
from stats.ingest.supervisor import Supervisor
from stats.live.keys import key
from stats.live.leases import Lease
from stats.providers.base import SourceConfig
from stats.providers.telavox.provider import TelavoxProvider
from tests.acceptance.told_calls import FIRST, call, visit
from tests.laws.road import ORGANISATION, SOURCE
from tests.laws.watched import TIMEZONE, Watched, comes_true, watched

pytestmark = pytest.mark.fault("C3")


@contextlib.asynccontextmanager
async def supervised(watch: Watched) -> AsyncIterator[Supervisor]:
    """A whole worker, in this process."""
    reached = {"live_url": watch.upstream.live_url, "historic_url": watch.upstream.historic_url, "token": "good-token"}
    assigned = Assigned(
        organisation=ORGANISATION,
        timezone=TIMEZONE,
        provider="telavox",
        name=SOURCE,
        default_region="SE",
        rules=CountingRules(),
        **reached,
    )

    async def ask() -> Sequence[Assigned]:
        return [assigned]

    def connect(_: Assigned) -> TelavoxProvider:
        return TelavoxProvider(SourceConfig(name=SOURCE, **reached))

    supervisor = Supervisor(watch.store, ask, connect)
    task = asyncio.create_task(supervisor.run())
    try:
        yield supervisor
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def once(fault: Callable[..., Any], real: Any) -> Any:
    """The fault at the first call, the real thing afterwards."""
    left = [fault]

    def act(*args: Any, **kwargs: Any) -> Any:
        return left.pop()(*args, **kwargs) if left else real(*args, **kwargs)

    act.left = left  # type: ignore[attr-defined]
    return act


async def broken(*_: Any, **__: Any) -> None:
    """A task that dies of a mistake of ours."""
    raise RuntimeError("made up")


TASKS = (
    "stats.ingest.session.Session._flush",
    "stats.ingest.session.Session._report",
    "stats.ingest.session.Session._renew",
    "stats.ingest.past.Past.keep_reading",
    "stats.ingest.past.Past.chase_ghosts",
    "stats.ingest.hourly.Slots.keep",
    "stats.ingest.listening.Listening._listen",
)


@pytest.mark.parametrize("task", TASKS, ids=lambda name: str(name).rpartition(".")[2])
@pytest.mark.asyncio
async def test_a_task_that_dies_ends_the_session_and_the_source_is_live_again(
    redis_server: str, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    """Whichever it is; nobody does anything."""
    room, _, name = task.rpartition(".")
    module, _, kind = room.rpartition(".")
    owner = getattr(__import__(module, fromlist=[kind]), kind)
    dies = once(broken, getattr(owner, name))
    monkeypatch.setattr(owner, name, dies)
    async with watched(redis_server, CountingRules()) as watch, supervised(watch):
        await comes_true(lambda: not dies.left)
        await watch.until("live", 15)
        began = now_ms()
        await watch.upstream.send("calls", call("c1", began, first_queue=FIRST))
        await watch.upstream.send("queues", visit("c1", FIRST, began))

        async def told() -> bool:
            return await watch.store.living_ids(ORGANISATION, SOURCE) == ["c1"]

        await comes_true(told)


@pytest.mark.asyncio
async def test_a_task_that_hangs_is_found_and_the_session_begins_anew(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report that never comes back, for whatever reason: boards would call the worker silent for ever."""
    monkeypatch.setattr(pulse, "STUCK_MS", 1_500)
    monkeypatch.setattr(session, "RENEW_EVERY_S", 0.3)
    monkeypatch.setattr(session, "REPORT_EVERY_S", 0.3)

    async def hangs(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    from stats.live.board_store import Store

    stuck = once(hangs, Store.take_order)
    monkeypatch.setattr(Store, "take_order", stuck)
    async with watched(redis_server, CountingRules()) as watch, supervised(watch) as supervisor:
        await watch.until("live", 15)
        (keeper,) = supervisor._keepers.values()
        first = keeper._session
        await comes_true(lambda: not stuck.left and keeper._session not in (first, None), 20)
        await watch.until("live", 15)


def test_who_has_not_come_round_is_named_and_who_rests_is_not() -> None:
    """Half a minute of patience, for each task its own."""
    watching = Pulse()
    watching.beat("flush")
    watching.beat("report")
    watching.rest("flush")
    now = now_ms()
    assert watching.stuck(now + STUCK_MS - 1_000) is None
    assert watching.stuck(now + STUCK_MS + 1_000) == "report"


@pytest.mark.asyncio
async def test_a_loop_that_stood_still_loses_its_lease_and_writes_nothing(redis_server: str) -> None:
    """Blocked for longer than the lease lives: another one took over meanwhile, and what the sleeper held is refused."""
    async with watched(redis_server, CountingRules()) as watch:
        await watch.begin()
        await watch.begun()
        assert watch.session is not None
        assert watch.task is not None
        client = watch.store.connection.client
        began = now_ms()
        await watch.upstream.send("queues", visit("sleeper", FIRST, began))
        await client.pexpire(key(ORGANISATION, "lease", SOURCE), 1)
        time.sleep(0.3)  # noqa: ASYNC251 (the whole loop stands still, ours and the session's)
        other = Lease(watch.store, ORGANISATION, SOURCE)
        assert await other.take()
        rev = await client.hget(key(ORGANISATION, "meta"), "rev")
        done, _ = await asyncio.wait([watch.task], timeout=10)
        assert done
        assert isinstance(watch.task.exception(), LostLease)
        assert await client.hget(key(ORGANISATION, "meta"), "rev") == rev
        assert await watch.store.load(ORGANISATION, SOURCE, ["sleeper"]) == {}
        watch.task = None


async def test_a_lost_lease_comes_out_of_a_group_of_tasks_alone_and_other_troubles_with_it_as_they_are() -> None:
    """Whether the versions of Python group what is raised while a group is handled or not."""

    async def fails(why: Exception) -> None:
        raise why

    async def ended_by(*troubles: Exception) -> None:
        with lost_as_one("telavox"):
            async with asyncio.TaskGroup() as tasks:
                for trouble in troubles:
                    tasks.create_task(fails(trouble))

    for lost in ([LostLease("telavox")], [LostLease("telavox"), LostLease("telavox")]):
        with pytest.raises(LostLease):
            await ended_by(*lost)
    with pytest.raises(ExceptionGroup) as several:
        await ended_by(LostLease("telavox"), ValueError("another"))
    assert sorted(type(each).__name__ for each in several.value.exceptions) == ["LostLease", "ValueError"]
