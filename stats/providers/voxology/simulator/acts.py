"""What people do, one act at a time, when a test says so: through the same exchange as the floor's own people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stats.simulation.exchange import Listener
from stats.simulation.records import Call, Direction, Offer, Visit
from stats.simulation.scenarios import Cast, cast

NUMBER = "0046701740612"


class Acts:
    """Three agents and two queues of its own. Callers are known by the names the test gives them."""

    def __init__(self, hear: Listener, now: Callable[[], int]) -> None:
        self._hear, self._now = hear, now
        self._cast: Cast | None = None
        self.calls: dict[str, Call] = {}

    def do(self, act: str, name: str, asked: Mapping[str, Any]) -> Call:
        """One act of one caller. Raises ValueError where it cannot be."""
        acts = {"call": self._call, "enter": self._enter, "ring": self._ring, "answer": self._answer, "hang_up": self._hang_up}
        acts["lead_on"] = self._lead_on
        if act not in acts:
            raise ValueError(f"an act is one of {', '.join(acts)}")
        if self._cast is None:
            self._cast = cast(self._hear, self._now())
        acts[act](self._cast, name, asked)
        return self.calls[name]

    def _call(self, on: Cast, name: str, asked: Mapping[str, Any]) -> None:
        call = Call(id=name, direction=Direction.INCOMING, started_at=self._now(), number=str(asked.get("number", NUMBER)))
        self.calls[name] = on.exchange.start_call(call)

    def _enter(self, on: Cast, name: str, asked: Mapping[str, Any]) -> None:
        on.exchange.enter_queue(self.calls[name], on.queues[int(asked.get("queue", 0))], self._now())

    def _ring(self, on: Cast, name: str, asked: Mapping[str, Any]) -> None:
        on.exchange.offer(self.calls[name], on.agents[int(asked.get("agent", 0))], self._now(), self._waits(name))

    def _answer(self, on: Cast, name: str, _asked: Mapping[str, Any]) -> None:
        on.exchange.answer(self._ringing(name), self._now())

    def _hang_up(self, on: Cast, name: str, asked: Mapping[str, Any]) -> None:
        on.exchange.end_call(self.calls[name], self._now(), str(asked.get("reason", "CALLER_HANGUP")))

    def _lead_on(self, on: Cast, name: str, asked: Mapping[str, Any]) -> None:
        visit = self._waits(name)
        if visit is None:
            raise ValueError("that caller waits nowhere")
        on.exchange.close_visit(visit, self._now(), str(asked.get("reason", "TIMEOUT")))

    def _waits(self, name: str) -> Visit | None:
        return next((visit for visit in self.calls[name].visits if visit.waiting), None)

    def _ringing(self, name: str) -> Offer:
        for offer in self.calls[name].offers:
            if offer.ringing:
                return offer
        raise ValueError("nobody is rung for that caller")
