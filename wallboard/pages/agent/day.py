"""Puts one agent's day together from the archive and the live store, as far as the viewer may see it.

Rules that hold here:
- The live store is asked first, so that what is being kept meanwhile is in one of the two answers, or in both, and counts once.
- A call that visited none of the viewer's queues keeps its time on the axis, and loses everything that leads to it.
- Totals of a day that is over are made of its own segments and rings; those of today are the live values, as everywhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from channels.db import database_sync_to_async

from stats.domain.agent_day import Rung, Slot, Watched, doubts, sums_of, watch
from stats.domain.facts import Facts, PartyFacts
from stats.domain.freshness import doubted_since
from stats.domain.outcomes import settle
from stats.domain.parties import same_party
from stats.domain.periods import business_day, day_bounds
from stats.domain.presence_changes import PresenceSeen
from stats.domain.records import Call, Direction, Party
from stats.domain.sums import Number, agent_numbers
from stats.domain.tellers import NOBODY, Teller, teller_of
from stats.history import agent_days as archive
from stats.history.unheard import unheard_stretches
from stats.live import agent_days as store
from wallboard.accounts.viewer import Viewer
from wallboard.pages.frame import Visit
from wallboard.push import live

# Rings of the days before the archive knew of them are not looked for further back than this.
MOST_DAYS = 3_660


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDay:
    """The day [first, end) of an agent, known as far as `until` (epoch ms). `rungs` are the newest first; `mine` the calls in sight.

    `recorded_from` is the first instant of which anything is kept of the agent; `is_whole` is False while more calls are on their way to
    the archive than a page can wait for.
    """

    agent: PartyFacts
    day: str
    first: int
    end: int
    until: int
    today: str
    watched: Watched
    slots: tuple[Slot, ...]
    rungs: tuple[Rung, ...]
    mine: frozenset[str] | None
    doubts: tuple[tuple[int, int], ...]
    doubted_since: int | None
    recorded_from: int | None
    is_whole: bool = True
    teller: Teller = NOBODY

    @property
    def is_today(self) -> bool:
        """Whether it goes on."""
        return self.day == self.today

    def sees(self, rung: Rung) -> bool:
        """Whether the viewer may open the call of a ring."""
        return self.mine is None or rung.id_call in self.mine

    def numbers(self) -> dict[str, Number]:
        """The agent's metrics as this day's own segments and rings give them."""
        numbers = agent_numbers(sums_of(self.rungs, self.watched))
        if self.watched.heard_from is None:
            numbers.update({name: None for name in numbers if name.startswith("time_") or name == "occupancy"})
        return numbers | dict.fromkeys(self.teller.lacks(self.first, self.end) & numbers.keys())


def chosen_day(visit: Visit) -> str:
    """The business day in the address, today unless it names one that is over."""
    today = business_day(visit.now, visit.timezone)
    try:
        wanted = date.fromisoformat(visit.request.GET.get("day", ""))
    except ValueError:
        return today
    oldest = date.fromordinal(date.fromisoformat(today).toordinal() - MOST_DAYS)
    return wanted.isoformat() if oldest <= wanted <= date.fromisoformat(today) else today


async def read(visit: Visit, agent: PartyFacts) -> AgentDay:
    """The chosen day of an agent. Raises StoreAway, django.db.Error."""
    facts, day, today = visit.facts, chosen_day(visit), business_day(visit.now, visit.timezone)
    first, end = day_bounds(day, visit.timezone)
    source = facts.sources.get(agent.source)
    # Documents are stamped by the clock of the worker that hears them.
    until = min(end, visit.now + (source.clock_ahead_ms if source is not None else 0)) if day == today else end
    whose = archive.Kept(visit.viewer.organisation, agent.source, keys_of(agent))
    presence = facts.presence.get(agent.key) if day == today else None
    (loose, whole), waiting = await _from_the_store(whose) if day == today else (([], True), [])
    kept = await database_sync_to_async(partial(archive.day_of_agent, whose, first, end))()
    stretches = await database_sync_to_async(partial(unheard_stretches, whose.organisation, whose.source))()
    rungs = _together(kept.rungs, _rungs_of(loose, agent.party), first, end, day == today)
    queues = {key: queue_key(key, agent.source, facts) for key in {rung.queue for rung in rungs}}
    since = doubted_since(presence, source) if presence is not None else None
    return AgentDay(
        agent=agent,
        day=day,
        first=first,
        end=end,
        until=until,
        today=today,
        watched=watch([*kept.changes, *waiting], presence, agent.key, first, end, until),
        slots=tuple(kept.slots),
        rungs=tuple(rung if queues[rung.queue] == rung.queue else replace(rung, queue=queues[rung.queue]) for rung in rungs),
        mine=await _in_sight(visit.viewer, whose, rungs, loose, facts, first, end),
        doubts=tuple(doubts(source.presence_lost_at, source.presence_open_at, since, until)) if source is not None else (),
        doubted_since=since,
        recorded_from=kept.recorded_from,
        is_whole=whole,
        teller=teller_of(source, "agent", stretches, None, visit.timezone) if source is not None else NOBODY,
    )


def keys_of(agent: PartyFacts) -> frozenset[str]:
    """Every key an agent may have been kept by: an id becomes known later than an account, and that later than a name."""
    account = {f"a:{agent.party.account_id}"} if agent.party.account_id is not None else set()
    return frozenset({agent.key, *account})


def queue_key(kept: str, source: str, facts: Facts) -> str:
    """The key of today of a queue that was kept by `kept`; "" for none."""
    if not kept:
        return ""
    lead, _colon, rest = kept.partition(":")
    if lead == "a" and rest.isdigit():
        party = Party(account_id=int(rest))
    elif kept.isascii() and kept.isdigit():
        party = Party(id=int(kept))
    elif lead == "s":
        party = Party(ref=rest)
    else:
        party = Party(name=rest)
    return facts.queue_key(source, party) or kept


async def calls_of(day: AgentDay, organisation: str, rungs: Iterable[Rung]) -> dict[str, Call]:
    """The calls behind some rings, whole, by id. Raises StoreAway, django.db.Error."""
    ids = list(dict.fromkeys(rung.id_call for rung in rungs))
    if not ids:
        return {}
    whose = archive.Kept(organisation, day.agent.source, frozenset())
    kept = await database_sync_to_async(partial(archive.calls_kept, whose, ids, day.first, day.end))()
    lacking = [id_call for id_call in ids if id_call not in kept or day.is_today]
    held = await live.store().load(organisation, day.agent.source, lacking) if lacking else {}
    return {**kept, **{id_call: stored.call for id_call, stored in held.items() if stored.call is not None}}


async def _from_the_store(whose: archive.Kept) -> tuple[tuple[list[Call], bool], list[PresenceSeen]]:
    calls = await store.calls_loose(live.store(), whose.organisation, whose.source)
    return calls, await store.changes_waiting(live.store(), whose.organisation, whose.source, whose.agents)


def _rungs_of(calls: Iterable[Call], agent: Party) -> dict[str, list[Rung]]:
    """The agent's rings of calls as the live store holds them, by call; a call that did not ring the agent has none."""
    found: dict[str, list[Rung]] = {}
    for call in calls:
        mine = found.setdefault(call.id_call, [])
        if not any(same_party(offer.agent, agent) for offer in call.offers):
            continue
        settled = settle(call)
        for number, (offer, outcome) in enumerate(zip(settled.call.offers, settled.offers, strict=True)):
            if offer.began_at is None or not same_party(offer.agent, agent):
                continue
            mine.append(
                Rung(
                    id_call=call.id_call,
                    number=number,
                    began_at=offer.began_at,
                    answered_at=offer.answered_at,
                    ended_at=offer.ended_at,
                    ring_ms=offer.ring_ms,
                    talk_ms=offer.talk_ms,
                    hold_ms=offer.hold_ms,
                    queue=(offer.queue.key or "") if offer.queue is not None else "",
                    outgoing=(offer.direction or settled.direction) is Direction.OUT,
                    outcome=str(outcome),
                )
            )
    return found


def _together(kept: Iterable[Rung], loose: dict[str, list[Rung]], first: int, end: int, today: bool) -> list[Rung]:
    """Of a call that the live store holds unkept, its telling is the newer one."""
    told = [rung for rung in kept if rung.id_call not in loose and (rung.dated or not today)]
    told += [rung for rungs in loose.values() for rung in rungs if first <= rung.began_at < end]
    return sorted(told, key=lambda rung: (rung.began_at, rung.id_call, rung.number), reverse=True)


async def _in_sight(
    viewer: Viewer, whose: archive.Kept, rungs: list[Rung], loose: list[Call], facts: Facts, first: int, end: int
) -> frozenset[str] | None:
    """The ids of the calls the viewer may open; None for all of them."""
    if viewer.queues is None:
        return None
    ids = list(dict.fromkeys(rung.id_call for rung in rungs))
    visited = await database_sync_to_async(partial(archive.queues_visited, whose, ids, first, end))()
    for call in loose:
        visited[call.id_call] = {visit.queue.key or "" for visit in call.visits}
    return frozenset(
        id_call for id_call in ids if viewer.sees_call(queue_key(key, whose.source, facts) for key in visited.get(id_call, ()))
    )
