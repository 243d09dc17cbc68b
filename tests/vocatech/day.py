"""A day of the floor as Vocatech tells it: the events of its legs, and the rows of its calls."""

import json
from collections.abc import Iterable

from stats.domain.merge import FRAME, Told, merge_call
from stats.domain.records import Call
from stats.providers.base import Delivery, pack_delivery
from stats.providers.vocatech.provider import VocatechProvider
from stats.providers.vocatech.simulator import Switches, VocatechSimulator
from stats.providers.vocatech.simulator.documents import Document
from stats.providers.vocatech.simulator.postman import EVENTS
from stats.simulation import records
from tests.vendors.floor_day import LATER_MS, MORNING_MS, play
from tests.vocatech.conftest import config

READ_AT = MORNING_MS + LATER_MS


def events_of_the_day(switches: Switches | None = None, hours: float = 6) -> tuple[list[Document], list[records.Call]]:
    """Every event in its order, and every call there was."""
    teller = VocatechSimulator(start=False, switches=switches)
    teller.live = True
    teller.postman.make("test", "http://127.0.0.1:9/", list(EVENTS), [])
    _, calls = play(teller.hear, hours=hours)
    return teller.postman.written(), calls


def groups_of(calls: Iterable[records.Call]) -> list[dict[str, object]]:
    """The option that names the groups, as somebody who set the source up would have written it."""
    from stats.providers.vocatech.simulator.documents import extension

    queues = {visit.queue.id: visit.queue for call in calls for visit in call.visits}
    return [{"name": queue.name, "numbers": [extension(queue)]} for queue in queues.values()]


def reader(**settings: object) -> VocatechProvider:
    """A provider that reads; nothing listens where it would ask."""
    return VocatechProvider(config("http://127.0.0.1:9/v1", **settings))


def frame(event: Document, at: int = READ_AT) -> bytes:
    """An event as the inbox has it."""
    body = json.dumps(event, ensure_ascii=False).encode()
    return pack_delivery(Delivery(at=at, method="POST", content_type="application/json", query="", headers={}, body=body))


def tell_event(provider: VocatechProvider, told: dict[str, Call], event: Document, at: int = READ_AT) -> None:
    """One event, read and merged."""
    tellings, odd = provider.read("events", frame(event, at), received_at=at)
    assert not odd
    for telling in tellings:
        if isinstance(telling, Call):
            told[telling.id_call] = merge_call(told.get(telling.id_call), telling, FRAME)


async def rows_of_the_day(provider: VocatechProvider, told: dict[str, Call], *, start_ms: int, end_ms: int, at: int = READ_AT) -> int:
    """Every page of calls, read and merged as the past is; how many pages."""
    after: str | None = None
    pages = 0
    while True:
        page = await provider.page("calls", start_ms=start_ms, end_ms=end_ms, first=200, after=after, received_at=at)
        pages += 1
        assert not page.malformed
        for telling in page.tellings:
            if isinstance(telling, Call):
                told[telling.id_call] = merge_call(told.get(telling.id_call), telling, Told("historic", 120_000))
        if not page.more:
            assert not page.partial
            return pages
        after = page.cursor
