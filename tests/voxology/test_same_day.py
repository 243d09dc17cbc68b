"""Must hold 2: a floor's day told by Voxology gives the calls and the numbers that the same day gives when Telavox tells it."""

import unicodedata
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from stats.domain.merge import Told
from stats.domain.metrics import CountingRules
from stats.domain.outcomes import settle
from stats.domain.records import Call
from stats.providers.voxology.company import COMPANY
from stats.providers.voxology.simulator import VoxologySimulator
from stats.providers.voxology.simulator.documents import Line, address, agent_id, live_row, log_row, request
from stats.providers.voxology.simulator.lines import Lines
from stats.simulation import records
from stats.simulation.exchange import Subject
from tests.vendors.floor_day import LATER_MS, MORNING_MS, differences, play, sums, through_telavox
from tests.voxology.ear import Ear, provider_of

ROUNDING_MS = 1_000  # connect_time_sec is whole seconds
# Sums of what the vendor cannot tell, under the names of the company's `lacks`: how hold and talk lie in one connection, and transfers.
LACKED = ("talk_sum", "hold_sum", "transferred")


class Day:
    """The day at the vendor: its lines, and what its flows sent, each with when."""

    def __init__(self) -> None:
        self.lines = Lines()
        self.sent: list[tuple[int, str, dict[str, Any]]] = []
        self.floor, self.calls = play(self._hear)

    def _hear(self, at: int, subject: Subject) -> None:
        before, known = len(self.lines.ended), len(self.lines.by_id)
        events = self.lines.hear(at, subject)
        for line in list(self.lines.by_id.values())[known:]:
            # Somebody dials, or is dialled: LiveCalls has it from now on.
            self.sent.append((at, "calls", _listed(line, at)))
        if isinstance(subject, records.Offer) and subject.call.direction is records.Direction.OUTGOING:
            self.sent.append((at, "calls", _listed(self.lines.line_of(subject.call), at)))
        for line, name, data in events:
            body = {**request(line, "live_call", at, True), "is_webhook": True, "event_name": name, "webhook_data": data}
            self.sent.append((at, "events", body))
        for line in self.lines.ended[before:]:
            # It has vanished from LiveCalls, and the feed of calls finds its log.
            self.sent.append((at + 2_000, "logs", {"line": line}))

    @property
    def ids(self) -> dict[str, str]:
        """The floor's id of a call -> the vendor's."""
        return {call.id: self.lines.line_of(call).id for call in self.calls}


def _listed(line: Line, at: int) -> dict[str, Any]:
    return {"at": at, "calls": [live_row(line, at, True)], "whole": False, "gone": []}


def _round(line: Line, at: int) -> bytes:
    return msgspec.json.encode(
        {"at": at, "calls": [], "whole": False, "gone": [{"id": line.id, "at": at, "looks": 0, "log": log_row(line, True)}]}
    )


@pytest.fixture(scope="module")
def day() -> Day:
    """Six hours, played once."""
    return Day()


@pytest.fixture(scope="module")
def telavox(day: Day) -> dict[str, Call]:
    """The same, as Telavox tells it, by the vendor's ids."""
    ids = day.ids
    return {ids[key]: call for key, call in through_telavox(day.calls).items()}


@pytest.fixture(scope="module")
def live(day: Day) -> dict[str, Call]:
    """The same, as it was heard while it happened."""
    ear = Ear(provider_of())
    for at, feed, body in sorted(day.sent, key=lambda sent: sent[0]):
        if feed == "events":
            ear.post(body, at)
        else:
            ear.read("calls", msgspec.json.encode(body) if feed == "calls" else _round(body["line"], at), at)
    assert ear.odd == []
    return ear.calls


def _plain(name: str | None) -> str:
    """A name as the vendor's queues may be called."""
    return unicodedata.normalize("NFKD", name or "").encode("ascii", "ignore").decode()


