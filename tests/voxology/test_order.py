"""Whatever order a call's words come in, and however often, what is known in the end is the same."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from stats.providers.voxology.simulator.documents import Line, live_row, log_row, request
from stats.providers.voxology.simulator.lines import Lines
from stats.simulation import records
from stats.simulation.exchange import Subject
from tests.vendors.floor_day import MORNING_MS, play
from tests.voxology.ear import Ear, provider_of

APART_MS = 2_000  # between two words: closer ones settle which of two lengths is the larger
AFTER_MS = 3_600_000
Word = tuple[str, dict[str, Any]]


class Words:
    """Everything the vendor says of every call of an hour, by call."""

    def __init__(self) -> None:
        self.lines, self.of = Lines(), {}  # type: ignore[var-annotated]
        _, self.calls = play(self._hear, hours=1.5)

    def _hear(self, at: int, subject: Subject) -> None:
        before, known = len(self.lines.ended), len(self.lines.by_id)
        events = self.lines.hear(at, subject)
        for line in list(self.lines.by_id.values())[known:]:
            self._add(line, "calls", {"calls": [live_row(line, at, True)], "gone": []})
        if isinstance(subject, records.Offer) and subject.call.direction is records.Direction.OUTGOING:
            line = self.lines.line_of(subject.call)
            self._add(line, "calls", {"calls": [live_row(line, at, True)], "gone": []})
        for line, name, data in events:
            self._add(
                line, "events", {**request(line, "live_call", at, True), "is_webhook": True, "event_name": name, "webhook_data": data}
            )
        for line in self.lines.ended[before:]:
            self._add(line, "events", request(line, "end_call", at, True))
            self._add(line, "calls", {"calls": [], "gone": [{"id": line.id, "looks": 0, "log": log_row(line, True)}]})

    def _add(self, line: Line, feed: str, body: dict[str, Any]) -> None:
        self.of.setdefault(id(line.call), []).append((feed, body))

    def chosen(self) -> dict[str, list[Word]]:
        """One call of each kind, the richest of its kind."""
        kinds: dict[str, list[Word]] = {}
        for call in self.calls:
            rung = "ring-all" if len({o.began_at for o in call.offers}) < len(call.offers) else "one" if call.offers else "none"
            kind = f"{call.direction.value} {call.end_reason} {len(call.visits)} {rung} {bool(call.transfers)}"
            words = self.of[id(call)]
            if len(words) > len(kinds.get(kind, ())) and len(words) < 40:
                kinds[kind] = words
        return kinds


WORDS = Words().chosen()


def heard(words: list[Word]) -> dict[str, object]:
    """What is known after these words in this order."""
    ear, at = Ear(provider_of()), MORNING_MS + AFTER_MS
    for feed, body in words:
        at += APART_MS
        if feed == "events":
            ear.post(body, at)
        else:
            gone = [{**each, "at": at} for each in body["gone"]]
            ear.read("calls", msgspec.json.encode({"at": at, "whole": False, "calls": body["calls"], "gone": gone}), at)
    assert ear.odd == []
    return ear.meaning()


@pytest.mark.parametrize("kind", sorted(WORDS))
@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=8, phases=(Phase.generate,))
def test_a_call_is_the_same_whatever_the_order_and_number_of_its_words(kind: str, chance: random.Random) -> None:
    """Live rows, requests of flows, copies of the callbacks, logs: shuffled, and some of them twice."""
    words = WORDS[kind]
    order = [*range(len(words)), *chance.choices(range(len(words)), k=chance.randrange(4))]
    chance.shuffle(order)
    assert heard([words[place] for place in order]) == heard(words), order
