"""A call's events and its row, in any order and any number of times: one settled record."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.domain.merge import FRAME, Told, merge_call
from stats.domain.outcomes import SettledCall, settle
from stats.domain.records import Call
from stats.providers.vocatech import journeys
from stats.providers.vocatech.hearing import Hearing
from stats.providers.vocatech.simulator import Switches
from stats.providers.vocatech.simulator.documents import Document, row
from stats.providers.vocatech.wire import read_row
from stats.simulation import records
from tests.vocatech.day import READ_AT, events_of_the_day, frame, groups_of, reader

HISTORIC = Told("historic", 120_000)


def interesting() -> list[tuple[list[Document], records.Call]]:
    """Calls of an hour with much to tell: several groups, several rings of one agent, passed on, or between colleagues."""
    events, calls = events_of_the_day(hours=1)
    by_call: dict[str, list[Document]] = {}
    for each in events:
        if each["event_type"] in ("call.started", "call.answered", "call.ended"):
            by_call.setdefault(each["data"]["call_id"], []).append(each)
    worth = sorted(calls, key=lambda call: (len(call.visits) + len(call.transfers), len(call.offers)), reverse=True)
    chosen = worth[:12] + [call for call in calls if call.internal][:2] + [call for call in calls if len(call.visits) == 1][:4]
    return [(by_call[call.id], call) for call in chosen if call.id in by_call]


CALLS = interesting()
GROUPS = groups_of(call for _, call in CALLS)


def told(steps: list[Document | None], call: records.Call, *, taught: bool = True) -> SettledCall:
    """What is known after these events; None: the row is read. `taught`: the source's options name the groups."""
    provider, held = reader(groups=GROUPS if taught else ()), None
    for number, step in enumerate(steps):
        if step is None:
            document = row(call, Switches(), "http://127.0.0.1:9/v1")
            hearing = Hearing("voca", "SE", READ_AT + number, provider._known)
            held = merge_call(held, *_calls(journeys.tell(read_row(msgspec.json.encode(document)), hearing)), HISTORIC)
        else:
            for one in _calls(provider.read("events", frame(step), received_at=READ_AT + number)[0]):
                held = merge_call(held, one, FRAME)
    assert held is not None
    return settle(held)


def _calls(tellings: Any) -> list[Call]:
    return [each for each in tellings if isinstance(each, Call)]


def test_there_is_much_to_tell() -> None:
    """Passed on, several groups, an agent who is rung twice, colleagues: else the law below proves little."""
    calls = [call for _, call in CALLS]
    assert any(len(call.visits) > 1 for call in calls)
    assert any(call.transfers for call in calls)
    assert any(call.internal for call in calls)
    assert any(len({offer.agent.id for offer in call.offers}) < len(call.offers) for call in calls)


@pytest.mark.parametrize("number", range(len(CALLS)))
@settings(max_examples=12)
@given(data=st.data())
def test_any_order_and_any_repetition_of_events_and_the_row_leave_one_record(number: int, data: st.DataObject) -> None:
    """VT-04 and VT-A11: what is told twice or late changes nothing in the end."""
    events, call = CALLS[number]
    steps: list[Document | None] = [*events, None]
    again = data.draw(st.lists(st.sampled_from(range(len(steps))), max_size=6))
    order = data.draw(st.permutations([*range(len(steps)), *again]))
    assert told([steps[each] for each in order], call) == told(steps, call)


@pytest.mark.parametrize("number", range(len(CALLS)))
@settings(max_examples=5)
@given(data=st.data())
def test_a_group_that_nobody_had_named_is_one_in_the_end(number: int, data: st.DataObject) -> None:
    """VT-A8: its legs were taken for an agent's until the row said better; only ends are as rounded as the row's."""
    events, call = CALLS[number]
    steps: list[Document | None] = [*events, None]
    untaught, taught = told(data.draw(st.permutations(steps)), call, taught=False), told(steps, call)
    assert [(v.visit.queue, v.outcome, v.entered_at, v.answered_at) for v in untaught.visits] == [
        (v.visit.queue, v.outcome, v.entered_at, v.answered_at) for v in taught.visits
    ]
    assert (untaught.call.offers, untaught.offers) == (taught.call.offers, taught.offers)
