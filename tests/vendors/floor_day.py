"""One day of one floor, and what Telavox tells of it: what every other vendor's telling of the same day is compared with.

A floor's records change in place, so whoever wants documents of the way writes them in `hear`; the calls that are returned are over.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from stats.domain.merge import merge_call
from stats.domain.metrics import CountingRules, contribution
from stats.domain.outcomes import settle
from stats.domain.records import Call, Party
from stats.providers.base import SourceConfig
from stats.providers.telavox.provider import TelavoxProvider
from stats.providers.telavox.simulator.documents import call_document, live, offer_document, visit_document
from stats.simulation import records
from stats.simulation.exchange import Listener, Subject
from stats.simulation.floor import HOUR_MS, Floor
from stats.simulation.plan import FloorPlan

MORNING_MS = 1_779_091_200_000  # Monday 2026-05-18, 08:00 UTC
PLAN = FloorPlan.of(seed=7, agents=12, queues=4)
LATER_MS = 12 * HOUR_MS  # when every document was received


def play(
    hear: Listener | None = None, *, plan: FloorPlan = PLAN, hours: float = 6, at_ms: int = MORNING_MS
) -> tuple[Floor, list[records.Call]]:
    """The floor after so many hours and the last caller, and every call there was, in the order of their ends."""
    over: list[records.Call] = []

    def listen(at: int, subject: Subject) -> None:
        if hear is not None:
            hear(at, subject)
        if isinstance(subject, records.Call) and subject.ended_at is not None:
            over.append(subject)

    floor = Floor(plan, at_ms=at_ms, listener=listen)
    floor.advance(at_ms + round(hours * HOUR_MS))
    floor.close_doors()
    while floor.calls:
        floor.advance(floor.now + HOUR_MS // 4)
    return floor, over


def through_telavox(calls: Iterable[records.Call]) -> dict[str, Call]:
    """The calls as Telavox tells them, by id."""
    provider = TelavoxProvider(SourceConfig(name="telavox", live_url="ws://127.0.0.1:9", historic_url="http://127.0.0.1:9", token="none"))
    told: dict[str, Call] = {}
    for call in calls:
        documents = [("calls", call_document(call))]
        documents += [("queues", visit_document(visit)) for visit in call.visits]
        documents += [("agents", offer_document(offer)) for offer in call.offers]
        for feed, document in documents:
            tellings, odd = provider.read(feed, msgspec.json.encode(live(feed, document)), received_at=MORNING_MS + LATER_MS)
            assert not odd
            for telling in tellings:
                assert isinstance(telling, Call)
                told[call.id] = merge_call(told.get(call.id), telling)
    return told


def name_of(party: Party) -> str | None:
    """By which two vendors' parties are one: ids are each vendor's own."""
    return party.name


def sums(calls: Iterable[Call], rules: CountingRules | None = None) -> dict[tuple[str, str], int]:
    """Everything the calls put into every sum, by (scope, metric); queues and agents by name."""
    total: Counter[tuple[str, str]] = Counter()
    for call in calls:
        for scope, _at, amounts in contribution(settle(call), rules or CountingRules(), name_of, name_of).cells:
            for metric, amount in amounts.items():
                total[scope, metric] += amount
    return {key: amount for key, amount in total.items() if amount}


def differences(one: Mapping[tuple[str, str], int], other: Mapping[tuple[str, str], int], lacks: Iterable[str] = ()) -> list[str]:
    """Sums that differ, but for the metrics that a vendor cannot tell."""
    left = frozenset(lacks)
    keys = sorted(key for key in one.keys() | other.keys() if key[1] not in left)
    return [
        f"{scope} {metric}: {one.get((scope, metric), 0)} and {other.get((scope, metric), 0)}"
        for scope, metric in keys
        if one.get((scope, metric), 0) != other.get((scope, metric), 0)
    ]
