"""Time by profile, read from the archive: whole days from their sums, hours from the hourly slots they were told in.

Rules that hold here: a slot belongs to the hour, and the day, it began in; profiles that are called alike and count alike are one; agents
are under their keys of today, and only those the viewer sees.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import Count, Max, Q, Sum

from stats.domain.facts import Facts
from stats.domain.report import WITHIN_A_DAY, Span
from stats.history.party_names import Called, party_names
from stats.history.rollup_tables import ProfileDay
from stats.models import PresenceSlotRow
from wallboard.accounts.viewer import Viewer
from wallboard.push import sights
from wallboard.reports.reader import live_keys

# The order of kinds in a bar: free for calls, after them, not told, not free.
KINDS = ("available", "wrapup", "unknown", "away")
HOUR_MS = 3_600_000
# An hour that lacks less than this is whole.
WHOLE_MS = 60_000


@dataclass(frozen=True, slots=True, order=True)
class Profile:
    """A profile: its kind (of KINDS, by its place) and its name as people gave it."""

    place: int
    name: str

    @property
    def kind(self) -> str:
        """available, wrapup, unknown or away."""
        return KINDS[self.place]


@dataclass(slots=True)
class Profiles:
    """What was read: ms by agent and by interval's start, each by profile; up to when hours were told (epoch ms); how many hours told
    nothing but the time available; names by key."""

    by_agent: dict[str, dict[Profile, int]] = field(default_factory=dict)
    by_time: dict[tuple[int, int], dict[Profile, int]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    complete_to: int | None = None
    available_alone: int = 0

    def every(self) -> list[Profile]:
        """Every profile there is time in, in the order of bars."""
        return sorted({profile for told in self.by_agent.values() for profile in told})

    def add(self, agent: str, cell: tuple[int, int], profile: Profile, ms: int) -> None:
        """Some time of an agent in a profile."""
        mine, then = self.by_agent.setdefault(agent, {}), self.by_time.setdefault(cell, {})
        mine[profile] = mine.get(profile, 0) + ms
        then[profile] = then.get(profile, 0) + ms


def by_slot(span: Span) -> bool:
    """Whether hours are asked for, which days' sums cannot tell."""
    return span.interval in WITHIN_A_DAY or span.hours is not None


def read_profiles(span: Span, facts: Facts, viewer: Viewer) -> Profiles:
    """The time by profile of a span. Raises django.db.Error."""
    called = party_names(span.organisation, "agent")
    key_of = _keys(called, live_keys(facts.agents.values()))
    seen = _seen(span, facts, viewer)
    found = Profiles()
    for source, agent, start, name, available, wrapup, ms in _rows(span):
        key = key_of(source, agent)
        if seen is None or key in seen:
            found.add(key, span.cell(start), Profile(_place(available, wrapup), name.strip()), ms)
    for each in sorted(called.values(), key=lambda each: (each.key == each.today, each.told_ms)):
        if (key := key_of(each.source, each.key)) in found.by_agent:
            found.names[key] = each.party.name or ""
    found.names |= {key: party.party.name or "" for key, party in facts.agents.items() if key in found.by_agent}
    found.complete_to = _told_to(span)
    found.available_alone = _available_alone(span, lambda source, agent: seen is None or key_of(source, agent) in seen)
    return found


def _place(available: bool | None, wrapup: bool) -> int:
    kind = "wrapup" if wrapup else "unknown" if available is None else "available" if available else "away"
    return KINDS.index(kind)


def _rows(span: Span) -> Iterator[tuple[str, str, int, str, bool | None, bool, int]]:
    """(source, stored agent, start, profile's name, available, wrap-up, ms)."""
    first, end = span.bounds
    whose = {"organisation": span.organisation, "start_ms__gte": first, "start_ms__lt": end}
    if not by_slot(span):
        sums = ProfileDay._default_manager.filter(**whose).values_list(
            "source", "agent", "start_ms", "name", "profile", "available", "wrapup", "usage_ms"
        )
        for source, agent, start, name, profile, available, wrapup, used in sums.iterator(2000):
            if used:
                yield source, agent, start, name or f"#{profile}", available, wrapup, used
        return
    slots = PresenceSlotRow.objects.filter(**whose).values_list(
        "source", "agent", "start_ms", "profile_name", "profile", "available", "wrapup", "usage_ms"
    )
    held: dict[int, bool] = {}
    for source, agent, start, name, profile, available, wrapup, ms in slots.iterator(2000):
        if start not in held:
            held[start] = span.hours is None or span.hours.hold(start, span.timezone)
        if ms and held[start]:
            yield source, agent, start, name or f"#{profile}", available, wrapup, ms


def _told_to(span: Span) -> int | None:
    """The end of the newest hour that was told of anybody; None where there is none."""
    newest = PresenceSlotRow.objects.filter(organisation=span.organisation).aggregate(start=Max("start_ms"), end=Max("end_ms"))
    if newest["start"] is None:
        return None
    return int(newest["end"] or newest["start"] + HOUR_MS)


def _available_alone(span: Span, mine: Callable[[str, str], bool]) -> int:
    """Hours of which nothing but available time was told, and less of it than an hour."""
    first, end = span.bounds
    slots = (
        PresenceSlotRow.objects.filter(organisation=span.organisation, start_ms__gte=first, start_ms__lt=end)
        .values("source", "agent", "start_ms")
        .annotate(others=Count("id", filter=~Q(available=True) | Q(wrapup=True)), told=Sum("usage_ms"), until=Max("end_ms"))
        .filter(others=0)
        .order_by()
    )
    number = 0
    for slot in slots.iterator(2000):
        length = (slot["until"] or slot["start_ms"] + HOUR_MS) - slot["start_ms"]
        short = (slot["told"] or 0) < length - WHOLE_MS
        held = span.hours is None or span.hours.hold(slot["start_ms"], span.timezone)
        number += short and held and mine(slot["source"], slot["agent"])
    return number


def _keys(called: Mapping[tuple[str, str], Called], known: Mapping[tuple[str, str], str]) -> Callable[[str, str], str]:
    """Source and stored key -> key of today: the live store's word first, then what the archive has learnt."""

    def key_of(source: str, stored: str) -> str:
        if (key := known.get((source, stored))) is not None:
            return key
        learnt = called.get((source, stored))
        return stored if learnt is None else known.get((source, learnt.today), learnt.today)

    return key_of


def _seen(span: Span, facts: Facts, viewer: Viewer) -> frozenset[str] | None:
    """The agents asked for; who sees some queues alone sees those who are logged in to one of them. None: all."""
    if viewer.queues is None:
        return span.agents
    mine = frozenset(key for key in facts.agents if sights.logged_in_to(facts, key) & viewer.queues)
    return mine if span.agents is None else mine & span.agents
