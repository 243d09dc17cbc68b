"""What a telephone system cannot tell is null in every window, of the queue, of its agents and of a site that has no other."""

from dataclasses import replace

from stats.domain.agent_board import Agents, agent_values
from stats.domain.agent_states import succeed
from stats.domain.board import values
from stats.domain.facts import Facts, PartyFacts, SocketFacts, SourceFacts, Stretch
from stats.domain.lacking import LACKS, WITHOUT, is_lacking, unheard_until, without_of
from stats.domain.periods import MINUTE_MS, day_bounds
from stats.domain.records import ActiveCall, AgentPresence, Party
from wallboard.push.organisation import LiveOrganisation
from wallboard.push.sights import Sight, Sighted

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


UNHEARD = {"queue_past": ("offered", "asa"), "site_past": ("offered", "lost_callers"), "agent_past": ("missed", "ring_time")}
TODAY = day_bounds("2026-05-18", "UTC")[0]


def missed(*stretches: Stretch, **more: object) -> SourceFacts:
    return source("v", lacks={**LACKING, **UNHEARD}, unheard=stretches, **more)


def test_what_only_who_listens_is_told_is_null_in_every_window_with_an_unheard_call() -> None:
    """A call went unheard 40 minutes ago: the last half hour was heard whole, the hour and the day were not."""
    last, begun = NOW - 40 * MINUTE_MS, NOW - 35 * MINUTE_MS
    shown = values(facts(missed(Stretch(start=0, end=begun, last=last, number=begun))), NOW)
    queue, site, agent = shown["queue:s:v:800"], shown["site"], shown["agent:s:v:101"]
    assert [queue[name] for name in ("offered", "60m.offered", "30m.offered", "15m.offered")] == [None, None, 0, 0]
    assert queue["answered"] == 0, "of what the past tells nothing is lacking"
    assert (site["offered"], site["60m.offered"], site["30m.offered"], site["lost_callers"]) == (None, None, 0, None)
    assert (agent["missed"], agent["ring_time"], agent["offers"]) == (None, None, 0)
    assert shown["source:v"]["heard_from"] == begun
    assert unheard_until(shown, "queue:s:v:800", "60m.offered") == begun
    assert unheard_until(shown, "queue:s:v:800", "30m.offered") is None
    assert unheard_until(shown, "agent:s:v:101", "missed") == begun
    assert is_lacking(shown, "site", "offered")
    assert not is_lacking(shown, "site", "30m.offered")


def test_a_time_without_a_call_costs_no_number() -> None:
    """Whoever begins to listen before anybody calls has heard everything; so has who listens since yesterday."""
    for stretch in (Stretch(start=0, end=NOW - 1_000, number=1), Stretch(start=0, end=TODAY - 1, last=TODAY - 2, number=1)):
        shown = values(facts(missed(stretch)), NOW)
        assert [shown[scope][name] for scope, name in (("queue:s:v:800", "offered"), ("site", "offered"), ("agent:s:v:101", "missed"))] == [
            0
        ] * 3
        assert unheard_until(shown, "queue:s:v:800", "offered") is None
    assert shown["source:v"]["heard_from"] == TODAY - 1


def test_a_site_adds_up_what_other_systems_tell() -> None:
    """The sum is null where no source knows its part; the day of another one counts."""
    stretch = Stretch(start=0, end=NOW - 1_000, last=NOW - 2_000, number=1)
    shown = values(facts(missed(stretch), source("w", lacks={"site": ("lost_callers",)})), NOW)
    assert (shown["queue:s:v:800"]["offered"], shown["site"]["offered"]) == (None, 0)
    assert shown["site"]["lost_callers"] is None, "the one cannot tell it at all, the other not today"
    without = shown["site"][WITHOUT]
    assert isinstance(without, dict)
    assert (without["offered"], "lost_callers" in without) == ({"v": NOW - 1_000}, False), "a number that nobody can tell is no sum"
    assert (without["waiting"], without["att"], without["15m.att"]) == ({"v": None}, {"v": None}, {"v": None})
    assert set(without) <= set(shown["site"]), "of what is shown alone"
    assert without_of(shown, ("offered", "lost_callers")) == {"v": NOW - 1_000}
    assert without_of(shown, ("offered", "waiting")) == without_of(shown, ("waiting", "offered")) == {"v": None}, "never outlasts not yet"
    assert without_of(shown, ("calls_in",)) == {}


def test_a_site_of_one_system_or_of_systems_that_tell_the_same_is_without_none() -> None:
    stretch = Stretch(start=0, end=NOW - 1_000, last=NOW - 2_000, number=1)
    beside = (source("w", known=False, state="auth_error"),)
    for held in ((missed(stretch),), (missed(stretch), *beside), (source("v", lacks=LACKING), source("w", lacks=LACKING))):
        assert WITHOUT not in values(facts(*held), NOW)["site"]


def test_an_agent_is_shown_anew_when_a_call_turns_out_to_have_gone_unheard() -> None:
    held, memory = facts(missed(Stretch(start=0, end=NOW - 1_000, number=1), derived=True)), Agents()
    assert memory.values(held, NOW)["agent:s:v:101"]["missed"] == 0
    late = Stretch(start=0, end=NOW - 1_000, last=NOW - 5_000, number=1)
    after = replace(held, sources={"v": missed(late, derived=True)})
    shown = memory.values(after, NOW + 1_000)["agent:s:v:101"]
    assert shown == agent_values(after, after.agents["s:v:101"], NOW + 1_000)
    assert shown["missed"] is None
    tomorrow = day_bounds("2026-05-19", "UTC")[0] + 60_000
    assert memory.values(after, tomorrow)["agent:s:v:101"]["missed"] == 0, "and from midnight on all is heard"


def test_whoever_sees_the_queues_of_one_system_sees_what_that_one_lacks() -> None:
    """Another one beside it tells nothing of them."""
    stretch = Stretch(start=0, end=NOW - 1_000, last=NOW - 2_000, number=1)
    held = facts(missed(stretch), source("w"))
    organisation = LiveOrganisation("north", None, None)  # type: ignore[arg-type]
    sighted = Sighted(organisation, Sight(queues=frozenset({"s:v:800"})))
    site = sighted.seen_of(values(held, NOW), held, NOW)["site"]
    assert (site["offered"], site["answered"]) == (None, 0)


def test_the_site_is_unknown_while_a_part_of_it_is_being_read() -> None:
    """A sum that grows with every page is no number of today; one that cannot be reached has told nothing, and hides nothing."""
    for state, known in (("seeding", False), ("auth_error", True), ("connecting", True), ("paused", True)):
        shown = values(facts(source("v"), source("w", known=False, state=state)), NOW)
        assert shown["site"]["known"] is known, state
        assert (shown["site"]["offered"], shown["site"]["lost_callers"]) == ((0, 0) if known else (None, None))
        assert shown["queue:s:v:800"]["offered"] == 0, "of the other one everything is known"
