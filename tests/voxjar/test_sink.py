"""What the vendor's answers mean, on uploads and on questions, and what of its schema is used."""

import time
from collections.abc import AsyncIterator

import pytest
from graphql import build_schema, execute_sync, parse, print_schema, validate

from stats.domain.errors import Refused, Retry
from stats.ingest import door
from stats.providers.sinks import NotTaken
from stats.providers.voxjar import wire
from stats.providers.voxjar.simulator import Trouble, VoxjarSimulator
from stats.providers.voxjar.simulator.schema import make_schema
from stats.providers.voxjar.sink import VoxjarSink, fields_of
from stats.providers.voxjar.translate import expires_at, length_ms
from tests.voxjar.conftest import config
from tests.voxjar.parcels import NOON, parcel, sound

pytestmark = pytest.mark.asyncio
DAY_S = 86_400


async def test_a_trial_asks_a_trivial_question_and_tells_when_the_token_ends(simulator: VoxjarSimulator, sink: VoxjarSink) -> None:
    """VJ-01."""
    account = await sink.greet()
    assert account.expires_at is not None
    assert abs(account.expires_at / 1000 - time.time() - 365 * DAY_S) < 60
    assert account.notes == ()
    heard = [each async for each in door.knock("voxjar", config(simulator))]
    assert isinstance(heard[-1], door.Verdict)
    assert heard[-1].result == "ok"
    assert any(isinstance(each, door.Step) and each.expires_at == account.expires_at for each in heard)


@pytest.mark.parametrize("in_words", [False, True], ids=["401", "200-with-errors"])
async def test_a_token_that_has_ended_is_refused_in_the_vendors_words(simulator: VoxjarSimulator, in_words: bool) -> None:
    """VJ-01."""
    simulator.switches.set("auth_as_200", in_words)
    ended = VoxjarSink(config(simulator, token=simulator.tokens.make(int(time.time()) - 2 * DAY_S, lives_s=DAY_S)))
    with pytest.raises(Refused, match="jwt expired") as refused:
        await ended.greet()
    assert refused.value.kind == "auth"
    with pytest.raises(Refused, match="jwt expired"):
        await ended.send(parcel(), sound(b"sound"), 5)
    assert ended.expires_at is not None
    assert ended.expires_at < time.time() * 1000
    await ended.close()


async def test_a_token_that_is_no_jwt_tells_no_end() -> None:
    """The guide says that tokens are; nothing is made of one that is not."""
    assert [expires_at(token) for token in ("", "plain", "a.b.c", "a.e30.c", "a.eyJleHAiOiJzb29uIn0.c")] == [None] * 5


@pytest.mark.parametrize(
    ("trouble", "kind", "says"),
    [
        (
            Trouble(door="enqueue", status=502, body="<html><b>Bad gateway</b></html>", content_type="text/html"),
            Retry,
            "http 502: Bad gateway",
        ),
        (Trouble(door="enqueue", status=200, body="<h1>Welcome</h1> " + "x " * 300, content_type="text/html"), Retry, "no JSON: Welcome"),
        (Trouble(door="enqueue", status=413, body="too large", content_type="text/plain"), NotTaken, "http 413"),
        (Trouble(door="enqueue", status=431, body="{}"), NotTaken, "http 431"),
        (Trouble(door="enqueue", status=402, body='{"message": "no credit"}'), Retry, "no credit"),
        (Trouble(door="enqueue", status=200, body='{"error": "unknown call type"}'), NotTaken, "unknown call type"),
        (Trouble(door="enqueue", status=200, body='{"error": "Unexpected token < in JSON"}'), NotTaken, "Unexpected token"),
        (Trouble(door="enqueue", status=403, body='{"message": "no such permission"}'), Refused, "no such permission"),
        (Trouble(door="enqueue", status=302), Refused, "http 302"),
        (Trouble(door="enqueue", drop="before"), Retry, None),
        (Trouble(door="enqueue", drop="after"), Retry, None),
    ],
    ids=["502-page", "200-page", "413", "431", "402", "200-error", "200-no-auth", "403", "redirect", "cut-before", "cut-after"],
)
async def test_what_an_uploads_answer_means(
    simulator: VoxjarSimulator, sink: VoxjarSink, trouble: Trouble, kind: type[Exception], says: str | None
) -> None:
    """VJ-07, VJ-09: 2xx with JSON is taken; 4xx never; of everything else nobody knows."""
    simulator.troubles.append(trouble)
    with pytest.raises(kind, match=says) as raised:
        await sink.send(parcel(), sound(b"sound"), 5)
    assert len(str(raised.value)) < 240
    await sink.send(parcel(2), sound(b"sound"), 5)


