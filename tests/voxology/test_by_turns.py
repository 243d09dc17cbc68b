"""A busy quarter of an hour, asked for every two seconds over real HTTP, with the flows' posts and without them: the calls that were."""

from typing import Any

import msgspec
import pytest

from stats.domain.outcomes import settle
from stats.providers.voxology.simulator import DEFAULT_TOKEN, Switches, VoxologySimulator
from stats.simulation import records
from stats.simulation.exchange import Subject
from stats.simulation.floor import Floor
from stats.simulation.plan import FloorPlan
from tests.vendors.floor_day import MORNING_MS, through_telavox
from tests.voxology.ear import Ear, provider_of

PLAN = FloorPlan.of(seed=5, agents=10, queues=3, calls_per_hour=220)
EVERY_MS, OPEN_MS, LONGEST_MS = 2_000, 8 * 60_000, 25 * 60_000
# What became of a caller after the queue is told by the flows alone: without them they have given up if they hung up, else moved on.
UNSEEN = {"voicemail": "left", "callback": "left", "overflowed": "left"}
HUNG_UP = dict.fromkeys(UNSEEN, "abandoned")


class Morning:
    """The floor, the vendor with its clock, and whoever asks."""

    def __init__(self, webhooks: bool) -> None:
        self.now = MORNING_MS
        self.over: list[records.Call] = []
        self.sim = VoxologySimulator(start=False, switches=Switches(), now=lambda: self.now)
        self.webhooks = webhooks
        self.floor = Floor(PLAN, at_ms=MORNING_MS - 300_000, listener=self._hear)

    def _hear(self, at: int, subject: Subject) -> None:
        for event in self.sim.lines.hear(at, subject):
            if self.webhooks and at > MORNING_MS:
                self.ear.post(msgspec.json.decode(msgspec.json.encode(self.sim.webhook(event, at))), at)
        if isinstance(subject, records.Call) and subject.ended_at is not None:
            self.over.append(subject)

    async def pass_by(self) -> None:
        """Every round until the last caller's last word is there."""
        self.floor.advance(MORNING_MS)
        async with self.sim:
            provider = provider_of(self.sim.api_url, DEFAULT_TOKEN)
            provider._polls._now_ms = lambda: self.now
            self.ear, quiet = Ear(provider), 0
            while quiet < 3 and self.now < MORNING_MS + LONGEST_MS:
                self.now += EVERY_MS
                if self.now > MORNING_MS + OPEN_MS:
                    self.floor.close_doors()
                self.floor.advance(self.now)
                quiet = 0 if self.floor.calls else quiet + 1
                for feed, ask in (("queues", provider._polls.queues), ("calls", provider._polls.calls)):
                    self.ear.read(feed, msgspec.json.encode(await ask()), self.now)
            await provider.close()
        assert self.ear.odd == []
        assert self.sim.dequeues == 0


def _told(call: Any, unseen: dict[str, str]) -> tuple[object, ...]:
    shown = settle(call)
    visits = [unseen.get(str(visit.outcome), str(visit.outcome)) for visit in shown.visits]
    return shown.answered, shown.incoming, shown.outgoing, shown.internal, shown.ended_at, visits


@pytest.mark.acceptance("VY-05", "VY-08", "VY-09")
@pytest.mark.parametrize("webhooks", [True, False])
async def test_every_call_is_told_with_its_visits_and_rings(webhooks: bool) -> None:
    """VY-05, VY-08 and VY-09: with the flows' posts everything is as it was; by asking alone all but what lasts less than a round."""
    morning = Morning(webhooks)
    await morning.pass_by()
    calls = [call for call in morning.over if call.started_at > MORNING_MS]
    assert len(calls) > 20
    theirs = through_telavox(calls)
    unseen = {} if webhooks else UNSEEN
    rings = 0
    for call in calls:
        ours = morning.ear.calls[morning.sim.lines.line_of(call).id]
        words = HUNG_UP if unseen and morning.sim.lines.line_of(call).hangup == "caller" else unseen
        assert _told(ours, words) == _told(theirs[call.id], words)
        expected = sorted((offer.agent.name or "", bool(offer.answered)) for offer in theirs[call.id].offers)
        found = sorted((offer.agent.name or "", bool(offer.answered)) for offer in ours.offers)
        if webhooks:
            assert found == expected
        else:
            assert [ring for ring in found if ring[1]] == [ring for ring in expected if ring[1]]
        rings += len(found)
    assert rings > 20
    assert morning.ear.calls.keys() <= {line.id for line in morning.sim.lines.ended if line.offer is None}
