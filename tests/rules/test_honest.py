"""Rules that keep screens honest, each alone: health, verification, and what one message may build upon."""

from stats.domain.agent_states import succeed
from stats.domain.board import values
from stats.domain.facts import Facts, PartyFacts, SourceFacts
from stats.domain.records import AgentPresence, Party, QueueLogin
from stats.ingest.health import SourceHealth
from stats.providers.telavox.provider import TelavoxProvider
from wallboard.push.ledger import Ledger

NINE = 1_779_084_000_000
WANTS = {"site": frozenset({"a", "b"})}


def test_an_open_socket_without_a_sign_of_life_is_not_live() -> None:
    """Its day has been read, nothing is missing, and still nobody knows whether anything happens there."""
    health = SourceHealth("telavox", "telavox", TelavoxProvider.feeds, NINE)
    for feed in TelavoxProvider.feeds:
        health.opened(feed, NINE)
    health.gap, health.facts.known = False, True
    assert health.state(NINE + 9_000) == "live"
    for feed in TelavoxProvider.feeds:
        health.alive(feed, NINE + 9_000 if feed != "queues" else NINE)
    assert health.state(NINE + 12_000) == "stale"


def test_a_door_that_opens_and_shuts_is_not_open() -> None:
    """Three short lives in a row are stale, though the socket is open at the moment; a life of five seconds makes it whole."""
    health = SourceHealth("telavox", "telavox", TelavoxProvider.feeds, NINE)
    for feed in TelavoxProvider.feeds:
        health.opened(feed, NINE)
    health.gap, health.facts.known = False, True
    at = NINE
    for _ in range(3):
        health.lost("queues", "away", at + 200)
        health.opened("queues", at + 400)
        at += 400
    for feed in TelavoxProvider.feeds:
        health.alive(feed, at + 100)
    assert health.state(at + 100) == "stale"
    for feed in TelavoxProvider.feeds:
        health.alive(feed, at + 5_000)
    assert health.state(at + 5_000) == "live"


def test_a_state_told_before_a_gap_is_shown_and_called_unverified() -> None:
    """It may have changed unseen; the next document of the agent settles it."""
    agent = Party(id=9, account_id=None, name="Elsa")
    login = QueueLogin(queue=Party(id=2, account_id=None, name="Support"), since=NINE)
    facts = Facts(timezone="UTC")
    facts.agents["9"] = PartyFacts(key="9", party=agent, source="telavox")
    facts.sources["telavox"] = SourceFacts(
        name="telavox", provider="telavox", known=True, presence_lost_at=NINE + 60_000, presence_open_at=NINE + 90_000
    )
    seen = []
    for told_at in (NINE, NINE + 95_000):
        document = AgentPresence(source="telavox", agent=agent, status="available", logged_in=(login,), told_at=told_at)
        facts.presence["9"], _ = succeed(facts.presence.get("9"), document, "UTC")
        shown = values(facts, NINE + 100_000)["agent:9"]
        seen.append((shown["state"], shown["verified"], shown["unverified_since"]))
    assert seen == [("ready", False, NINE + 60_000), ("ready", True, None)]


def test_nothing_is_patched_across_an_epoch() -> None:
    """Even when the values are the same: who holds the old ones must be told everything."""
    ledger = Ledger()
    ledger.settle({"site": {"a": 1, "b": 2}}, epoch="e", rev=10)
    before = ledger.version
    assert ledger.settle({"site": {"a": 1, "b": 2}}, epoch="f", rev=10)
    assert ledger.version > before
    assert ledger.since(before, WANTS) == {"site": {"a": 1, "b": 2}}


def test_a_value_that_went_is_told_as_null() -> None:
    """Who was not told would show it for ever."""
    ledger = Ledger()
    ledger.settle({"site": {"a": 1, "b": 2}}, epoch="e", rev=1)
    version = ledger.version
    ledger.settle({"site": {"a": 1}}, epoch="e", rev=2)
    assert ledger.since(version, WANTS) == {"site": {"b": None}}
