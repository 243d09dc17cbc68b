"""What of an organisation's values each kind of viewer sees: some queues alone, agents by a short name or a pseudonym.

Rules that hold here: values are cut before they reach any page, socket or log; viewers with the same sight share one ledger; a number of
the whole organisation is made anew of the queues in sight, and is unknown where it cannot be split by queue; who sees everything is told
by the organisation itself.
"""

import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from hashlib import sha256

from stats.domain import board
from stats.domain.board import Grown, Values
from stats.domain.facts import Facts
from stats.domain.sums import SITE_COUNTED
from wallboard.accounts.viewer import Sight
from wallboard.push.ledger import Ledger
from wallboard.push.naming import Naming
from wallboard.push.organisation import LiveOrganisation, Mirror, Snapshot
from wallboard.push.severities import Severities

# Sights nobody looks through any more are forgotten beyond so many.
MOST_SIGHTS = 100
# Of the whole organisation alone: calls that no queue tells apart.
INDIVISIBLE = ("lost_callers", "calls_in.spark")
WINDOWS = ("", "15m.", "30m.", "60m.")


@dataclass(slots=True)
class _Told:
    """One agent in sight: the values they were cut from, and what is told of them; `grown` as in `board.Grown`."""

    told: dict[str, object]
    scope: str
    shown: dict[str, object]
    grown: tuple[str, ...] = ()


