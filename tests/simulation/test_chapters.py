"""Days of long ago in the look-alike: told through the same door, the same however often they are asked for, and in little memory."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from stats.providers.telavox.simulator import DEFAULT_TOKEN, TelavoxSimulator
from stats.providers.telavox.simulator.chapters import AT_HAND, DAY_MS

pytestmark = pytest.mark.asyncio
DAYS = 5
QUERY = """query($start: DateTime!, $end: DateTime!, $after: String) {
  ROOT(filter: {startDate: $start, endDate: $end}, first: 200, after: $after) {
    data { FIELDS } totalCount cursor hasNextPage } }"""


async def rows(sim: TelavoxSimulator, root: str, start: int, end: int, fields: str = "idCall time { start }") -> list[Mapping[str, Any]]:
    """Every row of a window; as many as the look-alike counts."""
    found: list[Mapping[str, Any]] = []
    cursor, query = None, QUERY.replace("ROOT", root).replace("FIELDS", fields)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {DEFAULT_TOKEN}"}) as session:
        while True:
            variables = {"start": start, "end": end, "after": cursor}
            async with session.post(sim.historic_url, json={"query": query, "variables": variables}) as answer:
                page = (await answer.json())["data"][root]
            found += page["data"]
            cursor = page["cursor"]
            if not page["hasNextPage"]:
                assert len(found) == page["totalCount"]
                return found


async def test_days_of_long_ago_are_told_whole_the_same_each_time_and_a_few_at_a_time_are_at_hand() -> None:
    """Window by window or at once; no row twice, none missing at the border to the present."""
    async with TelavoxSimulator(seed=3, agents=4, queues=2, calls_per_hour=4, days=DAYS) as sim:
        assert sim.floor is not None
        end = sim.now()
        first = end - (DAYS + 1) * DAY_MS
        for root, who in (("calls", ""), ("queues", "queue { id timestart }"), ("agents", "agent { id }")):
            fields = f"idCall time {{ start }} {who}"
            at_once = await rows(sim, root, first, end, fields)
            by_day = [row for at in range(first, end, DAY_MS) for row in await rows(sim, root, at, at + DAY_MS, fields)]
            assert at_once == by_day[: len(at_once)]
            assert len({str(row) for row in at_once}) == len(at_once)
            starts = [row["time"]["start"] for row in at_once]
            assert starts == sorted(starts)
        assert len({row["idCall"] for row in at_once}) > 200
        hours = await rows(sim, "profile_history", first, end, "agent { id } slot { startDate }")
        assert len({str(row) for row in hours}) == len(hours) >= 4 * 24 * DAYS
        assert {row["agent"]["id"] for row in hours} == {agent.id for agent in sim.floor.agents}
        assert len(sim.chapters._at_hand) <= AT_HAND
        assert sim.chapters.played > DAYS


async def test_without_days_nothing_is_older_than_the_history() -> None:
    """As before."""
    async with TelavoxSimulator(seed=3, agents=4, queues=2, calls_per_hour=6) as sim:
        assert await rows(sim, "calls", sim.now() - 9 * DAY_MS, sim.now() - 3 * DAY_MS) == []
        assert sim.chapters.played == 0
