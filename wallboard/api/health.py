"""Whether this process lives, and whether the product could do its work: for load balancers, and for people in a hurry."""

import asyncio
from collections.abc import Awaitable

from asgiref.sync import sync_to_async
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse

from stats import clock
from stats.live.connection import StoreAway
from wallboard.api.door import as_json, guarded
from wallboard.api.examination import examine
from wallboard.api.health_document import health_document
from wallboard.push import attendance, leaving, live
from wallboard.push.admission import Pass

ORGANISATION = "default"
ANSWER_WITHIN_S = 3.0
# A worker reports every other second.
WORKER_SILENT_MS = 15_000


async def alive(_request: HttpRequest) -> HttpResponse:
    """GET /healthz: this process answers."""
    attendance.begin()
    return as_json({"status": "ok", **_clock_words()})


async def ready(_request: HttpRequest) -> HttpResponse:
    """GET /readyz: database, Redis and the worker's heartbeat; 503 with the reasons when one is missing or we are leaving."""
    # Side by side: one that hangs costs its own limit, and not the others' too.
    database, redis, worker = await asyncio.gather(_within(_database()), _within(_redis()), _within(_worker()))
    checks = {"database": database, "redis": redis, "worker": worker}
    good = all(reason is None for reason in checks.values())
    if leaving.is_parting():
        # For the balancer, which is to send nobody here any more.
        good, checks["web"] = False, "draining"
    document = {
        "status": "ok" if good else "draining" if leaving.is_parting() else "not_ready",
        "checks": {name: "ok" if reason is None else reason for name, reason in checks.items()},
        **_clock_words(),
    }
    return as_json(document, 200 if good else 503)


async def tell(_request: HttpRequest, entry: Pass) -> object:
    """GET /api/v1/health: everything known of the product's health, in words and figures; never 503, for it says itself what is away."""
    return health_document(await examine(entry.organisation))


told = guarded(tell, people=True)


async def _within(check: Awaitable[str | None]) -> str | None:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await check
    except TimeoutError:
        return f"no answer within {ANSWER_WITHIN_S:g} s"


async def _database() -> str | None:
    try:
        await sync_to_async(_ask_database)()
    except (DatabaseError, InterfaceError) as why:
        return f"away ({type(why).__name__})"
    return None


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def _redis() -> str | None:
    try:
        await live.store().ping()
    except StoreAway as why:
        return f"away ({why})"
    return None


async def _worker() -> str | None:
    organisation = await live.organisation(ORGANISATION)
    try:
        await organisation.fresh(1.0)
    except StoreAway:
        return "unknown, Redis is away"
    seen = organisation.mirror.worker_seen_at
    if not seen:
        return "no worker has ever reported"
    age = clock.now_ms() - seen
    return None if age < WORKER_SILENT_MS else f"silent for {age // 1000} s"


def _clock_words() -> dict[str, object]:
    offset = clock.offset_s()
    return {"warning": f"CLOCK_OFFSET_S shifts now by {offset:g} s: for tests only"} if offset else {}
