"""Each switch changes the wording it names, and only that."""

import json
import random

import pytest

from stats.providers.telavox.simulator import Switches, TelavoxSimulator
from stats.providers.telavox.simulator.wording import worded

DOCUMENT = {
    "agent_list": ["Åsa Ek", "Per Dahl"],
    "agent": {"id": 1, "account_id": 2},
    "agent_end_reason": "NO_ANSWER",
    "queue_login": {"logged_in": [{"id": 3, "account_id": 4}]},
}


def say(**switches: object) -> dict[str, object]:
    return worded(DOCUMENT, Switches(**switches), random.Random(1))


def test_without_switches_a_document_is_told_as_it_is():
    assert say() == DOCUMENT


def test_lists_may_come_as_text():
    assert say(list_fields="string") == {**DOCUMENT, "agent_list": "Åsa Ek,Per Dahl"}
    assert json.loads(say(list_fields="json")["agent_list"]) == DOCUMENT["agent_list"]


def test_a_list_of_one_object_may_come_as_the_object():
    assert say(single_as_object=True) == {**DOCUMENT, "queue_login": {"logged_in": {"id": 3, "account_id": 4}}}


def test_account_ids_may_be_missing_everywhere():
    assert say(missing_account_ids=1.0) == {**DOCUMENT, "agent": {"id": 1}, "queue_login": {"logged_in": [{"id": 3}]}}


def test_values_of_open_enumerations_may_be_new():
    assert say(unknown_enums=1.0) == {**DOCUMENT, "agent_end_reason": "SOMETHING_NEW"}


def test_unknown_fields_may_appear():
    assert set(say(extra_fields=True)) > set(DOCUMENT)


@pytest.mark.parametrize(
    ("name", "value"), [("lag_s", "soon"), ("list_fields", "scroll"), ("pongs", "maybe"), ("max_first", "1.5"), ("no_such", "1")]
)
def test_a_wrong_switch_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        Switches().set(name, value)


def frames_of(**switches: object) -> tuple[list[tuple[str, dict[str, object]]], TelavoxSimulator]:
    """What the worked example sends at once, without waiting for what is held back."""
    frames: list[tuple[str, dict[str, object]]] = []
    simulator = TelavoxSimulator(start=False, switches=Switches(**switches))
    simulator._teller._push = lambda datasource, frame: frames.append((datasource, json.loads(frame))) or 1
    return frames, simulator


async def test_offers_may_be_told_only_when_they_are_over():
    frames, simulator = frames_of(agent_frames="end_only")
    await simulator.play("doc-example")
    assert [document["active"] for datasource, document in frames if datasource == "agents"] == [0, 0, 0]


async def test_every_frame_may_come_twice_and_an_old_one_after_the_end():
    frames, simulator = frames_of(duplicates=1.0, late_frames=1.0)
    await simulator.play("doc-example")
    at_once = len(frames)
    # One more for every frame, and for each of the six ended documents an older one: all still to come.
    assert len(simulator._teller._later) == at_once + 6
    simulator._teller.stop()


async def test_frames_may_be_held_back():
    frames, simulator = frames_of(out_of_order=1.0)
    await simulator.play("doc-example")
    assert frames == []
    assert simulator._teller._later
    simulator._teller.stop()


@pytest.mark.parametrize(("form", "expected"), [("absent", "nothing"), ("null", None), ("object", {})])
async def test_no_active_call_has_three_forms(form, expected):
    frames, simulator = frames_of(active_call_absent_as=form)
    await simulator.play("doc-example")
    last = [document for datasource, document in frames if datasource == "profile_live"][-1]
    assert last.get("active_call", "nothing") == expected
