"""What a telephone system cannot tell is null in every window, of the queue, of its agents and of a site that has no other."""

from dataclasses import replace

from stats.domain.agent_board import Agents, agent_values
from stats.domain.agent_states import succeed
from stats.domain.board import values
from stats.domain.facts import Facts, PartyFacts, SocketFacts, SourceFacts
from stats.domain.lacking import LACKS, is_lacking
from stats.domain.records import ActiveCall, AgentPresence, Party

NOW = 1_779_100_000_000
QUEUE, AGENT = Party(ref="v:800", name="Support"), Party(ref="v:101", name="Anna")
LACKING = {"queue": ("waiting", "longest_wait", "att"), "site": ("waiting", "att"), "agent": ("time_ready", "occupancy")}


def source(name: str, **more: object) -> SourceFacts:
    facts = SourceFacts(name=name, provider="vocatech", state="live", known=True, written_at=NOW)
    facts.sockets["events"] = SocketFacts(state="open", alive_at=NOW, calls=True, presence=True)
    return replace(facts, **more)  # type: ignore[arg-type]


def facts(*sources: SourceFacts) -> Facts:
    presence = AgentPresence(
        source="v", agent=AGENT, active_call=ActiveCall(id_call="1", answered=True), told_at=NOW - 60_000, derived=True
    )
    known, _ = succeed(None, presence, "UTC")
    return Facts(
        timezone="UTC",
        queues={"s:v:800": PartyFacts(key="s:v:800", party=QUEUE, source="v")},
        agents={"s:v:101": PartyFacts(key="s:v:101", party=AGENT, source="v")},
        presence={"s:v:101": known},
        sources={each.name: each for each in sources},
    )


def test_it_is_null_in_every_window_and_said_to_be_so() -> None:
    shown = values(facts(source("v", lacks=LACKING, derived=True)), NOW)
    queue = shown["queue:s:v:800"]
    assert [queue[name] for name in ("waiting", "longest_wait_since", "att", "15m.att", "60m.att")] == [None] * 5
    assert queue["offered"] == 0, "what can be told is a number"
    assert (is_lacking(shown, "queue:s:v:800", "15m.att"), is_lacking(shown, "queue:s:v:800", "offered")) == (True, False)
    assert shown["site"]["waiting"] is None
    assert shown["source:v"][LACKS] == {scope: list(names) for scope, names in LACKING.items()}


def test_a_site_of_two_systems_lacks_what_neither_can_tell() -> None:
    shown = values(facts(source("v", lacks=LACKING), source("w", lacks={"site": ("att",)})), NOW)
    assert (shown["site"]["waiting"], shown["site"]["att"]) == (0, None)


def test_time_of_a_derived_agent_grows_where_it_is_known_and_nowhere_else() -> None:
    held, memory = facts(source("v", lacks=LACKING, derived=True)), Agents()
    for passed in (0, 1_000, 5_000):
        shown = memory.values(held, NOW + passed)["agent:s:v:101"]
        assert shown == agent_values(held, held.agents["s:v:101"], NOW + passed)
        assert shown["time_talking"] == 60.0 + passed / 1000
        assert (shown["occupancy"], shown["time_ready"], shown["derived"], shown["verified"]) == (None, None, True, True)
    changed = replace(held, sources={"v": source("v", derived=True)})
    assert memory.values(changed, NOW + 6_000)["agent:s:v:101"]["occupancy"] == 1.0, "another list is seen at once"
