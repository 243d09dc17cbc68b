"""(h) How long reports, the list of calls and receipts take over a year of calls on PostgreSQL, and DuckDB for the same sums.

The year is filled in by `bench.year`, on a server that is started anew for the questions, with its factory settings. Each is asked of
the product's own functions and pages in one process, as its web process asks; the first two times are not counted.
    python -m bench.reports --server PID --tries 15 --days 365 --folder PATH        (DATABASE_URL and REDIS_URL say where of)
Says `asked` (questions: name -> ms of each try, mean CPU ms of this process and of the server; same: whether DuckDB adds up to the same;
bytes of its files).
"""

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench.database import FILLING, postgres, worked_s
from bench.figures import Figure
from bench.processes import Child, redis, tell, workplace
from bench.screen import percentile
from bench.year import DAY_MS, ORGANISATION, ZONE, day_of, last_day

MONTH, YEAR, ANY_PAGE = 300, 1_000, 300
PASSWORD = "bench of reports, made for one run"
Question = Callable[[], Awaitable[Any]]


def measure(calls: int, days: int, tries: int) -> list[Figure]:
    """Fill, start anew, ask."""
    with workplace() as place, redis(place) as (url, _), postgres(place) as server:
        if server is None:
            return []
        settings = {
            **{"DATABASE_URL": server.address, "REDIS_URL": url, "VAR_DIR": str(place), "ENV_FILE": "", "ORG_TIMEZONE": ZONE},
            **{"DJANGO_SETTINGS_MODULE": "wallboard.settings", "ADMIN_PASSWORD": PASSWORD, "LOG_LEVEL": "error"},
        }
        server.start(*FILLING)
        with Child("-m", "bench.year", "--calls", str(calls), "--days", str(days), env=settings) as filler:
            filled = filler.hear("filled")
        server.stop()
        os.sync()
        server.start()
        folder = place / "parquet"
        folder.mkdir()
        with Child(
            "-m",
            "bench.reports",
            "--server",
            str(server.pid),
            "--days",
            str(days),
            "--tries",
            str(tries),
            "--folder",
            str(folder),
            env=settings,
        ) as asker:
            asked = asker.hear("asked")
    if not asked["same"]:
        raise RuntimeError("DuckDB and the reports do not add up to the same")
    return [*_figures_of(filled, asked)]


def _figures_of(filled: dict[str, Any], asked: dict[str, Any]) -> list[Figure]:
    held = filled["stats_archivedcall"]
    figures = [
        Figure(bench="reports", name=f"{held:,} calls of a year filled in", unit="s", rounds=[filled["seconds"]]),
        Figure(bench="reports", name="the database with them", unit="GB", rounds=[filled["bytes"] / 1e9], digits=1),
    ]
    for name, told in asked["questions"].items():
        middle = f", median {statistics.median(told['ms']):.0f}"
        figures.append(
            Figure(bench="reports", name=f"{name}, p95{middle}", unit="ms", rounds=[percentile(told["ms"], 95)], aim=told["aim"])
        )
    for name, ours in (("a month", "queues, a month by day"), ("a year", "queues, a year by day")):
        theirs, mine = statistics.median(asked["rival"][name]), statistics.median(asked["questions"][ours]["ms"])
        figures.append(Figure(bench="reports", name=f"DuckDB over Parquet, queues, {name} by day, median", unit="ms", rounds=[theirs]))
        figures.append(
            Figure(bench="reports", name=f"DuckDB's time as a multiple of ours, {name}", unit="", rounds=[theirs / mine], digits=2)
        )
    figures.append(Figure(bench="reports", name="the visits in Parquet", unit="MB", rounds=[asked["bytes"] / 1e6]))
    return figures


