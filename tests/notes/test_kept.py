"""Notes are kept once, in whatever order they are told, and go with the calls and the people they are about."""

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.db import connection

from stats.clock import now_ms
from stats.domain.notes import Message
from stats.domain.records import Call
from stats.history.archive import keep
from stats.history.erasing import erase_agent, erase_number
from stats.history.marks import read_erased
from stats.history.note_tables import KeptContact, KeptMessage, KeptRecording, KeptTranscript
from stats.history.notes import upsert_notes
from stats.history.notes_reading import names_of, notes_of, recording_of
from stats.history.retention import DAY_MS, Keep, clear
from stats.history.rollup_tables import PartyName
from stats.history.shelf import let_go
from stats.history.telling import Telling
from stats.models import Organisation
from tests.history.calls import NOON, SOURCE, plain
from tests.history.keepers import Worker, until
from tests.notes.told import AGENT, CALLER, OTHER, contact, detail, message, recording, transcript

ORGANISATION = "default"
engines = [pytest.mark.django_db(transaction=True), pytest.mark.engines]


def organisation() -> Organisation:
    return Organisation.objects.get_or_create(slug=ORGANISATION, defaults={"name": "Test"})[0]


def called(number: str, place: int = 1, at: int = NOON) -> Call:
    call = plain(place, at)
    assert call.journey is not None
    return replace(call, journey=replace(call.journey, number=number))


def everything() -> str:
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found.append(repr(cursor.fetchall()))
    return "\n".join(found)


class TestOneNote:
    pytestmark = engines

    def test_comes_out_as_it_went_in(self) -> None:
        told = [recording("1", kind="voicemail"), transcript("1"), detail("1", menus=("Main", "Sales"), keys=("Main: 1",))]
        upsert_notes(ORGANISATION, told)
        kept = notes_of(ORGANISATION, SOURCE, "1")
        assert [*kept.recordings, *kept.transcripts, kept.detail] == told

    def test_told_again_in_any_order_is_the_same_row(self) -> None:
        parts = [
            transcript("1", turns=(), sentiment=None, told_at=NOON),
            transcript("1", summary=None, told_at=NOON + 1),
            transcript("1", turns=(), summary=None, text="Words", sentiment=0.0, told_at=NOON + 2),
        ]
        ends = set()
        for order in permutations(parts):
            KeptTranscript.objects.all().delete()
            for part in order:
                upsert_notes(ORGANISATION, [part])
                upsert_notes(ORGANISATION, [part])
            (row,) = KeptTranscript.objects.values("text", "summary", "turns", "sentiment", "told_ms")
            ends.add(tuple(row.items()))
        ((text, summary, turns, sentiment, _),) = ends
        assert (text[1], summary[1], sentiment[1]) == ("Words", "Asked about a bill.", 0.0)
        assert "my bill" in turns[1]

    def test_of_a_message_is_the_status_of_its_last_change_however_late_it_is_told(self) -> None:
        read = message("m", status="read", updated_at=NOON + 60_000, told_at=NOON + 61_000)
        sent = message("m", status="delivered", updated_at=NOON + 1_000, told_at=NOON + 90_000)
        upsert_notes(ORGANISATION, [read])
        upsert_notes(ORGANISATION, [sent])
        assert KeptMessage.objects.get().status == "read"

    def test_of_another_organisation_is_not_there(self) -> None:
        upsert_notes("other", [recording("1"), contact()])
        assert not notes_of(ORGANISATION, SOURCE, "1").recordings
        assert recording_of(ORGANISATION, SOURCE, "1", "rec-1") is None
        assert names_of(ORGANISATION, [CALLER]) == {}

    def test_with_odd_letters_is_kept_on_either_engine(self) -> None:
        upsert_notes(ORGANISATION, [transcript("1", summary="a\0b", text="😀"), contact(name="Bo\0Ek")])
        assert notes_of(ORGANISATION, SOURCE, "1").transcripts[0].text == "😀"


class TestANumber:
    pytestmark = engines

    def test_has_the_name_that_was_told_last(self) -> None:
        upsert_notes(ORGANISATION, [contact(name="Bo"), contact(name="Bo Ek AB", contact_id="c-2", told_at=NOON + 5)])
        assert names_of(ORGANISATION, [CALLER, OTHER, ""]) == {CALLER: "Bo Ek AB"}

    def test_loses_it_when_the_contact_is_removed_and_a_late_page_does_not_bring_it_back(self) -> None:
        upsert_notes(ORGANISATION, [contact()])
        upsert_notes(ORGANISATION, [contact(number="", name="", told_at=NOON + 10)])
        upsert_notes(ORGANISATION, [contact(told_at=NOON + 5)])
        assert names_of(ORGANISATION, [CALLER]) == {}
        clear(ORGANISATION, Keep(), NOON + 5 * DAY_MS, lambda what, gone: True)
        assert not KeptContact.objects.exists()


