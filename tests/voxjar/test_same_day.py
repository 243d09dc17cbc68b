"""One floor's day, told by Telavox and sent on: what the place keeps of it is what happened on the floor.

Voxjar tells of no calls, so there are no journeys of its own to compare; what it is told of them must be the same journeys.
"""

from dataclasses import replace

import pytest

from stats.domain.notes import Recording
from stats.domain.outcomes import settle
from stats.domain.parcels import Choice, Parcel, Unsent, identifier_of, parcel_of
from stats.providers.voxjar.simulator import VoxjarSimulator
from stats.providers.voxjar.sink import VoxjarSink
from stats.simulation.records import Direction
from tests.vendors.floor_day import MORNING_MS, play, through_telavox
from tests.voxjar.parcels import sound

HOUR_MS = 3_600_000


@pytest.mark.asyncio
async def test_the_place_is_told_of_every_recorded_call_as_it_was(simulator: VoxjarSimulator, sink: VoxjarSink) -> None:
    """Must hold 2, VJ-02: start, direction, queue, agent, customer, talk; and the same number of calls comes back, page by page."""
    floor, over = play(hours=2)
    told = through_telavox(over)
    choice = Choice(
        sources=frozenset({"telavox"}), consented=frozenset({"telavox"}), agents={agent.name: agent.email for agent in floor.agents}
    )
    sent, parked = {}, {}
    for call in over:
        if not call.recorded:
            continue
        recording = Recording(source="telavox", id_call=call.id, recording_id=call.id, locator="x")
        parcel = parcel_of(settle(told[call.id]), recording, identifier_of("telavox", call.id), choice)
        if isinstance(parcel, Unsent):
            parked[call.id] = str(parcel.reason)
        else:
            sent[call.id] = parcel
    assert len(sent) > 20
    by_id = {call.id: call for call in over}
    assert all(by_id[each].internal if why == "internal" else by_id[each].number is None for each, why in parked.items())
    for parcel in sent.values():
        await sink.send(parcel, sound(b"sound"), 5)
    for id_call in sent:
        call, kept = by_id[id_call], simulator.library.calls[f"telavox:{id_call}"]
        metadata = kept.metadata
        heard = max((offer for offer in call.offers if offer.answered_at is not None), key=lambda offer: offer.answered_at or 0)
        assert kept.at == call.started_at
        assert metadata["direction"] == ("OUTGOING" if call.direction is Direction.OUTGOING else "INCOMING")
        assert metadata["agents"][0] == {"identifier": heard.agent.email, "name": heard.agent.name}
        answered = [visit for visit in call.visits if visit.answered_at is not None]
        assert metadata["type"]["name"] == (
            answered[-1].queue.name if answered else call.visits[-1].queue.name if call.visits else "Direct"
        )
        assert metadata["disposition"]["identifier"] == "answered"
    simulator.analyse()
    found: list[str] = []
    offset = 0
    while not found or offset:
        page, offset = await sink.analysed(start_ms=MORNING_MS, end_ms=MORNING_MS + 12 * HOUR_MS, offset=offset)
        found += [each.identifier for each in page]
    assert sorted(found) == sorted(parcel.identifier for parcel in sent.values())


def test_an_agent_is_the_same_in_whatever_order_a_calls_rings_are_known() -> None:
    """Documents of one call come in any order."""
    floor, over = play(hours=1)
    told = through_telavox(over)
    choice = Choice(
        sources=frozenset({"telavox"}), consented=frozenset({"telavox"}), agents={agent.name: agent.email for agent in floor.agents}
    )
    several = [call for call in told.values() if len(call.offers) > 1 and any(offer.answered for offer in call.offers)]
    assert several
    for call in several:
        recording = Recording(source="telavox", id_call=call.id_call, recording_id="1", locator="x")
        whole, turned = (
            parcel_of(settle(each), recording, "x", choice) for each in (call, replace(call, offers=tuple(reversed(call.offers))))
        )
        assert whole == turned
        assert isinstance(whole, Parcel | Unsent)
