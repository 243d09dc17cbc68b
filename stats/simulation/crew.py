"""The agents' day: shifts, lunch, breaks, meetings and wrap-up, and what an agent does the moment a call is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from stats.simulation.plan import AVAILABLE, BREAK, DAY_CURVE, GONE, LUNCH, MEETING, WRAPUP
from stats.simulation.records import Agent, Profile
from stats.simulation.stage import Stage

SHIFT_MIN = 600
WRAPUP_SHARE = 0.8
WRAPUP_MS = 13_000


class Crew:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._zone = stage.plan.zone()
        self._begins = _shift_begins(len(stage.agents))
        self.on_ready: Callable[[Agent], None] = lambda agent: None

    def open(self) -> None:
        """Puts everybody where they are at the floor's first instant."""
        stage = self._stage
        today = datetime.fromtimestamp(stage.now / 1000, UTC).astimezone(self._zone).date()
        for agent in stage.agents:
            for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
                if stage.now < self._shift(agent, day) + SHIFT_MIN * 60_000:
                    stage.agenda.at(self._shift(agent, day), self._come, agent, day)
                    break

    def _shift(self, agent: Agent, day: date) -> int:
        """When the agent's shift of that local day begins, epoch ms: a few minutes differently every day."""
        minute = self._begins[agent.order] + (agent.order * 7 + day.toordinal() * 3) % 11 - 5
        midnight = datetime.combine(day, time(), tzinfo=self._zone)
        return round((midnight.timestamp() + minute * 60) * 1000) + (agent.order * 1_777) % 60_000

    # -- the day -------------------------------------------------------------------------------------------------------

    def _come(self, agent: Agent, day: date) -> None:
        stage = self._stage
        begin, now = self._shift(agent, day), stage.now
        agent.on_duty, agent.duty_until = True, begin + SHIFT_MIN * 60_000
        agent.web, agent.idle_since = True, now
        # As the exchange really tells it: first the queues, a few ms later the profile.
        stage.exchange.log_in(agent, agent.queues, now)
        stage.exchange.announce(now, agent)
        stage.agenda.after(14, self._show_up, agent)
        for share, profile, minutes in ((0.24, BREAK, 12), (0.47, LUNCH, 34), (0.76, BREAK, 12)):
            at = begin + round(share * SHIFT_MIN * 60_000) + (agent.order * 97 % 23) * 60_000
            if at > now:
                stage.agenda.at(at, self._want, agent, profile, minutes)
        stage.agenda.at(agent.duty_until, self._go, agent)
        stage.agenda.at(self._shift(agent, day + timedelta(days=1)), self._come, agent, day + timedelta(days=1))

    def _show_up(self, agent: Agent) -> None:
        if agent.on_duty and agent.active is None:
            self._be_available(agent)

    def _go(self, agent: Agent) -> None:
        agent.on_duty = False
        if agent.active is None:
            self._leave(agent)

    def _leave(self, agent: Agent) -> None:
        stage = self._stage
        agent.wants, agent.web = None, False
        stage.exchange.log_out(agent, stage.now)
        stage.exchange.take_profile(agent, GONE, stage.now)
        stage.exchange.announce(stage.now, agent)

    # -- between calls -------------------------------------------------------------------------------------------------

    def release(self, agent: Agent, *, talked: bool, rest_ms: int = 0) -> None:
        """A call has just left this agent; what now?"""
        stage = self._stage
        if agent.active is not None:
            return
        if not agent.on_duty:
            self._leave(agent)
        elif talked and stage.happens(WRAPUP_SHARE):
            self._take(agent, WRAPUP, stage.about(WRAPUP_MS, 0.6))
        elif agent.wants is not None or (talked and stage.happens(0.02)):
            profile, length = agent.wants or (BREAK, stage.between(150, 420))
            self._take(agent, profile, length)
        else:
            if rest_ms:
                agent.resting_until = stage.now + rest_ms
                stage.agenda.after(rest_ms, self._rested, agent)
            stage.exchange.refresh(agent, stage.now)
            stage.exchange.announce(stage.now, agent)
            if not rest_ms:
                self.on_ready(agent)

    def _rested(self, agent: Agent) -> None:
        self._stage.exchange.refresh(agent, self._stage.now)
        if agent.active is None:
            self.on_ready(agent)

    def _want(self, agent: Agent, profile: Profile, minutes: float) -> None:
        length = self._stage.between(minutes * 50, minutes * 70)
        if not agent.on_duty:
            return
        if profile is BREAK and self._stage.happens(0.15):
            profile, length = MEETING, length * 2
        agent.wants = (profile, length)
        if agent.active is None and agent.profile is AVAILABLE:
            self._take(agent, profile, length)

    def _take(self, agent: Agent, profile: Profile, length: int) -> None:
        stage = self._stage
        if profile is not WRAPUP:
            agent.wants = None
        if profile is MEETING:  # an available profile: only leaving the queues keeps the calls away
            stage.exchange.log_out(agent, stage.now)
        stage.exchange.take_profile(agent, profile, stage.now, None if profile is WRAPUP else stage.now + length)
        stage.exchange.announce(stage.now, agent)
        stage.agenda.after(length, self._come_back, agent, profile, agent.profile_since)

    def _come_back(self, agent: Agent, profile: Profile, since: int) -> None:
        if agent.profile is not profile or agent.profile_since != since:
            return
        if not agent.on_duty:
            if agent.active is None:
                self._leave(agent)
        elif agent.wants is not None and agent.active is None and agent.wants[0] is not profile:
            self._take(agent, *agent.wants)
        else:
            self._be_available(agent)

    def _be_available(self, agent: Agent) -> None:
        stage = self._stage
        stage.exchange.log_in(agent, agent.queues, stage.now)
        stage.exchange.take_profile(agent, AVAILABLE, stage.now, agent.duty_until)
        stage.exchange.announce(stage.now, agent)
        if agent.active is None:
            self.on_ready(agent)


def _shift_begins(agents: int) -> list[int]:
    """Minutes after local midnight, spread so that the number at work follows the day's curve."""
    total = sum(DAY_CURVE)
    begins = []
    for order in range(agents):
        goal = (order + 0.5) / agents * total
        hour = 0
        while goal > DAY_CURVE[hour]:
            goal -= DAY_CURVE[hour]
            hour += 1
        middle = 60 * (hour + goal / DAY_CURVE[hour])
        begins.append(round(middle - SHIFT_MIN / 2) % (24 * 60))
    # Neighbours in the list sit in the same queues more often than not: deal the shifts out so that no queue sleeps at once.
    step = next(step for step in (17, 13, 11, 7, 5, 3, 1) if agents % step) if agents > 1 else 1
    return [begins[order * step % agents] for order in range(agents)]
