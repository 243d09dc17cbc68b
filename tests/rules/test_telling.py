"""Rules of telling boards, each alone: what is done once for all, how often, and for whom nothing is done any more."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests.push.conftest import Open
from tests.push.floor import Worker, waiting_call
from wallboard.push import admission, hubs
from wallboard.push.admission import Key, Pass
from wallboard.push.socket import BoardSocket


class Ear:
    """A socket that keeps what it is told."""

    def __init__(self, entry: Pass) -> None:
        self.heard: list[Any] = []
        self.socket = BoardSocket(self.hear, entry)

    @classmethod
    async def of(cls, token: str) -> "Ear":
        """One whose key is looked up as at the door."""
        entry = await admission.passed(Key("screen", token))
        assert entry is not None
        return cls(entry)

    async def hear(self, event: Any) -> None:
        """One event."""
        self.heard.append(event)

    def patches(self) -> list[Any]:
        """The changes it was told."""
        return [event for event in self.heard if '"type":"patch"' in event.get("text", "")]


async def told(worker: Worker, ears: Sequence[Ear], call: str, since: int) -> None:
    """One more caller waits, and whoever is told has been."""
    before = [len(ear.patches()) for ear in ears]
    await worker.tell(waiting_call(call, since=since))
    for _ in range(100):
        await asyncio.sleep(0.05)
        if any(len(ear.patches()) > had for ear, had in zip(ears, before, strict=True)):
            return
    raise AssertionError("nobody was told")


async def test_a_change_is_encoded_once_for_all_who_look(worker: Worker, token: str, open_board: Open) -> None:
    """Forty browsers are handed one and the same event."""
    from stats.clock import now_ms

    await worker.tell(waiting_call("c0", since=now_ms()))
    ears = [await Ear.of(token) for _ in range(40)]
    hub = None
    for ear in ears:
        hub = await hubs.enter("default", "team", ear.socket)
    assert hub is not None
    await told(worker, ears, "c1", now_ms())
    await asyncio.sleep(0.3)
    assert len({id(ear.patches()[0]) for ear in ears}) == 1
    for ear in ears:
        hub.leave(ear.socket)


async def test_everything_is_computed_four_times_a_second_at_most_however_much_changes(
    worker: Worker, token: str, open_board: Open
) -> None:
    """Thirty changes in one and a half seconds; what is computed for nobody costs those who look."""
    from stats.clock import now_ms
    from wallboard.push import live

    ear = await Ear.of(token)
    hub = await hubs.enter("default", "team", ear.socket)
    shown = 0

    async def look() -> None:
        nonlocal shown
        shown += 1

    organisation = await live.organisation("default")
    organisation.listeners.append(look)
    began = asyncio.get_running_loop().time()
    for number in range(30):
        await worker.tell(waiting_call(f"c{number}", since=now_ms()))
        await asyncio.sleep(0.05)
    assert 2 < shown <= 4 * (asyncio.get_running_loop().time() - began) + 1
    organisation.listeners.remove(look)
    hub.leave(ear.socket)


async def test_a_browser_that_acknowledges_nothing_is_sent_no_more_and_gets_the_present_when_it_does(
    worker: Worker, token: str, open_board: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside one that does (five seconds are one here)."""
    from stats.clock import now_ms

    monkeypatch.setattr("wallboard.push.window.PAUSE_S", 1.0)
    await worker.tell(waiting_call("c0", since=now_ms()))
    good, silent = await Ear.of(token), await Ear.of(token)
    hub = await hubs.enter("default", "team", good.socket)
    await hubs.enter("default", "team", silent.socket)
    await asyncio.sleep(1.1)
    held = silent.socket.window.sent
    for number in range(3):
        await hub.acknowledge(good.socket, good.socket.window.sent)
        await told(worker, [good], f"c{number + 1}", now_ms())
        await asyncio.sleep(0.3)
    assert len(good.patches()) >= 3
    quiet = len(silent.heard)
    await hub.acknowledge(good.socket, good.socket.window.sent)
    await told(worker, [good], "c9", now_ms())
    assert len(silent.heard) == quiet
    assert silent.socket.window.sent == held
    await hub.acknowledge(silent.socket, held)
    await asyncio.sleep(1.0)
    assert '"waiting":5' in silent.heard[-1]["text"]
    for ear in (good, silent):
        hub.leave(ear.socket)
