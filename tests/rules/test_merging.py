"""Rules of merging and counting, each alone: no store and no clock."""

from dataclasses import replace

from stats.domain.merge import FRAME, merge_call, merge_document, presence_replaces
from stats.domain.metrics import CountingRules, contribution
from stats.domain.outcomes import settle
from stats.domain.records import AgentPresence, Call, Journey, Party, Visit
from stats.ingest.tenants import SURE_AFTER, Binding

NINE = 1_779_084_000_000
SUPPORT, SALES = Party(id=1, account_id=None, name="Support"), Party(id=2, account_id=None, name="Sales")


def call(*visits: Visit) -> Call:
    """A call with these visits."""
    return Call(source="s", id_call="c1", journey=Journey(active=True, started_at=NINE), visits=visits)


def test_a_queue_entered_twice_by_one_call_is_two_visits() -> None:
    """Told one after the other, and the first one once more."""
    first = Visit(queue=SUPPORT, entered_at=NINE, active=False, ended_at=NINE + 20_000, asof=NINE + 20_000)
    second = Visit(queue=SUPPORT, entered_at=NINE + 60_000, active=True, asof=NINE + 60_000)
    held = merge_call(merge_call(merge_call(None, call(first)), call(second)), call(first))
    assert [(visit.entered_at, visit.ended) for visit in held.visits] == [(NINE, True), (NINE + 60_000, False)]


def test_a_frame_that_shows_less_progress_replaces_nothing() -> None:
    """It was sent before the answer and came after it."""
    answered = Journey(active=True, answered=True, started_at=NINE, last_queue=SALES, asof=NINE + 5_000)
    swapped = Journey(active=True, answered=False, started_at=NINE, last_queue=SUPPORT, asof=NINE + 5_400)
    assert merge_document(answered, swapped, FRAME).last_queue == SALES


def test_what_has_no_instant_counts_in_no_cell() -> None:
    """A visit that never said when it began belongs to no day."""
    told = call(Visit(queue=SUPPORT, active=False, ended_at=NINE + 9_000))
    told = replace(told, journey=Journey(active=False, ended_at=NINE + 9_000))
    assert contribution(settle(told), CountingRules()).cells == []


def test_an_expired_call_that_is_heard_of_again_lives_again() -> None:
    """Whoever gave it up was wrong."""
    held = replace(call(Visit(queue=SUPPORT, entered_at=NINE, active=True, asof=NINE)), expired=True)
    assert not merge_call(held, call(Visit(queue=SUPPORT, entered_at=NINE, active=True, asof=NINE + 1))).expired


def test_a_presence_document_with_an_older_update_does_not_win_within_two_seconds() -> None:
    """The vendor's own order goes before the order of arrival; later than that, the latest wins."""
    agent = Party(id=9, account_id=None, name="Elsa")
    held = AgentPresence(source="s", agent=agent, status="available", updated_at=NINE, told_at=NINE + 100)
    older = AgentPresence(source="s", agent=agent, status="unavailable", updated_at=NINE - 500, told_at=NINE + 600)
    assert not presence_replaces(held, older)
    assert presence_replaces(held, replace(older, told_at=NINE + 10_000))


def test_a_source_takes_the_documents_of_its_own_customer_alone() -> None:
    """A thousand that name one bind it; who names nobody is taken; another token is another beginning."""
    ours, theirs, nobodys = (Call(source="s", id_call=name, tenant=tenant) for name, tenant in (("a", "1"), ("b", "2"), ("c", None)))
    binding = Binding("s", "mark")
    assert binding.admit([nobodys, ours] * SURE_AFTER, 0) == ([nobodys, ours] * SURE_AFTER, [])
    kept, odd = binding.admit([theirs, nobodys, ours], 0)
    assert (kept, [each.reason for each in odd]) == ([nobodys, ours], ["foreign_tenant"])
    for reached, taken in (("mark", []), ("another mark", [theirs])):
        successor = Binding("s", reached)
        successor.remember(binding.tenant, binding.reached)
        assert successor.admit([theirs], 0)[0] == taken
