"""Recordings are sent once, whatever fails on the way, and what was heard in them comes back."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import pytest_asyncio
from django.db import connections

from stats.clock import now_ms
from stats.history import outbox
from stats.history.notes_reading import notes_of
from stats.history.shelf import ask, let_go
from stats.live.board_store import Store
from stats.live.leases import Lease
from stats.models import Organisation, Source
from stats.providers.base import SourceConfig
from stats.providers.voxjar.simulator import Trouble, VoxjarSimulator
from stats.providers.voxjar.sink import VoxjarSink
from tests.conftest import ROOT
from tests.voxjar.parcels import parcel, recording, sound
from tests.voxjar.sender import (
    ORGANISATION,
    QUICK,
    Memory,
    Sender,
    SoundHouse,
    now_recorded,
    rows,
    sound_house,
    state,
    tell,
    until,
    until_state,
)

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True), pytest.mark.engines]
Start = Callable[..., Awaitable[Sender]]


@pytest_asyncio.fixture
async def house() -> AsyncIterator[SoundHouse]:
    """Where the sound lies."""
    async with sound_house() as opened:
        yield opened


@pytest_asyncio.fixture
async def start(redis_server: str, simulator: VoxjarSimulator, house: SoundHouse) -> AsyncIterator[Start]:
    """Starts senders; those that still run are ended."""
    begun: list[Sender] = []
    await ask(lambda: Organisation.objects.get_or_create(slug=ORGANISATION, defaults={"name": "Test"}))

    async def begin(token: str = "", paces: Any = QUICK, **settings: Any) -> Sender:
        sender = Sender(redis_server, simulator, house, settings, token, paces)
        begun.append(sender)
        return await sender.begin()

    yield begin
    for sender in begun:
        await sender.end()
    await let_go()


async def ready() -> None:
    """Until the place has its row: what is told from then on is sent."""
    await until(lambda: ask(partial(outbox.state_of, ORGANISATION, "voxjar")))


async def test_a_finished_recorded_call_is_sent_once_and_its_words_come_back(start: Start, simulator: VoxjarSimulator) -> None:
    """VJ-02, VJ-10: of a chosen source, with everything that goes with it; then its transcript lies beside the call."""
    simulator.switches.set("speakers", True)
    await start()
    await ready()
    await tell(now_recorded())
    (row,) = await until_state("sent")
    kept = simulator.library.calls["vocatech:call-1"]
    assert kept.size == 5_000
    assert kept.metadata["agents"][0]["identifier"] == "anna.ek@example.test"
    assert row.at_ms == kept.at
    await asyncio.sleep(0.2)
    simulator.analyse()
    await until(lambda: ask(lambda: notes_of(ORGANISATION, "vocatech", "call-1").has_words))
    notes = await ask(partial(notes_of, ORGANISATION, "vocatech", "call-1"))
    assert notes.transcripts[0].by == "voxjar"
    assert {turn.speaker for turn in notes.transcripts[0].turns} == {"agent", "customer"}
    assert [(turn.start_ms, turn.text) for turn in notes.transcripts[0].turns] == [
        (round(float(str(turn["timestamp"])) * 1000), turn["text"]) for turn in kept.turns()
    ]
    await until(lambda: ask(lambda: outbox.counts(ORGANISATION, "voxjar").get("analysed") == 1))
    assert simulator.counted.enqueued == 1
    assert (await rows())[0].duration_ms == 61_000


async def test_what_was_recorded_before_the_place_was_there_is_not_sent(start: Start, simulator: VoxjarSimulator) -> None:
    """VJ-02: nobody chose to send yesterday."""
    await tell(now_recorded(1), recordings=[recording("call-1", started_at=now_ms() - 60_000, told_at=now_ms() - 50_000)])
    await start()
    await ready()
    await tell(now_recorded(2))
    await until_state("sent")
    assert simulator.counted.identifiers == ["vocatech:call-2"]


async def test_what_was_recorded_while_the_place_was_taken_away_is_not_sent(start: Start) -> None:
    """VJ-13: who adds it again chooses anew."""
    now = now_ms()
    await ask(partial(outbox.begin, ORGANISATION, "voxjar", now - 3_600_000, None))
    told = [recording("call-1", started_at=now - 60_000, told_at=now - 50_000)]
    await tell(recordings=told)
    organisation = await Organisation.objects.aget(slug=ORGANISATION)
    await ask(lambda: Source(organisation=organisation, name="voxjar", provider="voxjar").save())
    await ask(partial(outbox.begin, ORGANISATION, "voxjar", now_ms(), None))
    await ask(partial(outbox.take_in, ORGANISATION, "voxjar", {"vocatech"}, now_ms(), whole=True))
    assert await rows() == []


async def test_a_recording_waits_for_its_call_to_be_over_and_kept(start: Start, simulator: VoxjarSimulator) -> None:
    """VJ-02: neither waits for the other to be told."""
    await start()
    await ready()
    await tell(recordings=[recording("call-1", started_at=now_ms(), told_at=now_ms())])
    await until(rows)
    await asyncio.sleep(0.3)
    assert [row.state for row in await rows()] == ["waiting"]
    await tell(now_recorded(), recordings=[])
    await until_state("sent")
    assert simulator.counted.enqueued == 1


async def test_each_recording_of_a_call_has_an_identifier_of_its_own(start: Start, simulator: VoxjarSimulator) -> None:
    """VJ-A6: `source:call`, and with the recording's own id from the second on."""
    await start()
    await ready()
    told = [recording("call-1", recording_id=name, started_at=now_ms(), told_at=now_ms()) for name in ("r1", "r2")]
    await tell(now_recorded(), recordings=told)
    await until_state("sent", 2)
    assert sorted(simulator.counted.identifiers) == ["vocatech:call-1", "vocatech:call-1:r2"]
    simulator.analyse()
    await until(lambda: ask(lambda: len(notes_of(ORGANISATION, "vocatech", "call-1").transcripts) == 2))