class Asking:
    """The questions over the year that ends yesterday."""

    def __init__(self, server: int, days: int, tries: int) -> None:
        self.server = server
        self.days, self.base, self.tries = days, last_day(), tries
        self.end = self.base + DAY_MS
        self.questions: dict[str, dict[str, Any]] = {}

    def first(self, days: int) -> int:
        """The first instant of the last so many days."""
        return self.end - days * DAY_MS

    async def all(self) -> None:
        """Each in its turn."""
        await self._reports()
        await self._pages()

    async def _ask(self, name: str, question: Question, aim: float | None) -> None:
        taken: list[float] = []
        for turn in range(self.tries + 2):
            if turn == 2:  # the first two find cold plans, templates and caches
                worked = self._worked()
            began = time.perf_counter()
            await question()
            taken.append((time.perf_counter() - began) * 1000)
        cpu_ms = [(after - before) * 1000 / self.tries for before, after in zip(worked, self._worked(), strict=True)]
        self.questions[name] = {"ms": taken[2:], "aim": aim, "cpu_ms": cpu_ms}

    def _worked(self) -> tuple[float, float]:
        """CPU seconds of this process and of the server's."""
        return time.process_time(), worked_s(self.server)

    async def _reports(self) -> None:
        from stats.domain.report import Span
        from wallboard.reports.reading import read

        for days, called, aim in ((30, "a month", MONTH), (self.days, "a year", YEAR)):
            span = Span(organisation=ORGANISATION, timezone=ZONE, first=day_of(self.first(days)), last=day_of(self.base))
            for kind, named in (("site", "the site"), ("queue", "queues"), ("agent", "agents")):

                async def ask(span: Span = span, kind: Any = kind, days: int = days) -> None:
                    report = await read(ORGANISATION, span, kind, None)
                    assert len(report.by_time()) == days
                    assert not report.recounting

                await self._ask(f"{named}, {called} by day", ask, aim)

    async def _pages(self) -> None:
        from django.conf import settings
        from django.contrib.auth import get_user_model
        from django.test import AsyncClient

        settings.ALLOWED_HOSTS.append("testserver")
        client = AsyncClient()
        await client.aforce_login(await get_user_model()._default_manager.aget(username="admin"))

        def of(path: str, days: int, more: str = "") -> Question:
            address = f"{path}?from={day_of(self.first(days))}&to={day_of(self.base)}{more}"

            async def ask() -> Any:
                answer = await client.get(address)
                assert answer.status_code == 200, (address, answer.status_code, answer.content[:500])
                return answer

            return ask

        queue = await _busiest()
        for name, question, aim in (
            ("page of queues and intervals, a month by day", of("/reports/interval/", 30, "&interval=day"), MONTH),
            ("page of queues and intervals, a year by day", of("/reports/interval/", self.days, "&interval=day"), YEAR),
            ("page of queues and intervals, a day by quarter hour", of("/reports/interval/", 1, "&interval=15m"), MONTH),
            ("page of agents, a month", of("/reports/agents/", 30), MONTH),
            ("page of agents, a year", of("/reports/agents/", self.days), YEAR),
            ("page of calls, a year, the first", of("/reports/calls/", self.days), ANY_PAGE),
            ("page of calls, a year, the middle", of("/reports/calls/", self.days, f"&before={self._place(self.days // 2)}"), ANY_PAGE),
            (
                "page of calls, a year, the last",
                of("/reports/calls/", self.days, f"&before={self._place(self.days - 1, 60_000)}"),
                ANY_PAGE,
            ),
            (
                "page of calls of a queue, a year, the middle",
                of("/reports/calls/", self.days, f"&queue={queue}&before={self._place(self.days // 2)}"),
                ANY_PAGE,
            ),
            ("receipt of a queue's answered, a month", of(f"/numbers/queue:{queue}/answered/", 30), None),
            ("receipt of the site's service level, a month", of("/numbers/site/service_level/", 30), None),
        ):
            await self._ask(name, question, aim)

    def _place(self, days_back: int, after: int = DAY_MS // 2) -> str:
        """Where a page begins: so far into a day of the year."""
        from wallboard.api.numbers import cursor

        return cursor((self.base - days_back * DAY_MS + after, "", 0, ""))


async def _busiest() -> str:
    """The queue with the most visits."""
    from asgiref.sync import sync_to_async
    from django.db.models import Sum

    from stats.history.rollup_tables import QueueRollup

    by = QueueRollup._default_manager.filter(grain=1440).values("queue").annotate(n=Sum("offered")).order_by("-n")
    key: str = (await sync_to_async(lambda: by[0])())["queue"]
    return key


def _rival(asking: Asking, folder: Path) -> tuple[dict[str, list[float]], int, bool]:
    """DuckDB's times, its files' bytes, and whether it adds up to what the reports do."""
    from bench.rival import Rival
    from stats.history.rollup_tables import QueueRollup

    rival = Rival(folder)
    size = rival.take(asking.first(asking.days), asking.end)
    taken: dict[str, list[float]] = {}
    for days, called in ((30, "a month"), (asking.days, "a year")):
        told = [rival.ask(asking.first(days), asking.end) for _ in range(asking.tries + 2)]
        taken[called] = [ms for ms, _ in told[2:]]
    rows = QueueRollup._default_manager.filter(grain=1440, start_ms__gte=asking.first(asking.days)).values_list(
        "queue", "start_ms", "offered"
    )
    same = {(queue, start // DAY_MS): n for queue, start, n in rows if n} == told[0][1]
    return taken, size, same


def main() -> None:
    """Asks, and says how long it took."""
    import django

    parser = argparse.ArgumentParser()
    parser.add_argument("--server", type=int, required=True)
    parser.add_argument("--tries", type=int, required=True)
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    asked = parser.parse_args()
    django.setup()
    import wallboard.urls  # noqa: F401 (every page, as the web process has them before the first is asked for)
    from stats.garbage import look_seldom
    from wallboard.accounts.bootstrap import bootstrap

    bootstrap()
    look_seldom()
    asking = Asking(asked.server, asked.days, asked.tries)
    asyncio.run(asking.all())
    rival, size, same = _rival(asking, asked.folder)
    tell("asked", questions=asking.questions, rival=rival, bytes=size, same=same)


if __name__ == "__main__":
    main()