def _named(keys: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    return {(_plain(scope), metric): amount for (scope, metric), amount in keys.items()}


def _visits(call: Call) -> list[object]:
    shown = settle(call).visits
    return [(_plain(v.visit.queue.name), v.entered_at, v.answered_at, v.wait, str(v.outcome)) for v in shown]


def _offers(call: Call) -> list[object]:
    """Rings; of a call out, which is one call at this vendor, the ring ends with the call and not a millisecond before."""
    shown = settle(call)
    told = zip(call.offers, shown.offers, strict=True)
    rings = ((_plain(o.agent.name), o.began_at or 0, o.answered_at or 0, o.ended_at or 0, str(outcome)) for o, outcome in told)
    return sorted((*ring[:3], shown.ended_at or 0, ring[4]) if shown.outgoing else ring for ring in rings)


def test_every_call_of_the_day_is_the_same_call_when_heard_live(telavox: dict[str, Call], live: dict[str, Call]) -> None:
    """Direction, answered, number, ends; queues with entries, answers, waits and outcomes; rings with their ends and outcomes."""
    assert live.keys() == telavox.keys()
    assert len(live) > 400
    wrong = []
    for id_call, theirs in telavox.items():
        ours = live[id_call]
        one, other = settle(theirs), settle(ours)
        # A colleague calls from a SIP address, and not from the number that another system shows for it.
        numbers = [s.number if not s.internal else None for s in (one, other)]
        facts = [(s.internal, s.incoming, s.outgoing, s.answered, s.started_at, s.ended_at, s.ivr_seen) for s in (one, other)]
        if facts[0] != facts[1] or numbers[0] != numbers[1] or _visits(theirs) != _visits(ours) or _offers(theirs) != _offers(ours):
            wrong.append((id_call, facts, _visits(theirs), _visits(ours), _offers(theirs), _offers(ours)))
    assert wrong == []


def test_every_number_of_the_day_is_the_same_number_when_heard_live(telavox: dict[str, Call], live: dict[str, Call]) -> None:
    """Sums of queues, agents and the site; and what lies in one connection here is talk and hold together there."""
    one, other = _named(sums(telavox.values())), _named(sums(live.values()))
    assert differences(one, other, LACKED) == []
    assert {"avg_hold", "att", "transfer_rate"} <= set(COMPANY.lacks["queue"])
    assert {"talk_time", "hold_time"} <= set(COMPANY.lacks["agent"])
    scopes = {scope for scope, metric in one if metric == "talk_sum"}
    assert scopes
    for scope in scopes:
        assert other[scope, "talk_sum"] == one[scope, "talk_sum"] + one.get((scope, "hold_sum"), 0)


def _numbers(day: Day) -> list[str]:
    return [f"{address(agent)} = {agent_id(agent)}" for agent in day.floor.agents]


async def _read_logs(day: Day, ear: Ear, **settings: Any) -> None:
    """Every page of the day's logs, from the vendor's own address, taken as the road takes the past."""
    at = MORNING_MS + LATER_MS
    async with VoxologySimulator(start=False, now=lambda: at) as vendor:
        vendor.lines = day.lines
        provider = provider_of(vendor.api_url, **settings)
        after: str | None = None
        for _ in range(100):
            page = await provider.page("logs", start_ms=MORNING_MS, end_ms=at, first=5, after=after, received_at=at)
            assert not page.unreadable
            ear.take(page.tellings, Told("historic", 0))
            after = page.cursor
            if not page.more:
                break
        await provider.close()


async def test_the_logs_alone_tell_every_call_and_ring_and_no_queue(day: Day, telavox: dict[str, Call]) -> None:
    """History: no log has a field for a queue, so that visits are our own log; calls, rings and their ends are as they were."""
    names = {agent_id(agent): agent.name for agent in day.floor.agents}
    ear = Ear(provider_of())
    await _read_logs(day, ear, agent_numbers=_numbers(day), agents=names)
    told = ear.calls
    assert told.keys() == telavox.keys()
    of_floor = {day.ids[call.id]: call for call in day.calls}
    for id_call, theirs in telavox.items():
        ours, one, other = told[id_call], settle(theirs), settle(told[id_call])
        assert (one.internal, one.incoming, one.outgoing) == (other.internal, other.incoming, other.outgoing)
        assert one.number == other.number or one.internal
        assert (one.started_at, one.ended_at, one.answered) == (other.started_at, other.ended_at, other.answered)
        assert ours.visits == ()
        if of_floor[id_call].direction is records.Direction.OUTGOING:
            continue  # on whose behalf a call went out stands in its session data, which no log has
        _assert_near(_offers(theirs), _offers(ours))


def _assert_near(one: Iterable[Any], other: Iterable[Any]) -> None:
    """The same rings; an answer is as exact as whole seconds of connection are."""
    for ours, theirs in zip(one, other, strict=True):
        assert (*ours[:2], ours[3]) == (*theirs[:2], theirs[3])
        assert bool(ours[2]) == bool(theirs[2])
        assert abs(ours[2] - theirs[2]) <= ROUNDING_MS


async def test_the_logs_of_a_day_that_was_heard_live_change_no_number(day: Day, live: dict[str, Call]) -> None:
    """The road reads the past again and again: rounded answers never replace those that were heard."""
    ear = Ear(provider_of())
    ear.calls = dict(live)
    await _read_logs(day, ear, agent_numbers=_numbers(day))
    assert differences(sums(live.values(), CountingRules()), sums(ear.calls.values(), CountingRules())) == []