async def test_recordings_told_in_any_order_and_again_and_again_are_taken_in_once(start: Start) -> None:
    """VJ-07: by two who look at once, too."""
    now = now_ms()
    await ask(partial(outbox.begin, ORGANISATION, "voxjar", now - 1000, None))
    told = [recording(f"call-{n % 3}", recording_id=f"r{n}", started_at=now, told_at=now) for n in range(6)]
    take_in = partial(outbox.take_in, ORGANISATION, "voxjar", {"vocatech"})
    for order in (told[3:], told[::-1], told, told[::2] * 2):
        await tell(recordings=order)
        await asyncio.gather(*(ask(partial(take_in, now_ms(), whole=whole)) for whole in (False, True)))
    found = await rows()
    assert sorted(row.recording_id for row in found) == [f"r{n}" for n in range(6)]
    assert len({row.identifier for row in found}) == 6
    assert {row.identifier for row in found} >= {f"vocatech:call-{n}" for n in range(3)}


async def test_what_is_missing_parks_a_call_until_somebody_says_it(start: Start, simulator: VoxjarSimulator) -> None:
    """VJ-04, VJ-05: the options name the agent, and what was parked is sent."""
    first = await start(agents={})
    await ready()
    await tell(now_recorded(1), now_recorded(2, number=None))
    found = await until_state("parked", 2)
    assert [row.reason for row in found] == ["agent_unmapped", "agent_unmapped"]
    assert simulator.counted.enqueued == 0
    await first.end()
    await start()
    found = await until_state("sent")
    assert {row.id_call: (row.state, row.reason) for row in await until_state("parked")} == {
        "call-1": ("sent", ""),
        "call-2": ("parked", "no_customer"),
    }
    assert simulator.counted.identifiers == ["vocatech:call-1"]


async def test_internal_calls_and_those_who_opted_out_never_leave(start: Start, simulator: VoxjarSimulator) -> None:
    """VJ-13."""
    await start(opted_out=["+46 70 174 06 99"])
    await ready()
    await tell(now_recorded(1, internal=True), now_recorded(2, number="0701740699"), now_recorded(3))
    await until_state("sent")
    found = await until_state("skipped", 2)
    assert [row.reason for row in found] == ["internal", "opted_out", ""]
    assert simulator.counted.identifiers == ["vocatech:call-3"]


