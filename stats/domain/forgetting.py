"""Takes a person out of what is known of calls: a telephone number, or an agent's name and ids.

Rules that hold here: everything else about a call stays, so that no sum changes; a call that names nobody concerned comes back as it is,
the same object; every field that can hold a number or an agent is named here, and a test reads the records for others.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from stats.domain.records import AgentPresence, Call, Journey, Offer, Party, PresenceSlot, Visit

# The fields of a call's documents that hold a telephone number, and those that name an agent.
NUMBER_FIELDS = ("number",)
AGENT_FIELDS = ("agent", "first_agent", "last_agent")

IsForgotten = Callable[[str], bool]
# The naming to put in the place of an agent; the same object where nothing is to change.
Rename = Callable[[Party], Party]
Document = TypeVar("Document", Journey, Visit, Offer)


def numbers_of(call: Call) -> Iterator[str]:
    """Every telephone number in a call, as it is written there."""
    for document in _documents(call):
        if document.number:
            yield document.number


def agents_of(call: Call) -> Iterator[Party]:
    """Every naming of an agent in a call."""
    for document in _documents(call):
        for field in AGENT_FIELDS:
            party = getattr(document, field, None)
            if party is not None:
                yield party


def without_numbers(call: Call, is_forgotten: IsForgotten = lambda _: True) -> Call:
    """The call without its numbers, or without those that are forgotten."""

    def bare(document: Document) -> Document:
        return replace(document, number=None) if document.number and is_forgotten(document.number) else document

    if not any(is_forgotten(number) for number in set(numbers_of(call))):
        return call
    return replace(
        call,
        journey=bare(call.journey) if call.journey is not None else None,
        visits=tuple(bare(visit) for visit in call.visits),
        offers=tuple(bare(offer) for offer in call.offers),
    )


def with_agents(call: Call, rename: Rename) -> Call:
    """The call with its agents named anew."""

    def renamed(document: Document) -> Document:
        changes: dict[str, Any] = {}
        for field in AGENT_FIELDS:
            party = getattr(document, field, None)
            if party is not None and (named := rename(party)) is not party:
                changes[field] = named
        return replace(document, **changes) if changes else document

    if all(rename(party) is party for party in set(agents_of(call))):
        return call
    return replace(
        call,
        journey=renamed(call.journey) if call.journey is not None else None,
        visits=tuple(renamed(visit) for visit in call.visits),
        offers=tuple(renamed(offer) for offer in call.offers),
    )


def slot_of(slot: PresenceSlot, rename: Rename) -> PresenceSlot:
    """The slot with its agent named anew."""
    named = rename(slot.agent)
    return slot if named is slot.agent else replace(slot, agent=named)


def under(presence: AgentPresence, pseudonym: Party) -> AgentPresence:
    """The presence document told of another name; what the agent wrote of themselves goes."""
    return replace(presence, agent=pseudonym, status_message=None)


def _documents(call: Call) -> Iterator[Journey | Visit | Offer]:
    if call.journey is not None:
        yield call.journey
    yield from call.visits
    yield from call.offers
