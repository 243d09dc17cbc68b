"""A call read for one viewer: laid out in time, with everybody in it named as that viewer may see them.

Rules that hold here: whoever draws or tells a call takes names from here and from nowhere else; a link is given only to what the viewer
may open; a telephone number leaves here masked.
"""

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from django.urls import NoReverseMatch, reverse
from django.utils.translation import pgettext

from stats.domain.facts import Facts
from stats.domain.journey_axis import Axis, Lane, LaneKind, Segment, axis_of
from stats.domain.outcomes import SettledCall, settle
from stats.domain.records import Call, Direction, Party
from wallboard.accounts.viewer import Viewer
from wallboard.api.call_document import WhoIsWho, outcome_of
from wallboard.pages.words import masked
from wallboard.push.naming import Naming


@dataclass(frozen=True, slots=True)
class Who:
    """A queue or an agent: what it is called here, and the address of its page or ""."""

    name: str
    address: str = ""


@dataclass(frozen=True)
class Reading:
    """A call as of an instant (epoch ms)."""

    settled: SettledCall
    axis: Axis
    facts: Facts
    viewer: Viewer
    naming: Naming
    now: int

    @property
    def call(self) -> Call:
        """The record."""
        return self.settled.call

    @property
    def goes_on(self) -> bool:
        """Whether anything of it is still going on, as far as anybody knows."""
        return self.axis.open

    @cached_property
    def who(self) -> WhoIsWho:
        """Names and ids of everybody."""
        return WhoIsWho(self.facts)

    @property
    def number(self) -> str:
        """The caller's number, masked."""
        return masked(self.settled.number)

    @property
    def dialled(self) -> bool:
        """Whether one of ours made the call."""
        return self.settled.outgoing or (self.settled.direction is Direction.INTERNAL and not self.settled.visits)

    def queue(self, party: Party | None) -> Who:
        """A queue."""
        full, key = self.who.queue(self.call.source, party)
        name = (full.name if full is not None else None) or (f"#{key}" if key else "?")
        return Who(name, _address("queue", key) if key and self.viewer.sees_queue(key) else "")

    def agent(self, party: Party) -> Who:
        """An agent."""
        full, key = self.who.agent(self.call.source, party)
        if key is None:
            return Who("?")
        name = self.naming.name_of(key, full.name) or f"#{self.naming.key_of(key)}"
        return Who(name, _address("agent", self.naming.key_of(key)) if self.viewer.may("agents") else "")

    def of_visit(self, n: int) -> Who:
        """The queue of a visit."""
        return self.queue(self.settled.visits[n].visit.queue)

    def of_offer(self, n: int) -> Who:
        """The agent of an offer."""
        return self.agent(self.call.offers[n].agent)

    def of_lane(self, lane: Lane) -> Who:
        """Whose lane it is, as its label says it."""
        match lane.kind:
            case LaneKind.CALLER:
                inner = self.dialled or self.settled.internal
                return Who(pgettext("lane of a call", "Call") if inner else pgettext("lane of a call", "Caller"))
            case LaneKind.MENU:
                return Who(self.menu)
            case LaneKind.TRANSFER:
                return Who(pgettext("lane of a call", "Handed on"))
            case LaneKind.QUEUE:
                return self.queue(lane.party)
        return self.agent(lane.party) if lane.party is not None else Who("?")

    def of_target(self, transfer: Segment) -> Who | None:
        """Where a transfer led to; None where nobody tells."""
        if transfer.visit is not None:
            return self.of_visit(transfer.visit)
        return self.of_offer(transfer.offer) if transfer.offer is not None else None

    @property
    def menu(self) -> str:
        """The menu's name, or menus' where the first and the last differ."""
        journey = self.call.journey
        named = [journey.ivr_name, journey.ivr_last_name] if journey is not None else []
        told = list(dict.fromkeys(name for name in named if name))
        return " → ".join(told) or pgettext("lane of a call", "Menu")

    def outcome(self, n: int) -> str:
        """What became of a visit, an abandon below the queue's limit told apart."""
        visit = self.settled.visits[n]
        return outcome_of(visit, self.who.queue(self.call.source, visit.visit.queue)[1], self.facts)


def read(call: Call, facts: Facts, viewer: Viewer, naming: Naming, now: int) -> Reading:
    """A call as of an instant (epoch ms)."""
    settled = settle(call)
    return Reading(settled, axis_of(settled, now), facts, viewer, naming, now)


def queue_keys(call: Call, facts: Facts) -> list[str | None]:
    """The keys of the queues a call was in, to be asked of a viewer's scope."""
    return [facts.queue_key(call.source, visit.queue) for visit in call.visits]


def _address(name: str, key: str) -> str:
    try:
        return reverse(name, args=[key])
    except NoReverseMatch:
        return f"/{name}s/{quote(key, safe=':')}/"