class Sighted:
    """An organisation as one kind of viewer sees it; has what boards and pages ask of `LiveOrganisation`."""

    def __init__(self, whole: LiveOrganisation, sight: Sight) -> None:
        self.whole, self.sight = whole, sight
        self.slug = whole.slug
        self.ledger = Ledger()
        self.naming = Naming(whole.slug, sight.names)
        self.listeners: list[Callable[[], Awaitable[None]]] = []
        self._severities = Severities()
        self._seen: tuple[str, int, int] | None = None
        self._values: Values = {}  # of the organisation, as they were cut last
        self._memory = board.Memory()
        self._told: dict[str, _Told] = {}
        self._watchers = 0
        self._mark = sha256(repr((sorted(sight.queues or ()), sight.queues is None, sight.names)).encode()).hexdigest()[:6]

    @property
    def language(self) -> str:
        """Of the organisation."""
        return self.whole.language

    @property
    def mirror(self) -> Mirror:
        """Of the whole organisation."""
        return self.whole.mirror

    @property
    def is_computing(self) -> bool:
        """Whether the values were computed lately."""
        return self.whole.is_computing

    @property
    def watchers(self) -> int:
        """How many sockets look this way."""
        return self._watchers

    @watchers.setter
    def watchers(self, many: int) -> None:
        self.whole.watchers += many - self._watchers
        if many and not self._watchers:
            self.whole.listeners.append(self._follow)
        elif self._watchers and not many and self._follow in self.whole.listeners:
            self.whole.listeners.remove(self._follow)
        self._watchers = many

    async def current(self) -> Snapshot:
        """As `LiveOrganisation.current`."""
        return self._cut(await self.whole.current())

    async def fresh(self, max_age_s: float = 0.2) -> Snapshot:
        """As `LiveOrganisation.fresh`; raises StoreAway."""
        return self._cut(await self.whole.fresh(max_age_s))

    async def _follow(self) -> None:
        self._cut(self.whole.snapshot())
        for listener in tuple(self.listeners):
            await listener()

    def _cut(self, snapshot: Snapshot) -> Snapshot:
        seen = (snapshot.epoch, snapshot.version, snapshot.server_time)
        if seen != self._seen:
            self._seen = seen
            values = self.seen_of(snapshot.values, self.whole.mirror.facts, snapshot.server_time)
            names = {told.scope: told.grown for told in self._told.values() if told.grown}
            grown = Grown(self.ledger.values, values, names)
            self.ledger.settle(values, epoch=f"{snapshot.epoch}.{self._mark}", rev=snapshot.version, grown=grown)
        return replace(snapshot, values=self.ledger.values, version=self.ledger.version, epoch=self.ledger.epoch)

    def seen_of(self, values: Values, facts: Facts, as_of: int) -> Values:
        """The values in sight at an instant (epoch ms)."""
        queues = self.sight.queues
        shown: Values = {}
        for scope, told in values.items():
            kind, _, key = scope.partition(":")
            if kind == "agent" or (queues is not None and (scope == "site" or (kind == "queue" and key not in queues))):
                continue
            shown[scope] = told
        if queues is not None:
            shown["site"] = self._site(values, facts, as_of, queues)
        self._tell_agents(values, queues)
        shown.update((told.scope, told.shown) for told in self._told.values())
        return shown

    def _tell_agents(self, values: Values, queues: frozenset[str] | None) -> None:
        """The agents in sight. One whose values are those cut last time is not cut again; of one who has but grown, what has grown."""
        agents = {scope.partition(":")[2]: told for scope, told in values.items() if scope.startswith("agent:")}
        known = {} if self.naming.learn({key: _named(told) for key, told in agents.items()}) else self._told
        grown, places = self.whole.memory.grown, self._memory.places.held
        only = grown.names if grown is not None and grown.since is self._values and grown.until is values else {}
        self._told, self._values = {}, values
        for key, told in agents.items():
            place = places.get(key)
            if queues is None or (place is not None and not queues.isdisjoint(place.queues)):
                mine = known.get(key)
                if mine is None:
                    mine = _Told(told, f"agent:{self.naming.key_of(key)}", self._agent(told, key, queues))
                elif mine.told is told:
                    mine.grown = ()
                else:
                    mine.told, mine.grown = told, only.get(f"agent:{key}", ())
                    mine.shown = self._grown(mine, told) if mine.grown else self._agent(told, key, queues)
                self._told[key] = mine

    @staticmethod
    def _grown(mine: _Told, told: dict[str, object]) -> dict[str, object]:
        shown = mine.shown.copy()
        for name in mine.grown:
            shown[name] = told[name]
        return shown

    def _agent(self, told: dict[str, object], key: str, queues: frozenset[str] | None) -> dict[str, object]:
        mine = {**told, "name": self.naming.name_of(key, told.get("name"))}
        if self.naming.hides:
            mine["id"] = mine["account_id"] = None
        if queues is not None:
            held = told.get("queues_in")
            mine["queues_in"] = [queue for queue in held if str(queue) in queues] if isinstance(held, list) else []
        return mine

    def _site(self, values: Values, facts: Facts, as_of: int, queues: frozenset[str]) -> dict[str, object]:
        mine = {key: queue for key, queue in facts.queues.items() if key in queues}
        self._memory.kept.turn()
        now = board.survey(facts, self._memory.places)
        presence = {key: place.presence for key, place in now.places.items() if not queues.isdisjoint(place.queues)}
        # Callers are told of the whole organisation alone.
        told_by = {queue.source for queue in mine.values()}
        sources = {name: source for name, source in facts.sources.items() if name in told_by} or facts.sources
        facts_in_sight = replace(facts, queues=mine, presence=presence, callers={}, sources=sources)
        site = board.site_values(facts_in_sight, as_of, now, self._memory)
        if facts.presence and not presence and site.get("known"):
            # Nobody is logged in to these queues, which is known; that is not the same as hearing of nobody.
            site.update(dict.fromkeys(board.AGENT_COUNTS, 0))
        site.update(dict.fromkeys((window + name for window in WINDOWS for name in SITE_COUNTED), None))
        site.update(dict.fromkeys(INDIVISIBLE, None))
        marked: Values = {
            scope: dict(told) for scope, told in values.items() if scope.partition(":")[2] in mine and scope.startswith("queue:")
        }
        marked["site"] = site
        self._severities.mark(marked, as_of)
        return site


Shown = LiveOrganisation | Sighted

_known: "weakref.WeakKeyDictionary[LiveOrganisation, dict[Sight, Sighted]]" = weakref.WeakKeyDictionary()


def of(organisation: LiveOrganisation, sight: Sight) -> Shown:
    """The organisation as seen with `sight`; the same object for the same sight."""
    if sight.is_whole:
        return organisation
    known = _known.setdefault(organisation, {})
    found = known.get(sight)
    if found is None:
        if len(known) >= MOST_SIGHTS:
            for old in [old for old, seen in known.items() if not seen.watchers]:
                del known[old]
        found = known[sight] = Sighted(organisation, sight)
    return found


def logged_in_to(facts: Facts, agent: str) -> frozenset[str]:
    """The keys of the queues an agent is logged in to now, as far as their last document says."""
    presence = facts.presence.get(agent)
    if presence is None:
        return frozenset()
    keys = (facts.queue_key(presence.document.source, login.queue) for login in presence.document.logged_in)
    return frozenset(key for key in keys if key is not None)


def _named(told: dict[str, object]) -> str:
    name = told.get("name")
    return name if isinstance(name, str) else ""
