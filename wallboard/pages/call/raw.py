"""The record of a call as we hold it, for whoever wants to see for themselves: the call, its visits and its offers, as JSON.

Rules that hold here: a number is masked unless it was uncovered for this one look; agents are named as the viewer may see them, and where
they may not be recognised, no id tells who they are.
"""

from dataclasses import dataclass, replace

import msgspec
from django.utils.translation import gettext as _

from stats.domain.forgetting import with_agents
from stats.domain.records import Call, Journey, Offer, Party, Visit
from stats.history.writing import write_call
from wallboard.pages.call.reading import Reading
from wallboard.pages.words import masked

INDENT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One of the three: its name in the page, its title with how many there are, and the JSON."""

    name: str
    title: str
    json: str


def records_of(reading: Reading, *, uncovered: bool = False) -> list[Record]:
    """The call, its visits and its offers."""
    told: dict[str, object] = msgspec.json.decode(write_call(shown(reading, uncovered=uncovered)))
    visits, offers = told.pop("visits", []), told.pop("offers", [])
    return [
        Record(name="call", title=_("The call"), json=pretty(told)),
        Record(name="visits", title=_("Its visits to queues: %(n)d") % {"n": len(reading.call.visits)}, json=pretty(visits)),
        Record(name="offers", title=_("Agents it was offered to: %(n)d") % {"n": len(reading.call.offers)}, json=pretty(offers)),
    ]


def pretty(told: object) -> str:
    """JSON for people."""
    return msgspec.json.format(msgspec.json.encode(told), indent=INDENT).decode()


def shown(reading: Reading, *, uncovered: bool) -> Call:
    """The record as the viewer may see it."""

    def covered(document: Journey | Visit | Offer) -> str | None:
        return masked(document.number) if document.number and not uncovered else document.number

    def renamed(party: Party) -> Party:
        name = reading.agent(party).name
        return Party(name=name) if reading.naming.hides else replace(party, name=name)

    call = with_agents(reading.call, renamed)
    return replace(
        call,
        journey=replace(call.journey, number=covered(call.journey)) if call.journey is not None else None,
        visits=tuple(replace(visit, number=covered(visit)) for visit in call.visits),
        offers=tuple(replace(offer, number=covered(offer)) for offer in call.offers),
    )
