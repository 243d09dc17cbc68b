"""VY-10, VY-11 and VY-16: logs block by block, recordings with their sound, details and messages; and a call that is made."""

from typing import Any

import pytest

from stats.domain.errors import Refused
from stats.domain.notes import CallDetail, Message, Recording
from stats.domain.records import Call as Told
from stats.providers.base import Page
from stats.providers.voxology.simulator import DEFAULT_TOKEN, Switches
from stats.providers.voxology.simulator.desk import SOUND
from tests.voxology.floor import Stage, stage

HOUR_MS = 3_600_000


def many(made: Stage, number: int, *, apart_s: float = 2.0) -> None:
    """So many callers, one after the other, who all speak with an agent and are recorded."""
    for _ in range(number):
        call = made.call()
        call.recorded = True
        offer = made.ring(call, 0)
        made.wait(apart_s / 2)
        made.answer(offer)
        made.wait(apart_s / 2)
        made.hang_up(call)


async def pages(made: Stage, kind: str = "logs", *, start_ms: int = 0, end_ms: int = 0) -> list[Page]:
    """Every page of a window, as the road follows them."""
    found: list[Page] = []
    after: str | None = None
    while True:
        page = await made.provider.page(
            kind, start_ms=start_ms or made.now - 6 * HOUR_MS, end_ms=end_ms or made.now + 1, first=5, after=after, received_at=made.now
        )
        found.append(page)
        if not page.more:
            return found
        after = page.cursor