async def test_how_long_to_wait_is_read_from_the_answer(simulator: VoxjarSimulator, sink: VoxjarSink) -> None:
    """VJ-07."""
    simulator.troubles += [Trouble(door="enqueue", status=503, after_s=7), Trouble(door="graphql", status=429, after_s=9)]
    with pytest.raises(Retry) as upload:
        await sink.send(parcel(), sound(b"sound"), 5)
    with pytest.raises(Retry) as question:
        await sink.greet()
    assert (upload.value.after_s, question.value.after_s) == (7, 9)


async def test_words_of_the_vendor_hold_no_token_and_no_number(simulator: VoxjarSimulator, sink: VoxjarSink) -> None:
    """VJ-09: the first two hundred signs, without secrets."""
    body = f"Bearer {simulator.token} of +46701740606 failed" + " again" * 100
    simulator.troubles.append(Trouble(door="enqueue", status=500, body=body, content_type="text/plain"))
    with pytest.raises(Retry) as raised:
        await sink.send(parcel(), sound(b"sound"), 5)
    assert simulator.token[:40] not in raised.value.reason
    assert "701740606" not in raised.value.reason
    assert "failed again" in raised.value.reason
    assert len(wire.short(body)) <= 200


async def test_an_identifier_that_is_there_is_told_apart_from_other_refusals(simulator: VoxjarSimulator, sink: VoxjarSink) -> None:
    """VJ-14."""
    assert await sink.knows("vocatech:call-1") is False
    await sink.send(parcel(), sound(b"sound"), 5)
    assert await sink.knows("vocatech:call-1") is True
    with pytest.raises(NotTaken) as raised:
        await sink.send(parcel(), sound(b"sound"), 5)
    assert raised.value.there
    assert simulator.library.calls["vocatech:call-1"].uploads == 1


