"""A contact centre on a desk: tellings merged and counted in memory, no store and no clock.

`@day` reads a table of what happened, in the order it happened, and hands the test the numbers at the end of it.
"""

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from stats.domain.agent_states import KnownPresence, succeed
from stats.domain.board import Values, values
from stats.domain.facts import Facts, PartyFacts, SourceFacts, call_reference
from stats.domain.merge import merge_call
from stats.domain.metrics import CountingRules, contribution
from stats.domain.outcomes import settle
from stats.domain.periods import business_day, minute_of
from stats.domain.records import ActiveCall, AgentPresence, Call, Direction, Journey, Offer, Party, QueueLogin, Visit

SOURCE = "desk"
QUEUES = {"sales": Party(id=1, name="sales"), "support": Party(id=2, name="support")}
AGENTS = {"anna": Party(id=11, name="anna"), "per": Party(id=12, name="per"), "sofia": Party(id=13, name="sofia")}


def at(clock: str, day: str = "2026-05-18") -> int:
    """An instant of the day in UTC, epoch ms."""
    return round(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC).timestamp() * 1000)


class Desk:
    """Everything told so far."""

    def __init__(self, timezone: str = "UTC", rules: CountingRules | None = None) -> None:
        self.timezone, self.rules = timezone, rules or CountingRules()
        self.calls: dict[str, Call] = {}
        self.presence: dict[str, KnownPresence] = {}
        self.now = 0

    def tell(self, telling: Call) -> None:
        """One telling of a call."""
        self.calls[telling.id_call] = merge_call(self.calls.get(telling.id_call), telling)

    def show(self, presence: AgentPresence) -> None:
        """One presence document."""
        key = str(presence.agent.id)
        self.presence[key], _ = succeed(self.presence.get(key), presence, self.timezone)

    def facts(self) -> Facts:
        """The sums a store would hold."""
        facts = Facts(timezone=self.timezone, rules=self.rules, presence=self.presence)
        facts.sources[SOURCE] = SourceFacts(name=SOURCE, provider="desk", known=True, presence_open_at=0)
        for parties, kept in ((QUEUES, facts.queues), (AGENTS, facts.agents)):
            for party in parties.values():
                kept[str(party.id)] = PartyFacts(key=str(party.id), party=party, source=SOURCE)
        for call in self.calls.values():
            shown = contribution(settle(call), self.rules)
            for scope, instant, amounts in shown.cells:
                for cells in (
                    facts.days.setdefault(business_day(instant, self.timezone), {}).setdefault(scope, {}),
                    facts.minutes.setdefault(minute_of(instant), {}).setdefault(scope, {}),
                ):
                    for name, amount in amounts.items():
                        cells[name] = cells.get(name, 0) + amount
            for wait in shown.waits:
                peaks = facts.peaks.setdefault(business_day(wait.entered_at, self.timezone), {})
                peaks[wait.queue] = max(wait.ms, peaks.get(wait.queue, 0))
                minute = facts.minute_peaks.setdefault(minute_of(wait.entered_at), {})
                minute[wait.queue] = max(wait.ms, minute.get(wait.queue, 0))
            if shown.living:
                facts.living[call_reference(call.source, call.id_call)] = shown.living
            if shown.caller is not None:
                facts.callers.setdefault(business_day(shown.caller.started_at, self.timezone), {})[call.id_call] = shown.caller
        return facts

    def numbers(self, as_of: int | None = None) -> Values:
        """Everything shown, at the end of the table unless told otherwise."""
        return values(self.facts(), self.now if as_of is None else as_of)

    def queue(self, name: str, as_of: int | None = None) -> dict[str, object]:
        """One queue's numbers."""
        return self.numbers(as_of)[f"queue:{QUEUES[name].id}"]

    def agent(self, name: str, as_of: int | None = None) -> dict[str, object]:
        """One agent's numbers."""
        return self.numbers(as_of)[f"agent:{AGENTS[name].id}"]

    def site(self, as_of: int | None = None) -> dict[str, object]:
        """The organisation's numbers."""
        return self.numbers(as_of)["site"]

    # --- the words of a table ---------------------------------------------------------------------------------------

    def happen(self, clock: str, what: str, call: str, queue: str, agent: str) -> None:
        """One row."""
        now = self.now = at(clock)
        getattr(self, f"_{what}")(now, call, QUEUES.get(queue), AGENTS.get(agent))

    def _journey(self, call: str, **words: Any) -> None:
        self.tell(Call(source=SOURCE, id_call=call, journey=Journey(**words)))

    def _in(self, now: int, call: str, queue: Party | None, agent: Party | None) -> None:
        number = f"+4670174{sum(call.encode()) % 10000:04d}"
        self._journey(call, active=True, answered=False, direction=Direction.IN, started_at=now, number=number, asof=now)

    def _out(self, now: int, call: str, queue: Party | None, agent: Party | None) -> None:
        self._journey(call, active=True, answered=False, direction=Direction.OUT, started_at=now, asof=now)

    def _internal(self, now: int, call: str, queue: Party | None, agent: Party | None) -> None:
        self._journey(call, active=True, answered=False, direction=Direction.IN, internal=True, started_at=now, asof=now)

    def _menu(self, now: int, call: str, queue: Party | None, agent: Party | None) -> None:
        self._journey(call, ivr_seen=True, asof=now)

    def _queued(self, now: int, call: str, queue: Party | None, agent: Party | None) -> None:
        assert queue is not None
        if call not in self.calls:
            self._in(now, call, None, None)
        self.tell(Call(source=SOURCE, id_call=call, visits=(Visit(queue=queue, entered_at=now, active=True, answered=False, asof=now),)))

    def _visit(self, call: str, queue: Party) -> Visit:
        return [v for v in self.calls[call].visits if v.queue == queue][-1]

    def _offer(self, call: str, agent: Party) -> Offer:
        return [o for o in self.calls[call].offers if o.agent == agent][-1]

    def _left(self, now: int, call: str, queue: Party | None, agent: Party | None, **more: Any) -> None:
        assert queue is not None
        entered = self._visit(call, queue).entered_at
        self.tell(
            Call(
                source=SOURCE, id_call=call, visits=(Visit(queue=queue, entered_at=entered, active=False, ended_at=now, asof=now, **more),)
            )
        )

    def _voicemail(self, now: int, call: str, queue: Party | None, agent: Party | None) -> None:
        self._left(now, call, queue, agent, voicemail=True)

    def _callback(self, now: int, call: str, queue: Party | None, agent: Party | None) -> None:
        self._left(now, call, queue, agent, callbacks=1)

    def _rings(self, now: int, call: str, queue: Party | None, agent: Party | None) -> None:
        assert agent is not None
        self.tell(
            Call(
                source=SOURCE, id_call=call, offers=(Offer(agent=agent, queue=queue, began_at=now, active=True, answered=False, asof=now),)
            )
        )

    def _missed(self, now: int, call: str, queue: Party | None, agent: Party | None) -> None:
        assert agent is not None
        began = self._offer(call, agent).began_at or now
        self.tell(
            Call(
                source=SOURCE,
                id_call=call,
                offers=(Offer(agent=agent, queue=queue, began_at=began, active=False, ended_at=now, ring_ms=now - began, asof=now),),
            )
        )

    def _answered(self, now: int, call: str, queue: Party | None, agent: Party | None) -> None:
        assert agent is not None
        if not any(o.agent == agent and not o.ended for o in self.calls[call].offers):
            self._rings(now - 2000, call, queue, agent)
        began = self._offer(call, agent).began_at
        offer = Offer(agent=agent, queue=queue, began_at=began, active=True, answered=True, answered_at=now, asof=now)
        self.tell(Call(source=SOURCE, id_call=call, offers=(offer,)))
        self._journey(call, active=True, answered=True, first_answered_at=now, first_agent=agent, asof=now)
        if queue is not None:
            entered = self._visit(call, queue).entered_at
            visit = Visit(queue=queue, entered_at=entered, active=True, answered=True, answered_at=now, asof=now)
            self.tell(Call(source=SOURCE, id_call=call, visits=(visit,)))

    def _ended(self, now: int, call: str, queue: Party | None, agent: Party | None) -> None:
        if agent is not None:
            offer = self._offer(call, agent)
            talk = now - (offer.answered_at or now)
            told = Offer(
                agent=agent, queue=queue, began_at=offer.began_at, active=False, ended_at=now, talk_ms=talk, ring_ms=2000, asof=now
            )
            self.tell(Call(source=SOURCE, id_call=call, offers=(told,)))
        self._journey(call, active=False, ended_at=now, asof=now)

    def _available(self, now: int, call: str, queue: Party | None, agent: Party | None) -> None:
        self._present(now, agent, queue, status="available")

    def _unavailable(self, now: int, call: str, queue: Party | None, agent: Party | None) -> None:
        self._present(now, agent, queue, status="unavailable")

    def _wrapup(self, now: int, call: str, queue: Party | None, agent: Party | None) -> None:
        self._present(now, agent, queue, status="unavailable", is_wrapup=True)

    def _talks(self, now: int, call: str, queue: Party | None, agent: Party | None) -> None:
        active = ActiveCall(id_call=call, answered=True, queue=queue, started_at=now)
        self._present(now, agent, queue, status="available", active_call=active)

    def _present(self, now: int, agent: Party | None, queue: Party | None, **words: Any) -> None:
        assert agent is not None
        logins = (QueueLogin(queue=queue),) if queue is not None else ()
        self.show(AgentPresence(source=SOURCE, agent=agent, logged_in=logins, told_at=now, **words))


def day(table: str, **given: Any) -> Callable[[Callable[[Desk], None]], Callable[[], None]]:
    """Runs a test on the desk of a table: at | what | call | queue | agent, first line the head."""

    def decorate(test: Callable[[Desk], None]) -> Callable[[], None]:
        @functools.wraps(test)
        def run() -> None:
            desk = Desk(**given)
            for line in [row for row in table.strip().splitlines() if row.strip()][1:]:
                cells = [cell.strip() for cell in line.split("|")]
                clock, what, call, queue, agent = [*cells, "", "", "", ""][:5]
                desk.happen(clock, what, call, queue, agent)
            test(desk)

        del run.__wrapped__
        return run

    return decorate