async def test_a_source_without_consent_is_not_even_written_down(start: Start, simulator: VoxjarSimulator) -> None:
    """VJ-13: the switch of each source."""
    await start(consented=[])
    await ready()
    await tell(now_recorded())
    await asyncio.sleep(0.3)
    assert await rows() == []


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(door="enqueue", status=503, times=2),
        Trouble(door="enqueue", status=502, body="<html>Bad gateway</html>", content_type="text/html"),
        Trouble(door="enqueue", drop="before", times=2),
        Trouble(door="enqueue", drop="after"),
        Trouble(door="graphql", status=500, times=2),
        Trouble(door="graphql", drop="before"),
    ],
    ids=["503", "502-page", "cut-before", "cut-after", "questions-fail", "question-cut"],
)
async def test_a_passing_fault_ends_in_one_upload(start: Start, simulator: VoxjarSimulator, trouble: Trouble) -> None:
    """VJ-07, VJ-09: whether the place had taken it or not when the line broke."""
    simulator.switches.set("duplicates", "overwrite")  # a second upload would be taken, and seen
    simulator.troubles.append(trouble)
    await start()
    await ready()
    await tell(now_recorded())
    (row,) = await until_state("sent")
    assert simulator.counted.identifiers == ["vocatech:call-1"]
    assert not row.unsure
    await until(lambda: _is("sending"))


async def test_a_crash_in_the_middle_of_an_upload_sends_nothing_twice(start: Start, simulator: VoxjarSimulator, house: SoundHouse) -> None:
    """VJ-07: the next worker asks what became of it."""
    simulator.switches.set("duplicates", "overwrite")
    simulator.troubles.append(Trouble(door="enqueue", wait_s=0.3))
    first = await start()
    await ready()
    await tell(now_recorded(1))
    await until(lambda: _unsure(1))
    await first.end()
    await asyncio.sleep(0.5)  # whatever was on the line has come in, or not
    await start()
    await until_state("sent")
    assert simulator.counted.identifiers == ["vocatech:call-1"]


@pytest.mark.slow
@pytest.mark.parametrize("size", [5_000, 20_000_000], ids=["before-the-answer", "on-the-line"])
async def test_a_worker_that_is_killed_in_an_upload_is_followed_by_one_that_sends_nothing_twice(
    start: Start, simulator: VoxjarSimulator, house: SoundHouse, redis_server: str, size: int
) -> None:
    """VJ-07: kill -9 of a real process whose attempt is written down; when its lease has run out, the next one asks what became of it."""
    simulator.switches.set("duplicates", "overwrite")
    simulator.troubles.append(Trouble(door="enqueue", wait_s=0.3))
    house.open, house.size = True, size
    where = (redis_server, simulator.url, simulator.token, house.url)
    worker = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.voxjar.process", *where, cwd=ROOT, env=_same_database())
    try:
        await until(lambda: ask(partial(outbox.state_of, ORGANISATION, "voxjar")), within_s=60)
        await tell(now_recorded(1), now_recorded(2))
        await until(lambda: _unsure(1))
    finally:
        worker.kill()
        await worker.wait()
    lease = Lease(store := Store(redis_server), ORGANISATION, "voxjar")
    await until(lease.take)
    await lease.release()
    await store.close()
    await start()
    await until_state("sent", 2)
    assert sorted(simulator.counted.identifiers) == ["vocatech:call-1", "vocatech:call-2"]


def _same_database() -> dict[str, str]:
    """The environment of a process that works on the database of this test."""
    mine = connections["default"]
    name = str(mine.settings_dict["NAME"])
    server = os.environ.get("TEST_DATABASE_URL", "")
    address = urlunsplit(urlsplit(server)._replace(path=f"/{name}")) if mine.vendor == "postgresql" else f"sqlite:///{name}"
    return {**os.environ, "DATABASE_URL": address, "ENV_FILE": "", "DJANGO_SETTINGS_MODULE": "wallboard.settings"}