@pytest.mark.parametrize(("relative", "block"), [(False, 1000), (True, 40)])
@pytest.mark.acceptance("VY-10")
async def test_logs_are_followed_block_by_block_and_read_whole(relative: bool, block: int) -> None:
    """VY-10: two calls each, in blocks of a thousand; nothing twice where windows overlap, nothing of before the window."""
    async with stage(Switches(relative_next=relative, block_rows=block)) as made:
        many(made, block * 5 // 4, apart_s=1)
        found = await pages(made)
        assert [page.rows for page in found] == [block, block, block // 2]
        keys = [key for page in found for key in page.keys]
        assert len(set(keys)) == block * 5 // 2
        for page in found:
            made.ear.take(page.tellings)
        assert len(made.ear.calls) == block * 5 // 4
        assert not any(page.partial for page in found)
        before = made.ear.meaning()
        for page in await pages(made, start_ms=made.now - 30_000):
            made.ear.take(page.tellings)
        assert made.ear.meaning() == before
        (late,) = await pages(made, start_ms=made.now - 10_000, end_ms=made.now - 5_000)
        assert late.rows == 10
        (none,) = await pages(made, start_ms=made.now - 9 * HOUR_MS, end_ms=made.now - 8 * HOUR_MS)
        assert none.rows == 0


@pytest.mark.acceptance("VY-10")
async def test_a_next_block_at_another_address_is_not_asked_for() -> None:
    """VY-10: the key goes to the configured host alone."""
    async with stage(Switches(block_rows=3, foreign_next="http://127.0.0.2:9")) as made:
        many(made, 4)
        with pytest.raises(Refused) as refused:
            await pages(made)
        assert refused.value.kind == "config"


@pytest.mark.acceptance("VY-11")
async def test_recordings_are_found_by_halving_windows_that_were_cut_short() -> None:
    """VY-11: the list says no call, so the calls of its callers decide; every one is found, and told as a way to find it, no link."""
    async with stage(Switches(list_rows=5)) as made:
        many(made, 40, apart_s=20)
        (page,) = await pages(made, "recordings")
        found = [each for each in page.tellings if isinstance(each, Recording)]
        assert not page.partial
        assert len({each.recording_id for each in found}) == 40
        assert {each.id_call for each in found} == {line.id for line in made.sim.lines.ended if line.offer is None}
        assert all("//" not in each.locator and DEFAULT_TOKEN not in str(each) for each in found)
        asked = len(made.sim.desk.requests)
        (again,) = await pages(made, "recordings")
        assert again.tellings == page.tellings
        # Whose they are is known: no call is asked for again.
        assert not any(path.startswith("GET /v1/History/Recordings/") for path in made.sim.desk.requests[asked:])
        one = await made.provider.recordings(found[7].id_call, start_ms=0, end_ms=made.now, received_at=made.now)
        assert [each.recording_id for each in one] == [found[7].recording_id]
        assert found[7].duration_ms == 10_000


@pytest.mark.acceptance("VY-11")
async def test_more_recordings_in_a_second_than_are_ever_told_are_told_to_lack() -> None:
    """VY-11: a window that cannot be halved any more is partial, and not endless."""
    async with stage(Switches(list_rows=5)) as made:
        many(made, 8, apart_s=0.002)
        (page,) = await pages(made, "recordings", start_ms=made.now - 60_000)
        assert page.partial


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.acceptance("VY-11")
async def test_a_sound_is_passed_on_whole_or_in_part_without_the_key(ranges: bool) -> None:
    """VY-11: a part is a part, also where the vendor only gives the whole."""
    async with stage(Switches(ranges=ranges)) as made:
        many(made, 1)
        (recording,) = [each for each in (await pages(made, "recordings"))[0].tellings if isinstance(each, Recording)]
        for asked, status, expected in (
            (None, 200, SOUND),
            ("bytes=0-", 206, SOUND),
            ("bytes=1000-1999", 206, SOUND[1000:2000]),
            ("bytes=70000-", 206, SOUND[70_000:]),
        ):
            async with made.provider.sound(recording, byte_range=asked) as sound:
                body = b"".join([piece async for piece in sound.chunks])
            assert (sound.status, body) == (status, expected)
            assert sound.headers["content-type"] == "audio/mpeg"
            assert sound.headers["content-length"] == str(len(expected))
            assert DEFAULT_TOKEN not in str(dict(sound.headers))
            assert (sound.headers.get("content-range") is None) == (status == 200)
        with pytest.raises(Refused):
            async with made.provider.sound(Recording(source="vox", id_call="1", recording_id="x", locator="../LiveCalls")) as sound:
                pass


@pytest.mark.acceptance("VY-16")
async def test_details_say_number_status_hangup_side_and_error_in_words() -> None:
    """VY-16: by api_no, direction and status; the code of an error with what the vendor's table says of it. No leg has one of its own."""
    async with stage() as made:
        done, unreachable = made.call(), made.call("0046701740613")
        unreachable.inactive_number = True
        made.answer(made.ring(done, 0))
        made.wait(5)
        made.hang_up(unreachable, "INACTIVE_NUMBER")
        made.hang_up(done)
        (page,) = await pages(made)
        details = {each.id_call: each for each in page.tellings if isinstance(each, CallDetail)}
        assert details.keys() == {made.id_of(done), made.id_of(unreachable)}
        one, other = details[made.id_of(done)], details[made.id_of(unreachable)]
        assert (one.called_number, one.direction, one.status, one.hangup_side) == ("+46846500490", "in", "completed", "caller")
        assert (one.error_code, one.error, one.sub_account) == (None, None, "0")
        assert (other.status, other.hangup_side, other.error_code) == ("error", "system", "1003")
        assert "deactivated" in (other.error or "")


@pytest.mark.acceptance("VY-16")
async def test_messages_are_told_by_status_and_never_by_their_words() -> None:
    """VY-16: the report of text messages; windows that are cut short are halved here too."""
    async with stage(Switches(list_rows=3)) as made:
        many(made, 60, apart_s=20)
        (page,) = await pages(made, "messages")
        told = [each for each in page.tellings if isinstance(each, Message)]
        assert len(told) == 12
        assert {each.status for each in told} == {"delivered", "sent", "undelivered", "failed", "received"}
        inbound = next(each for each in told if each.direction == "in")
        assert (inbound.sender, inbound.recipient, inbound.channel) == ("+46701740612", "+46846500490", "text")
        assert all(each.sent_at is not None for each in told)
        assert "Tack" not in str(told)
        posted: dict[str, Any] = {
            "type": "sms",
            "message_id": "SMI:1",
            "status": "received",
            "text_message": "Hemligt",
            "caller_no": "+46701740612",
        }
        from tests.voxology.ear import delivered

        (note,), odd = made.provider.read("events", delivered(posted, made.now), received_at=made.now)
        assert isinstance(note, Message)
        assert "Hemligt" not in str(note)
        assert odd == []


async def test_a_log_that_says_that_a_call_goes_on_ends_nothing() -> None:
    """VY-A29: the vendor's status may still be live."""
    async with stage() as made:
        row = {
            "call_id": "1@1",
            "status": "live-in-progress",
            "direction": "inbound",
            "start_time": "2026-05-18T12:00:00Z",
            "end_time": None,
        }
        from stats.providers.voxology.wire import LogRow
        from stats.providers.voxology.wire import row as read
        from stats.providers.voxology.words import of_log

        (told,) = made.provider._teller.tell(of_log(read(LogRow, row)), made.now)
        assert isinstance(told, Told)
        assert told.journey is not None
        assert told.journey.goes_on


async def test_a_call_is_made_from_the_configured_number_and_only_from_there() -> None:
    """Make Call: the agent is called, and the number's own flow connects the customer it finds in the session data."""
    async with stage(dial_from="+46846500490", agent_numbers=["201@example.sip.voxolo.gy = anna"]) as made:
        id_call = await made.provider.dial("+46701740612", agent="anna", reference="r1")
        assert id_call == "900001@77"
        (asked,) = made.sim.dialled
        assert asked["call"] == {"no": "201@example.sip.voxolo.gy", "caller_id_no": "+46846500490"}
        assert asked["session_data"] == {"for_agent_id": "anna", "dial_no": "+46701740612", "reference": "r1"}
        for agent, settings in (("berit", {}), ("anna", {"dial_from": ""})):
            provider, _ = made.listener(**settings)
            with pytest.raises(Refused):
                await provider.dial("+46701740612", agent=agent, reference="r2")
            await provider.close()
