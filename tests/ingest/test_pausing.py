"""A source somebody paused: its feeds are closed, everybody is told, what was counted stays; and it is live again when it is let go on."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace

import pytest

from stats.clock import now_ms
from stats.domain.metrics import CountingRules
from stats.history.assignments import Assigned
from stats.ingest.supervisor import Supervisor
from stats.live import codec
from stats.providers.base import SourceConfig
from stats.providers.telavox.provider import TelavoxProvider
from tests.acceptance.told_calls import FIRST, call, visit
from tests.laws.road import ORGANISATION, SOURCE
from tests.laws.watched import TIMEZONE, comes_true, watched


@pytest.mark.asyncio
async def test_a_paused_source_keeps_nothing_open_and_says_who_paused_it(redis_server: str) -> None:
    async with watched(redis_server, CountingRules()) as watch:
        reached = {"live_url": watch.upstream.live_url, "historic_url": watch.upstream.historic_url, "token": "good-token"}
        running = Assigned(
            organisation=ORGANISATION,
            timezone=TIMEZONE,
            provider="telavox",
            name=SOURCE,
            default_region="SE",
            rules=CountingRules(),
            **reached,
        )
        now_assigned = [running]

        async def ask() -> Sequence[Assigned]:
            return list(now_assigned)

        def connect(_: Assigned) -> TelavoxProvider:
            return TelavoxProvider(SourceConfig(name=SOURCE, **reached))

        async def state() -> str:
            packed = (await watch.store.entries(ORGANISATION, "sources")).get(SOURCE)
            return codec.unpack_source(packed).state if packed else ""

        async def is_paused() -> bool:
            return await state() == "paused"

        async def is_live() -> bool:
            return await state() == "live"

        supervisor = Supervisor(watch.store, ask, connect)
        task = asyncio.create_task(supervisor.run())
        try:
            await comes_true(is_live, 20)
            began = now_ms()
            await watch.upstream.send("calls", call("c1", began, first_queue=FIRST))
            await watch.upstream.send("queues", visit("c1", FIRST, began))

            async def told() -> bool:
                return await watch.store.living_ids(ORGANISATION, SOURCE) == ["c1"]

            await comes_true(told)
            now_assigned[:] = [replace(running, paused_at=now_ms(), paused_by="Anna")]
            await comes_true(is_paused, 20)
            report = codec.unpack_source((await watch.store.entries(ORGANISATION, "sources"))[SOURCE])
            assert (report.reason, report.known) == ("Anna", True)
            assert {socket.state for socket in report.sockets.values()} == {"away"}
            assert not any(watch.upstream.sockets.values())
            assert await told(), "what was counted stays"
            now_assigned[:] = [running]
            await comes_true(is_live, 20)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
