"""The hourly account of every agent: how long in which profile and queue, how long busy, and which calls.

`settle` must be told before anything that is being counted changes; `close_hour` turns the account into slots and begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from stats.simulation.records import Agent, Call, LoginUse, Profile, ProfileUse, Slot


@dataclass(slots=True, eq=False)
class _Use:
    began_at: int
    used_ms: int = 0
    busy_ms: int = 0
    times: int = 0


@dataclass(slots=True, eq=False)
class _Page:
    since: int
    busy_ms: int = 0
    talk_ms: int = 0
    profiles: dict[int, _Use] = field(default_factory=dict)
    logged_in: dict[int, _Use] = field(default_factory=dict)
    logged_out: dict[int, _Use] = field(default_factory=dict)
    calls: dict[str, bool] = field(default_factory=dict)  # id -> answered by this agent
    completed: list[str] = field(default_factory=list)


class Ledger:
    """One page per agent, from the top of the running hour. All amounts are ms."""

    def __init__(self, agents: Iterable[Agent], profiles: Iterable[Profile], now: int) -> None:
        self._profiles = {profile.id: profile for profile in profiles}
        self._pages = {agent.id: self._fresh(agent, now) for agent in agents}
        self.hour = now

    def settle(self, agent: Agent, at: int) -> None:
        page = self._pages.get(agent.id)
        if page is None or at <= page.since:
            return
        spent = at - page.since
        page.since = at
        use = page.profiles[agent.profile.id]
        use.used_ms += spent
        if agent.active is not None and agent.active.answered_at is not None:
            use.busy_ms += spent
            page.busy_ms += spent
        for queue in agent.queues:
            (page.logged_in if queue.id in agent.logged_in else page.logged_out)[queue.id].used_ms += spent

    def enter(self, agent: Agent, at: int) -> None:
        """Opens the uses an agent has just begun: a profile taken, a queue logged in to or out of."""
        page = self._pages.get(agent.id)
        if page is None:
            return
        if agent.profile_since == at or agent.profile.id not in page.profiles:
            page.profiles.setdefault(agent.profile.id, _Use(agent.profile_since)).times += 1
        for queue in agent.queues:
            inside = agent.logged_in.get(queue.id)
            began = inside if inside is not None else agent.logged_out.get(queue.id, at)
            uses = page.logged_in if inside is not None else page.logged_out
            if queue.id not in uses or began == at:
                uses.setdefault(queue.id, _Use(began)).times += 1

    def rung(self, agent: Agent, call: Call) -> None:
        page = self._pages.get(agent.id)
        if page is not None:
            page.calls.setdefault(call.id, False)

    def answered(self, agent: Agent, call: Call) -> None:
        page = self._pages.get(agent.id)
        if page is not None:
            page.calls[call.id] = True

    def finished(self, agent: Agent, call: Call, talk_ms: int) -> None:
        page = self._pages.get(agent.id)
        if page is not None:
            page.calls.setdefault(call.id, talk_ms > 0)
            page.completed.append(call.id)
            page.talk_ms += talk_ms

    def close_hour(self, agents: Iterable[Agent], at: int) -> list[Slot]:
        slots = []
        for agent in agents:
            self.settle(agent, at)
            slots.append(self._slot(agent, self._pages[agent.id], at))
            self._pages[agent.id] = self._fresh(agent, at)
        self.hour = at
        return slots

    def _slot(self, agent: Agent, page: _Page, at: int) -> Slot:
        names = {queue.id: queue for queue in agent.queues}
        active = agent.active
        return Slot(
            agent=agent,
            start=self.hour,
            end=at,
            busy_ms=page.busy_ms,
            talk_ms=page.talk_ms,
            profiles=tuple(
                ProfileUse(
                    profile=self._profiles[key],
                    used_ms=use.used_ms,
                    busy_ms=use.busy_ms,
                    times=use.times,
                    began_at=use.began_at,
                    active=agent.profile.id == key,
                )
                for key, use in page.profiles.items()
            ),
            logged_in=tuple(
                LoginUse(queue=names[key], used_ms=use.used_ms, times=use.times, began_at=use.began_at, active=key in agent.logged_in)
                for key, use in page.logged_in.items()
            ),
            logged_out=tuple(
                LoginUse(queue=names[key], used_ms=use.used_ms, times=use.times, began_at=use.began_at, active=key not in agent.logged_in)
                for key, use in page.logged_out.items()
            ),
            calls=tuple(page.calls),
            answered=tuple(key for key, answered in page.calls.items() if answered),
            completed=tuple(page.completed),
            active=(active.call.id,) if active is not None else (),
        )

    def _fresh(self, agent: Agent, now: int) -> _Page:
        """A page that opens with what the agent is in already; what lasts over the hour counts as one time in both hours."""
        page = _Page(now, profiles={agent.profile.id: _Use(agent.profile_since, times=1)})
        for queue in agent.queues:
            inside = agent.logged_in.get(queue.id)
            if inside is not None:
                page.logged_in[queue.id] = _Use(inside, times=1)
            else:
                page.logged_out[queue.id] = _Use(agent.logged_out.get(queue.id, now), times=1)
        if agent.active is not None:
            page.calls[agent.active.call.id] = agent.active.answered_at is not None
        return page
