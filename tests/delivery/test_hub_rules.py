"""What a hub may never do, with a clock of the test's own: too many patches, two epochs in one message, false heartbeats, a mass end."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.delivery.stub_floor import Room, Television
from wallboard.push import hub as hub_module


@pytest.fixture
async def room() -> Iterator[Room]:  # type: ignore[misc]
    """A hub whose sockets leave afterwards."""
    room = Room()
    yield room
    room.close()


def busiest_second(television: Television) -> int:
    """The most patches in any one second."""
    at = [when for when, message in television.told if message["type"] == "patch"]
    return max((sum(1 for other in at if when <= other < when + 1.0) for when in at), default=0)


@pytest.mark.fault("D1")
@pytest.mark.parametrize("seed", range(6))
async def test_nobody_is_patched_more_than_four_times_a_second_however_it_acknowledges(room: Room, seed: int) -> None:
    """Changes at full speed; acknowledgements that come at once, late, or after a pause; and the truth in the end."""
    dice = random.Random(seed)
    slow, steady = await room.enter(), await room.enter()
    rate, waiting = dice.choice((0.02, 0.2, 0.5)), 0
    for _ in range(1500):
        room.at += 0.05
        if dice.random() < 0.6:
            waiting += 1
            room.organisation.settle(waiting)
        if dice.random() < 0.5:
            await room.hub.publish()
        await room.acknowledge(steady)
        if dice.random() < rate:
            await room.acknowledge(slow)
        if dice.random() < 0.1:
            await room.hub.look()
    for _ in range(6):
        room.at += 0.5
        await room.hub.publish()
        await room.hub.look()
        for television in (slow, steady):
            await room.acknowledge(television)
    assert busiest_second(steady) <= 4
    assert busiest_second(slow) <= 4
    for television in (slow, steady):
        if television.code:
            continue
        shown, version = 0, -1
        for _at, message in television.told:
            if message["type"] == "snapshot":
                shown, version = message["values"]["site"]["waiting"], message["version"]
            elif message["type"] == "patch":
                assert message["from"] == version
                shown, version = message["values"].get("site", {}).get("waiting", shown), message["to"]
        assert shown == waiting


@pytest.mark.fault("D1")
async def test_who_was_paused_and_pays_gets_one_message_and_not_too_soon(room: Room) -> None:
    """It owes for five seconds, then pays right after a patch."""
    television = await room.enter()
    for number in range(1, 30):
        room.at += 0.3
        await room.change(number)
    paused_with = len(television.told)
    room.at += 3
    await room.acknowledge(television)
    assert len(television.told) == paused_with + 1
    assert television.last["values"]["site"]["waiting"] == 29
    await room.change(30)
    assert len(television.told) == paused_with + 1, "a quarter of a second has not passed"
    room.at += 0.5
    await room.hub.look()
    assert television.last["values"]["site"]["waiting"] == 30


@pytest.mark.fault("C4", "D5")
async def test_no_snapshot_carries_one_epochs_name_and_anothers_values(room: Room) -> None:
    """A television that comes between a new epoch and its announcement waits for it."""
    first = await room.enter()
    room.organisation.settle(77, epoch="e2")
    late = await room.enter()
    assert late.told == [], "nothing of the new epoch under the old one's name"
    await room.hub.publish()
    assert {(t.last["type"], t.last["epoch"], t.last["values"]["site"]["waiting"]) for t in (first, late)} == {("snapshot", "e2", 77)}
    await room.acknowledge(late)
    room.at += 1
    await room.change(78, epoch="e2")
    assert late.last["type"] == "patch"


@pytest.mark.fault("C3")
async def test_while_nothing_is_computed_no_heartbeat_calls_the_numbers_present(room: Room) -> None:
    """A browser that hears nothing says so by itself."""
    television = await room.enter()
    await room.acknowledge(television)
    room.organisation.is_computing = False
    for _ in range(40):
        room.at += 0.5
        await room.hub.look()
    assert [message["type"] for _at, message in television.told] == ["snapshot"]
    room.organisation.is_computing = True
    await room.hub.look()
    assert television.last["type"] == "heartbeat"


@pytest.mark.fault("C3")
async def test_a_process_that_stood_still_itself_throws_nobody_out(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The acknowledgements of that time lie unread in its own buffers."""
    monkeypatch.setattr(hub_module, "LOOK_S", 0.01)
    television = await room.enter()
    await asyncio.sleep(0.05)
    room.at += 30
    await asyncio.sleep(0.05)
    assert television.code == 0
    await room.acknowledge(television)
    await asyncio.sleep(0.1)
    assert television.code == 0
    room.at += 1
    await asyncio.sleep(0.03)
    await room.change(1)
    for _ in range(21):
        room.at += 1
        await asyncio.sleep(0.02)
    assert television.code == 4008, "who really owes for twenty seconds goes"


@pytest.mark.fault("D7")
async def test_a_thousand_that_came_in_one_minute_leave_over_eight_hours(room: Room) -> None:
    """None before eight hours, none after sixteen, and in no five minutes more than a few dozen."""
    televisions = []
    for _ in range(1000):
        televisions.append(await room.enter())
        room.at += 0.06
    gone: Counter[int] = Counter()
    began = room.at
    left_before = 0
    while any(not television.code for television in televisions):
        room.at += 300
        for television in televisions:
            # They are well otherwise.
            television.window.owed_since = None
        await room.hub.look()
        left = sum(1 for television in televisions if television.code)
        gone[round((room.at - began) / 60)] += left - left_before
        left_before = left
        assert room.at - began < 17 * 3600
    leaving = [minute for minute, count in gone.items() if count]
    assert {television.code for television in televisions} == {4000}
    assert min(leaving) >= 8 * 60 - 2
    assert max(leaving) <= 16 * 60 + 6
    assert max(gone.values()) < 40
