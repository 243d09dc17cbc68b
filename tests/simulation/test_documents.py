"""The look-alike's documents have the vendor's names, units and places, and the worked example is told to the millisecond."""

import json
from collections import defaultdict
from itertools import pairwise

import pytest
from graphql import GraphQLObjectType, build_schema, get_named_type

from stats.providers.telavox.simulator import Switches, TelavoxSimulator
from stats.providers.telavox.simulator.schema import SOURCE
from stats.simulation import Floor, FloorPlan
from tests.simulation.fields import HISTORIC, LIVE
from tests.simulation.shapes import paths

MORNING = 1_779_080_400_000  # 2026-05-18T05:00:00Z
HOURS = 9

# In the samples but in no reference; and what no floor of ours ever has to tell.
SAMPLE_ONLY = {"agent_first.account_type_id", "agent_last.account_type_id", "agent.account_type_id"}
NEVER_TOLD = {
    "calls": {"redirected.no_reason", "redirected.not_reachable"},
    "queues": set(),
    "agents": set(),
    "profile_live": {
        "active",
        "profile.not_active.default_duration",
        "profile.not_active.status_message",
    },
    "profile_history": set(),
}


@pytest.fixture(scope="module")
def told():
    """Every frame of a simulated day, by datasource, as a client would have decoded it."""
    frames = defaultdict(list)
    simulator = TelavoxSimulator(start=False)
    simulator.sockets.push = lambda datasource, frame: frames[datasource].append(json.loads(frame)) or 1
    simulator._teller._push = simulator.sockets.push
    floor = Floor(FloorPlan.of(seed=3, agents=20), at_ms=MORNING, listener=simulator._teller.hear)
    floor.advance(MORNING + HOURS * 3_600_000)
    return frames


@pytest.mark.parametrize("datasource", LIVE)
def test_frames_have_the_fields_of_the_reference_and_no_others(told, datasource):
    seen = {path for document in told[datasource] for path in paths(document)}
    empty = {path for path in seen if any(other.startswith(f"{path}.") for other in LIVE[datasource])}  # lists with nothing in them
    assert seen - empty - SAMPLE_ONLY <= LIVE[datasource]
    assert LIVE[datasource] - seen == NEVER_TOLD[datasource]


def test_the_schema_has_the_fields_and_types_of_the_reference_and_no_others():
    source = SOURCE.read_text("utf-8")
    schema = build_schema(source.split("\n", 1)[1])

    def leaves(kind, prefix=""):
        for name, field in kind.fields.items():
            inner = get_named_type(field.type)
            if isinstance(inner, GraphQLObjectType):
                yield from leaves(inner, f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}:{field.type}"

    for datasource, record in (
        ("calls", "CallOverviewRecord"),
        ("queues", "QueueOverviewRecord"),
        ("agents", "AgentOverviewRecord"),
        ("profile_history", "ProfileHistoryOverviewRecord"),
    ):
        assert set(leaves(schema.type_map[record])) == HISTORIC[datasource]


def test_documents_are_cumulative_and_active_falls_once(told):
    for datasource in ("calls", "queues", "agents"):
        by_key = defaultdict(list)
        for document in told[datasource]:
            who = {"calls": None, "queues": document.get("queue", {}).get("id"), "agents": document.get("agent", {}).get("id")}[datasource]
            by_key[(document["id_call"], who, document["time"]["start"])].append(document)
        for documents in by_key.values():
            assert [document["active"] for document in documents] == sorted((d["active"] for d in documents), reverse=True)
            assert [document["answered"] for document in documents] == sorted(d["answered"] for d in documents)
            for before, after in pairwise(documents):
                assert set(paths(before)) <= set(paths(after)) | {"queue_list", "agent_list_no_answer", "agent_list_answer"}


def test_durations_are_the_differences_of_the_instants(told):
    ended = [document for document in told["agents"] if not document["active"] and document["answered"]]
    assert ended
    for document in ended:
        time, duration = document["time"], document["duration"]
        assert duration["ring"] == time["answered"] - time["start"]
        assert duration["ring"] + duration["talk"] + duration["hold"] == duration["total"] == time["end"] - time["start"]


def test_hours_are_batches_of_all_agents_with_time_start_as_text(told):
    assert len(told["profile_history"]) == HOURS * 20
    assert all(
        isinstance(document["profile_available"]["time_start"], str)
        for document in told["profile_history"]
        if "profile_available" in document
    )


async def test_the_worked_example_gives_one_two_and_three_records():
    async with TelavoxSimulator(start=False) as simulator:
        call_id = await simulator.play("doc-example")
        (call,) = simulator.rows("calls")
        first, second = simulator.rows("queues")
        one, two, three = simulator.rows("agents")
    start = call["time"]["start"]
    assert {row["id_call"] for row in (call, first, second, one, two, three)} == {call_id}
    assert [row["answered"] for row in (call, first, second, one, two, three)] == [1, 0, 1, 0, 0, 1]
    assert not any(row["active"] for row in (call, first, second, one, two, three))
    assert call["duration"] == {
        "before_queue": 8000,
        "queue": {"first": 32000, "last": 10000, "total": 42000},
        "wait": 42000,
        "ring": {"first": 15000, "last": 8000, "total": 38000},
        "talk": {"first": 120000, "last": 120000, "total": 120000},
        "on_hold": 0,
        "total": 170000,
    }
    assert (call["offered_and_answered"], call["offered_and_not_answered"]) == (1, 2)
    assert call["ivr_first"]["timestamp"] == start
    assert (first["time"]["start"] - start, first["time"]["end"] - start) == (8000, 40000)
    assert (second["queue"]["timestart"] - start, second["agent_first"]["answered"] - start) == (40000, 50000)
    assert [(row["time"]["start"] - start, row["time"]["end"] - start) for row in (one, two, three)] == [
        (10000, 25000),
        (25000, 40000),
        (42000, 170000),
    ]
    assert [row["agent_end_reason"] for row in (one, two)] == ["NO_ANSWER", "NO_ANSWER"]
    assert three["time"]["answered"] - start == 50000


async def test_a_queue_document_may_close_at_the_answer_and_is_then_not_told_again():
    frames = []
    async with TelavoxSimulator(start=False, switches=Switches(queue_closes_at="answer")) as simulator:
        simulator._teller._push = lambda datasource, frame: frames.append((datasource, json.loads(frame))) or 1
        await simulator.play("doc-example")
        answered = simulator.rows("queues")[1]
    last = [document for datasource, document in frames if datasource == "queues"][-1]
    assert (last["active"], last["answered"]) == (0, 1)
    assert last["time"]["end"] == last["agent_first"]["answered"]
    assert answered["duration"]["wait"] == 10000
    assert "talk" not in answered["duration"]