class TestWhoIsErased:
    pytestmark = engines

    def test_leaves_nothing_in_any_note(self) -> None:
        keep(ORGANISATION, SOURCE, [Telling(called(CALLER), "a", 1)], NOON)
        upsert_notes(
            ORGANISATION, [recording("call-1"), transcript("call-1"), detail("call-1"), message("m"), contact(), recording("call-2")]
        )
        counts = erase_number(organisation(), CALLER)
        assert (counts["calls"], counts["notes"], counts["messages"], counts["contacts"]) == (1, 3, 1, 1)
        # What comes late is not taken in.
        upsert_notes(ORGANISATION, [transcript("call-1"), message("m", told_at=NOON + 9), contact(), detail("call-1")])
        kept = everything()
        for word in (CALLER, "my bill", "Bo Ek"):
            assert word not in kept
        assert notes_of(ORGANISATION, SOURCE, "call-1").erased
        assert KeptMessage.objects.count() == 1
        assert KeptRecording.objects.get().id_call == "call-2"

    def test_as_an_agent_is_nobody_in_recordings_and_in_what_was_said(self) -> None:
        PartyName.objects.create(organisation=ORGANISATION, source=SOURCE, kind="agent", key=AGENT, name="Anna Ek", told_ms=NOON)
        upsert_notes(ORGANISATION, [recording("1"), transcript("1")])
        erase_agent(organisation(), [AGENT])
        kept = notes_of(ORGANISATION, SOURCE, "1")
        assert kept.recordings[0].agent is not None
        assert kept.recordings[0].agent.startswith("n:Former agent")
        assert [turn.speaker for turn in kept.transcripts[0].turns] == [kept.recordings[0].agent[2:], "Caller"]
        upsert_notes(ORGANISATION, [recording("2")])
        assert notes_of(ORGANISATION, SOURCE, "2").recordings[0].agent == kept.recordings[0].agent


class TestTheNight:
    pytestmark = engines

    def test_takes_the_notes_of_old_calls_with_them(self) -> None:
        organisation()
        now = NOON + 40 * DAY_MS
        keep(ORGANISATION, SOURCE, [Telling(called(CALLER, 1), "a", 1), Telling(called(CALLER, 2, now - DAY_MS), "a", 1)], now)
        # Told long after the call, and of calls that nobody ever told us of.
        notes = [each(f"call-{n}", told_at=now) for n in (1, 2) for each in (recording, transcript, detail)]
        upsert_notes(ORGANISATION, [*notes, recording("orphan"), message("old"), message("new", sent_at=now - DAY_MS)])
        assert clear(ORGANISATION, Keep(calls=30), now, lambda what, gone: True)
        assert [row.id_call for row in KeptRecording.objects.all()] == ["call-2"]
        assert [row.message_id for row in KeptMessage.objects.all()] == ["new"]
        assert notes_of(ORGANISATION, SOURCE, "call-1").transcripts == []
        assert notes_of(ORGANISATION, SOURCE, "call-2").detail is not None

    def test_takes_numbers_and_names_and_leaves_the_rest(self) -> None:
        organisation()
        now = NOON + 40 * DAY_MS
        keep(ORGANISATION, SOURCE, [Telling(called(CALLER), "a", 1)], now)
        upsert_notes(ORGANISATION, [detail("call-1"), message("m"), contact(), contact(OTHER, "Eva", told_at=now - DAY_MS)])
        assert clear(ORGANISATION, Keep(numbers=30), now, lambda what, gone: True)
        told = notes_of(ORGANISATION, SOURCE, "call-1").detail
        assert told is not None
        assert (told.customer_name, told.called_number, told.status) == (None, "+4681740600", "ANSWERED")
        assert list(KeptMessage.objects.values_list("sender", "recipient", "status")) == [("", "", "received")]
        assert names_of(ORGANISATION, [CALLER, OTHER]) == {OTHER: "Eva"}


class TestTheRoad:
    pytestmark = [pytest.mark.asyncio, *engines]

    @pytest_asyncio.fixture
    async def worker(self, redis_server: str) -> AsyncIterator[Worker]:
        await sync_to_async(organisation)()
        worker = Worker(redis_server)
        await worker.begin()
        yield worker
        await worker.die()
        await let_go()

    async def test_carries_every_kind_of_note_to_the_database(self, worker: Worker) -> None:
        for note in (recording("1"), transcript("1"), detail("1"), message("m"), contact()):
            worker.road.tell(note)

        async def there() -> bool:
            kept = await _asked(notes_of, ORGANISATION, SOURCE, "1")
            whole = kept.recordings and kept.transcripts and kept.detail
            return bool(whole and await _asked(names_of, ORGANISATION, [CALLER]) and await _asked(KeptMessage.objects.count))

        await until(there)

    async def test_survives_a_worker_that_dies_while_the_database_is_away(self, worker: Worker) -> None:
        worker.shelf.cut = True
        worker.road.tell(transcript("1"))
        await worker.keeping.last_words()
        await worker.die()
        next_one = Worker(worker.store.connection.url)
        await next_one.begin()
        try:
            await until(lambda: _has_words("1"))
        finally:
            await next_one.die()

    async def test_lets_nothing_in_of_a_number_that_was_erased(self, worker: Worker) -> None:
        await _asked(erase_number, await sync_to_async(organisation)(), CALLER)
        worker.road.erasure.follow(await _asked(read_erased, ORGANISATION))
        worker.road.tell(contact())
        worker.road.tell(message("m"))
        (told,) = [note for note in worker.road.notes if isinstance(note, Message)]
        assert told.sender is None
        # A call of theirs that goes on now, of which words come later without any number.
        worker.road.tell(called(CALLER, 9, now_ms() - 60_000))
        await worker.road.flush()
        await until(lambda: _is_erased("call-9"))
        worker.road.tell(transcript("call-9"))
        worker.road.tell(transcript("call-8"))
        await until(lambda: _has_words("call-8"))
        assert not await _has_words("call-9")
        assert await _asked(names_of, ORGANISATION, [CALLER]) == {}


def _asked(question: Any, *arguments: Any) -> Any:
    return sync_to_async(question, thread_sensitive=True)(*arguments)


async def _has_words(id_call: str) -> bool:
    return bool((await _asked(notes_of, ORGANISATION, SOURCE, id_call)).has_words)


async def _is_erased(id_call: str) -> bool:
    return bool((await _asked(notes_of, ORGANISATION, SOURCE, id_call)).erased)