async def test_transcripts_come_twenty_a_page_until_there_are_no_more(simulator: VoxjarSimulator, sink: VoxjarSink) -> None:
    """VJ-10."""
    for number in range(45):
        await sink.send(parcel(number), sound(b"sound"), 5)
    simulator.analyse()
    found, offset, pages = [], 0, 0
    while pages == 0 or offset:
        page, offset = await sink.analysed(start_ms=NOON, end_ms=NOON + 60_000, offset=offset)
        found += page
        pages += 1
    assert pages == 3
    assert [each.identifier for each in found] == [f"vocatech:call-{number}" for number in range(45)]
    assert all(each.written and each.duration_ms == 61_000 and each.silence_ms == 61_000 // 7 for each in found)
    turn = next(iter(found[0].turns or ()))
    assert (turn.speaker, turn.start_ms) == (None, 400)
    assert None not in (turn.text, turn.length_ms, turn.confidence)
    assert 0 < (turn.confidence or 0) <= 1
    assert await sink.analysed(start_ms=NOON + 60_000, end_ms=NOON + 120_000, offset=0) == ([], 0)


async def test_a_speaker_is_told_where_the_schema_has_one(simulator: VoxjarSimulator, sink: VoxjarSink) -> None:
    """VJ-10."""
    simulator.switches.set("speakers", True)
    await sink.send(parcel(), sound(b"sound"), 5)
    simulator.analyse()
    (found,), _ = await sink.analysed(start_ms=NOON, end_ms=NOON + 60_000, offset=0)
    assert {turn.speaker for turn in found.turns or ()} == {"agent", "customer"}


@pytest.mark.parametrize(
    ("switches", "lost"),
    [
        ({"absent_fields": "Call.transcript"}, {"written"}),
        ({"absent_fields": "Call.silenceDuration,Call.tags"}, {"silence_ms", "tags"}),
        ({"absent_fields": "Call.duration"}, {"duration_ms"}),
        ({"stubborn_fields": "Call.disposition"}, {"disposition"}),
        ({"durations": "seconds"}, set()),
        ({"transcripts": "text"}, set()),
        ({"introspection": "false"}, set()),
        ({"introspection": "false", "durations": "seconds"}, set()),
        ({"introspection": "false", "absent_fields": "Call.tags"}, {"tags", "duration_ms", "silence_ms", "disposition"}),
        ({"introspection": "false", "transcripts": "text"}, {"tags", "duration_ms", "silence_ms", "disposition"}),
        ({"hidden_until_done": "true"}, set()),
    ],
    ids=lambda value: " ".join(sorted(value)) if isinstance(value, set) else str(value),
)
async def test_what_the_schema_lacks_takes_one_feature_away_and_nothing_else(
    simulator: VoxjarSimulator, sink: VoxjarSink, switches: dict[str, str], lost: set[str]
) -> None:
    """VJ-11."""
    for name, value in switches.items():
        simulator.switches.set(name, value)
    await sink.send(parcel(), sound(b"sound"), 5)
    simulator.analyse()
    (found,), _ = await sink.analysed(start_ms=NOON, end_ms=NOON + 60_000, offset=0)
    told = {
        "written": found.written or None,
        "duration_ms": found.duration_ms,
        "silence_ms": found.silence_ms,
        "tags": found.tags,
        "disposition": found.disposition,
    }
    assert {name for name, value in told.items() if value is None} == lost


async def test_a_schema_without_calls_still_takes_uploads(simulator: VoxjarSimulator, sink: VoxjarSink) -> None:
    """VJ-11."""
    simulator.switches.set("absent_fields", "Query.calls")
    await sink.send(parcel(), sound(b"sound"), 5)
    assert await sink.knows("vocatech:call-1") is None
    assert await sink.analysed(start_ms=NOON, end_ms=NOON + 1, offset=0) == ((), 0)
    assert (await sink.greet()).notes == ("calls cannot be asked for",)


async def test_an_answer_with_errors_and_no_data_is_tried_again(simulator: VoxjarSimulator, sink: VoxjarSink) -> None:
    """VJ-11: 200 with errors is no success."""
    await sink.greet()
    simulator.troubles.append(Trouble(door="graphql", status=200, body='{"errors": [{"message": "try later"}]}'))
    with pytest.raises(Retry, match="try later"):
        await sink.analysed(start_ms=NOON, end_ms=NOON + 1, offset=0)
    assert await sink.analysed(start_ms=NOON, end_ms=NOON + 1, offset=0) == ([], 0)


async def test_a_length_inside_a_transcript_may_be_an_interval_too() -> None:
    """VJ-11, VJ-A9: a field with parts of its own is asked for with them, and left out where nobody knows them."""
    schema = make_schema("", "interval", "turns", speakers=True)
    text = print_schema(schema).replace("  length: Float", "  length: Interval").replace("  speaker: String", "  speaker: Person")
    asked = wire.calls_document(fields_of(execute_sync(build_schema(text), parse(wire.ABOUT)).data or {}))
    assert "length { hours minutes seconds milliseconds }" in asked
    assert "speaker" not in asked
    assert validate(build_schema(text), parse(asked)) == []


async def test_who_is_not_known_may_be_told_by_a_code(simulator: VoxjarSimulator, sink: VoxjarSink) -> None:
    """VJ-01, VJ-11: 200 with errors, in whatever words."""
    told = '{"data": null, "errors": [{"message": "No.", "extensions": {"code": "UNAUTHENTICATED"}}]}'
    simulator.troubles.append(Trouble(door="graphql", status=200, body=told))
    with pytest.raises(Refused) as refused:
        await sink.greet()
    assert refused.value.kind == "auth"


async def test_the_address_may_be_that_of_the_web_interface_or_lie_deeper(simulator: VoxjarSimulator) -> None:
    """VJ-A1: what people have a bookmark of, with or without a slash; a path before it is kept."""
    for end in ("", "/", "/graphql", "/graphql/"):
        sink = VoxjarSink(config(simulator, live_url=simulator.url + end))
        await sink.greet()
        await sink.close()
    deeper = VoxjarSink(config(simulator, live_url=f"{simulator.url}/deeper"))
    with pytest.raises(Refused, match="404") as refused:
        await deeper.greet()
    assert refused.value.kind == "config"
    await deeper.close()


async def test_sound_that_breaks_off_makes_no_call(simulator: VoxjarSimulator, sink: VoxjarSink) -> None:
    """VJ-08: half an upload never looks like a whole one."""

    async def half() -> AsyncIterator[bytes]:
        yield b"ha"
        raise Refused("auth", "the other vendor refused")

    for length in (4, None):
        with pytest.raises(Retry, match="the other vendor refused"):
            await sink.send(parcel(), half(), length)
    with pytest.raises(Retry, match="less sound"):
        await sink.send(parcel(), sound(b"ha"), 4)
    assert simulator.library.calls == {}


async def test_lengths_are_read_in_every_form() -> None:
    """Bare numbers are seconds."""
    assert length_ms({"hours": 1, "minutes": 2, "seconds": 3, "milliseconds": 4}) == 3_723_004
    assert [length_ms(told) for told in (1.5, "2", 0, None, "soon", {}, True, -1, float("nan"))] == [1500, 2000, 0, *[None] * 6]