async def _unsure(number: int) -> bool:
    return sum(row.unsure for row in await rows()) >= number


async def test_a_worker_that_died_after_the_last_byte_is_followed_by_one_that_asks(start: Start, simulator: VoxjarSimulator) -> None:
    """VJ-07: the row says that an attempt was begun; the place has it."""
    await start(paces=replace(QUICK, retries=(0.4,) * 6))
    await ready()
    simulator.switches.set("duplicates", "overwrite")
    simulator.troubles.append(Trouble(door="enqueue", drop="after"))
    await tell(now_recorded())
    await until(lambda: _unsure(1))
    (row,) = await until_state("sent")
    assert (simulator.counted.enqueued, row.tries) == (1, 1)


async def test_a_place_that_shows_uploads_late_is_believed_when_it_says_that_it_has_one(start: Start, simulator: VoxjarSimulator) -> None:
    """VJ-07: asked too soon it did not know; its refusal of a second upload proves the first."""
    simulator.switches.set("hidden_until_done", True)
    simulator.troubles.append(Trouble(door="enqueue", drop="after"))
    await start()
    await ready()
    await tell(now_recorded())
    (row,) = await until_state("sent")
    assert (row.tries, row.unsure) == (2, False)
    assert simulator.library.calls["vocatech:call-1"].uploads == 1


async def test_an_attempt_of_unknown_end_is_parked_where_the_place_cannot_be_asked(start: Start, simulator: VoxjarSimulator) -> None:
    """VJ-07, VJ-11: never twice, so a person decides; who says so sends it."""
    simulator.switches.set("absent_fields", "Query.calls")
    simulator.troubles.append(Trouble(door="enqueue", drop="before"))
    await start()
    await ready()
    await tell(now_recorded())
    (row,) = await until_state("parked")
    assert row.reason == "end_unknown"
    await ask(partial(outbox.again, ORGANISATION, "voxjar", now_ms(), [row.pk]))
    await until_state("sent")
    assert simulator.counted.enqueued == 1


async def test_a_permanent_refusal_is_not_tried_again(start: Start, simulator: VoxjarSimulator) -> None:
    """VJ-07: 4xx; the vendor's words are kept."""
    simulator.troubles.append(Trouble(door="enqueue", status=415, body='{"error": "no such sound"}'))
    await start()
    await ready()
    await tell(now_recorded(1))
    (row,) = await until_state("failed")
    assert (row.reason, row.tries) == ("refused", 1)
    assert "no such sound" in row.words
    await tell(now_recorded(2))
    await until_state("sent")
    assert simulator.counted.identifiers == ["vocatech:call-2"]


async def test_a_refused_token_pauses_everything_and_loses_nothing(start: Start, simulator: VoxjarSimulator) -> None:
    """VJ-07: no try is used up, and a new token sends what waited."""
    first = await start(token=simulator.tokens.make(1, lives_s=1))
    await ready()
    await tell(now_recorded(1), now_recorded(2))
    await until(lambda: _is("auth_error"))
    await asyncio.sleep(0.3)
    assert [(row.state, row.tries, row.unsure) for row in await rows()] == [("waiting", 0, False)] * 2
    assert simulator.counted.refused < 12
    assert "jwt expired" in (await state())[1]
    await first.end()
    await start()
    await until_state("sent", 2)
    await until(lambda: _is("sending"))


async def _is(word: str) -> bool:
    return (await state())[0] == word


async def test_what_somebody_else_has_sent_is_left_alone_unless_asked(start: Start, simulator: VoxjarSimulator) -> None:
    """VJ-14."""
    await VoxjarSinkOnce(simulator).send("vocatech:call-1")
    first = await start()
    await ready()
    await tell(now_recorded(1))
    (row,) = await until_state("skipped")
    assert row.reason == "there_already"
    assert simulator.library.calls["vocatech:call-1"].uploads == 1
    await first.end()
    simulator.switches.set("duplicates", "overwrite")
    await start(overwrite=True)
    await VoxjarSinkOnce(simulator).send("vocatech:call-2")
    await tell(now_recorded(2))
    await until_state("sent")
    assert simulator.library.calls["vocatech:call-2"].uploads == 2


