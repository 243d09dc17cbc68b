"""A number or an agent is taken out of a record, and nothing else of it changes."""

from dataclasses import fields, replace
from typing import get_type_hints

from stats.domain.forgetting import AGENT_FIELDS, NUMBER_FIELDS, agents_of, numbers_of, with_agents, without_numbers
from stats.domain.metrics import CountingRules, contribution
from stats.domain.outcomes import settle
from stats.domain.records import Call, Journey, Offer, Party, Visit
from tests.history.calls import plain, whole

DOCUMENTS = (Journey, Visit, Offer)
NOBODY = Party(name="Former agent 0AF3")


def test_a_call_loses_every_number_and_keeps_everything_else() -> None:
    """The whole call has a value in every field there is."""
    bare = without_numbers(whole())
    assert list(numbers_of(whole())) != []
    assert list(numbers_of(bare)) == []
    assert without_numbers(bare) is bare
    mended = replace(
        bare,
        journey=replace(bare.journey, number=whole().journey.number),  # type: ignore[union-attr, type-var]
        visits=tuple(replace(after, number=before.number) for after, before in zip(bare.visits, whole().visits, strict=True)),
        offers=tuple(replace(after, number=before.number) for after, before in zip(bare.offers, whole().offers, strict=True)),
    )
    assert mended == whole()


def test_only_the_number_that_is_forgotten_goes() -> None:
    """A caller who was put through to a number of their own."""
    call = plain(1)
    both = replace(call, offers=(replace(call.offers[0], number="+46701740699"),))
    assert set(numbers_of(without_numbers(both, lambda number: number.endswith("99")))) == {"+4670174060"}


def test_a_renamed_agent_is_renamed_in_every_place() -> None:
    """And a call that does not name the agent comes back as the same object."""
    named = with_agents(whole(), lambda _: NOBODY)
    assert set(agents_of(named)) == {NOBODY}
    assert with_agents(whole(), lambda party: party) is not None
    call = plain(1)
    assert with_agents(call, lambda party: party) is call


def test_no_sum_changes_when_a_caller_is_forgotten() -> None:
    """What a call adds to every number is what it added before; only its caller is nobody any more."""
    for call in (plain(1), plain(2, answered=False)):
        before, after = (
            contribution(settle(each), CountingRules(), lambda party: party.key, lambda party: party.key)
            for each in (call, without_numbers(call))
        )
        assert before.caller is not None
        assert replace(before, caller=None) == replace(after, caller=None)
        assert after.caller is None


def test_every_field_that_could_hold_a_number_or_an_agent_is_known() -> None:
    """A field that is added to a record, and names a party or a number, is to be thought of here."""
    for kind in DOCUMENTS:
        hints = get_type_hints(kind)
        parties = {field.name for field in fields(kind) if "Party" in str(hints[field.name])}
        assert parties - set(AGENT_FIELDS) <= {"queue", "first_queue", "last_queue"}
        texts = {field.name for field in fields(kind) if hints[field.name] == (str | None)}
        words = {"ivr_name", "ivr_last_name", "end_reason", "strategy", "fail_reason", "transfer_first", "transfer_last", "menu_digit"}
        words |= {"told_by"}
        # Of what the caller pressed only three digits are ever taken in (`telavox/translate.py`), which is no number.
        assert texts - set(NUMBER_FIELDS) <= words, kind
    assert {field.name for field in fields(Call)} == {"source", "id_call", "journey", "visits", "offers", "tenant", "expired"}
