"""Every call the vendor has or had, by its id, with who waits in which queue; and what the call flows say of each change, for WEBHOOKs.

`hear` takes what happens on a floor. What it returns are events of call flows: (line, event name, webhook data). A caller who hangs up ends
the flow, so that nothing of it says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stats.providers.voxology.simulator.documents import Line, agent_id, queue_name
from stats.simulation.exchange import Subject
from stats.simulation.records import Call, Direction, Offer, Visit

Event = tuple[Line, str, dict[str, Any]]
_FLOW_LEADS_ON = {"TIMEOUT": "", "NO_AGENTS": "", "VOICEMAIL": "voicemail", "CALLBACK": "callback"}


class Lines:
    """The calls of one application and its sub accounts. `space`: the sub account that new calls belong to."""

    def __init__(self) -> None:
        self.space = ""
        self.by_id: dict[str, Line] = {}
        self.ended: list[Line] = []  # in the order in which they ended
        self.queues: dict[str, dict[str, dict[Visit, Line]]] = {}  # space -> name -> who waits
        self.emptied_at: dict[tuple[str, str], int] = {}
        self.waits: dict[tuple[str, str], list[int]] = {}
        self.release_events = True
        self._of_call: dict[int, Line] = {}
        self._of_offer: dict[int, Line] = {}
        self._told: set[tuple[int, str]] = set()
        self._last = 100_000

    # -- reading -------------------------------------------------------------------------------------------------------

    def live(self, space: str) -> list[Line]:
        """Calls in progress, agents' legs among them."""
        found = [*self._of_call.values(), *self._of_offer.values()]
        return [line for line in found if line.ended_at is None and line.space == space]

    def line_of(self, call: Call) -> Line:
        """The vendor's call of a caller."""
        return self._of_call[id(call)]

    def legs_of(self, line: Line) -> Iterator[Line]:
        """The agents' legs of a call."""
        return (each for each in self.by_id.values() if each.parent == line.id)

    # -- hearing -------------------------------------------------------------------------------------------------------

    def hear(self, at: int, subject: Subject) -> list[Event]:
        """Something happened on the floor; what the flows say of it."""
        if isinstance(subject, Call):
            return self._call(at, subject)
        if isinstance(subject, Visit):
            return [*self._call(at, subject.call), *self._visit(at, subject)]
        if isinstance(subject, Offer):
            return self._offer(at, subject)
        return []

    def _new(self, call: Call, offer: Offer | None, parent: str | None, space: str) -> Line:
        self._last += 1
        line = Line(id=f"{self._last}@{4000 + self._last % 977}", call=call, space=space, offer=offer, parent=parent)
        self.by_id[line.id] = line
        return line

    def _once(self, subject: object, what: str) -> bool:
        mark = (id(subject), what)
        if mark in self._told:
            return False
        self._told.add(mark)
        return True

    def _call(self, at: int, call: Call) -> list[Event]:
        line = self._of_call.get(id(call))
        if line is None:
            line = self._of_call[id(call)] = self._new(call, None, None, self.space)
        events: list[Event] = []
        for menu, when in call.menus:
            if self._once(call, f"menu {when}"):
                events.append((line, "onMenu", {"menu": menu.name, "at": when}))
        if call.voicemail and self._once(call, "voicemail"):
            events.append((line, "onVoicemail", {"at": at}))
        if call.callback and self._once(call, "callback"):
            events.append((line, "onCallback", {"at": at}))
        if call.direction is Direction.OUTGOING and line.connected_at is not None and self._once(call, "connected"):
            events.append((line, "onConnected", {"at": line.connected_at}))
        if call.ended_at is not None and self._once(call, "ended"):
            self.ended.append(line)
        return events

    def _visit(self, at: int, visit: Visit) -> list[Event]:
        line, name = self._of_call[id(visit.call)], queue_name(visit.queue)
        queue = self.queues.setdefault(line.space, {}).setdefault(name, {})
        if visit.waiting:
            if visit in queue:
                return []
            queue[visit] = line
            return [(line, "onEnterQueue", {"queue": name, "at": visit.entered_at})]
        if queue.pop(visit, None) is not None:
            self.waits.setdefault((line.space, name), []).append(at - visit.entered_at)
            if not queue:
                self.emptied_at[line.space, name] = at
        to = "" if visit.answered_at is not None else _FLOW_LEADS_ON.get(visit.fail_reason or "")
        if to is None or not self._once(visit, "left"):
            return []
        left_at = visit.answered_at if visit.answered_at is not None else at
        data = {"queue": name, "at": left_at, "entered": visit.entered_at}
        return [(line, "onLeaveQueue", {**data, "to": to} if to else data)]

    def _offer(self, at: int, offer: Offer) -> list[Event]:
        if offer.call.direction is Direction.OUTGOING:
            return self._call(at, offer.call)
        caller = self._of_call[id(offer.call)]
        events = self._call(at, offer.call)
        leg = self._of_offer.get(id(offer))
        if leg is None:
            leg = self._of_offer[id(offer)] = self._new(offer.call, offer, caller.id, caller.space)
            rung: dict[str, Any] = {"agent_id": agent_id(offer.agent), "agent_name": offer.agent.name, "at": offer.began_at}
            if offer.visit is not None:
                rung["queue"] = queue_name(offer.visit.queue)
            events.append((caller, "onAgentRinging", rung))
        if offer.answered_at is not None and self._once(offer, "answered"):
            events.append((leg, "onAgentConnected", {"at": offer.answered_at}))
        if offer.ended_at is not None and self._once(offer, "ended"):
            self.ended.append(leg)
            if offer.answered_at is not None and self.release_events:
                events.append((leg, "onAgentReleased", {"at": offer.ended_at}))
        return events

    # -- what tests may do ---------------------------------------------------------------------------------------------

    def dequeue(self, space: str, name: str, call_id: str | None = None) -> tuple[Visit, Line] | None:
        """Take a caller out of a queue, the first one unless another is named: the flow leads on."""
        queue = self.queues.get(space, {}).get(name, {})
        for visit, line in queue.items():
            if call_id is None or line.id == call_id:
                del queue[visit]
                return visit, line
        return None

    def forget(self) -> None:
        """Drop the ids by which the floor's objects of ended calls are known; the calls themselves stay."""
        gone = [key for key, line in self._of_offer.items() if line.ended_at is not None]
        for key in gone:
            del self._of_offer[key]
        gone = [key for key, line in self._of_call.items() if line.ended_at is not None and line.call.ended_at is not None]
        for key in gone:
            del self._of_call[key]