class VoxjarSinkOnce:
    """Somebody else's program."""

    def __init__(self, simulator: VoxjarSimulator) -> None:
        self._config = SourceConfig(name="else", live_url=simulator.url, historic_url="", token=simulator.token)

    async def send(self, identifier: str) -> None:
        """By the same identifier."""
        other = VoxjarSink(self._config)
        await other.send(parcel(identifier=identifier), sound(b"other"), 5)
        await other.close()


async def test_a_link_that_is_dead_is_made_anew(start: Start, simulator: VoxjarSimulator, house: SoundHouse) -> None:
    """VJ-08: each try asks the other vendor for a link of its own."""
    house.fails = 2
    await start()
    await ready()
    await tell(now_recorded())
    await until_state("sent")
    assert house.minted == 3
    assert simulator.counted.enqueued == 1


@pytest.mark.parametrize("tells_length", [True, False], ids=["length-told", "length-untold"])
async def test_a_long_recording_passes_through_in_little_memory(
    start: Start, simulator: VoxjarSimulator, house: SoundHouse, tells_length: bool
) -> None:
    """VJ-08: 96 MB through this process, which also plays both vendors."""
    house.size, house.tells_length = 96 << 20, tells_length
    await start()
    await ready()
    memory = Memory()
    watching = asyncio.create_task(memory.watch())
    await tell(now_recorded())
    await until_state("sent", within_s=60)
    watching.cancel()
    assert simulator.library.calls["vocatech:call-1"].size == 96 << 20
    assert memory.looks > 5
    assert memory.most < 32 << 20


@pytest.mark.parametrize("tells_length", [True, False], ids=["length-told", "length-untold"])
async def test_what_is_larger_than_allowed_is_not_sent(
    start: Start, simulator: VoxjarSimulator, house: SoundHouse, tells_length: bool
) -> None:
    """VJ-A10: by what the other vendor says, and by what comes."""
    house.size, house.tells_length = 2 << 20, tells_length
    await start(largest_mb=1)
    await ready()
    await tell(now_recorded())
    (row,) = await until_state("failed")
    assert row.reason == "too_large"
    assert simulator.counted.enqueued == 0


async def test_a_call_that_is_never_analysed_is_asked_for_a_last_time(start: Start, simulator: VoxjarSimulator) -> None:
    """VJ-A14."""
    await start(paces=replace(QUICK, reads=(0.02, 0.02, 0.02)))
    await ready()
    await tell(now_recorded())
    await until_state("sent")
    await until(lambda: _given_up())
    (row,) = await rows()
    assert (row.state, row.analysed_ms, row.reads) == ("sent", None, 3)


async def test_a_place_that_does_not_tell_what_it_heard_still_gets_what_is_recorded(start: Start, simulator: VoxjarSimulator) -> None:
    """VJ-11: a question that fails takes its own feature away, and holds up nothing else."""
    simulator.troubles.append(Trouble(door="graphql", times=10_000, status=200, body='{"errors": [{"message": "no such filter"}]}'))
    await start(paces=replace(QUICK, away=60.0, reads=(0.02, 0.02)))
    await ready()
    await tell(now_recorded())
    await until_state("sent")
    await until(lambda: _given_up())
    await tell(now_recorded(2))
    await until_state("sent", 2)
    place = await ask(partial(outbox.state_of, ORGANISATION, "voxjar"))
    assert place is not None
    assert place.state == "sending"


async def _given_up() -> bool:
    return all(row.read_next_ms is None and row.reads for row in await rows())


async def test_two_workers_share_a_place_by_its_lease(start: Start, simulator: VoxjarSimulator, redis_server: str) -> None:
    """The second waits, and goes on where the first ended."""
    first = await start()
    await ready()
    with pytest.raises(AssertionError):
        await start()
    await tell(now_recorded(1))
    await until_state("sent")
    await first.end()
    await start()
    await tell(now_recorded(2))
    await until_state("sent", 2)
    assert simulator.counted.identifiers == ["vocatech:call-1", "vocatech:call-2"]
