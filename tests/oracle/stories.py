"""What can happen to one caller: a table of stories, each of which plays one call into a script.

Times near the borders that the metrics draw (short limit 5 s, target 20 s, one second for a withdrawn ringing) come up often.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.oracle.floor import Busy, Floor
from tests.oracle.script import AgentNamed, QueueNamed, Script

WAITS = (4_900, 4_999, 5_000, 5_001, 5_100, 19_000, 19_999, 20_000, 20_001, 21_000)


@dataclass(slots=True)
class Stage:
    """One call being played: its script, the floor it happens on, and the clock."""

    script: Script
    floor: Floor
    rng: random.Random
    now: int
    controversial: bool = False

    def wait(self, least: int = 1_500, most: int = 90_000) -> int:
        self.now += self.rng.randrange(least, most)
        return self.now

    def begin(self, *, ivr_share: float = 0.6) -> None:
        ivr = self.rng.random() < ivr_share
        self.script.begin(self.now, ivr=ivr)
        self.wait(2_000, 15_000) if ivr else self.wait(20, 800)

    def queue(self, other_than: QueueNamed | None = None) -> QueueNamed:
        return self.rng.choice([queue for queue in self.floor.queues if queue != other_than] or self.floor.queues)

    def border_wait(self) -> int:
        return self.rng.choice(WAITS) if self.rng.random() < 0.5 else self.rng.randrange(1_000, 120_000)

    def miss(self, queue: QueueNamed | None, visit: str | None, n: int = 1, *, told: bool = True) -> None:
        """Some agents ring in vain, one after the other."""
        for _ in range(n):
            rings = self.rng.randrange(2_500, 15_000)
            for agent in self.floor.free(self.now, self.now + rings):
                offer = self.script.ring(agent, self.now, queue=queue, visit=visit)
                self.book(agent, queue, self.now, None, self.now + rings)
                self.script.stop_ringing(offer, self.now, self.now + rings, told=told)
            self.now += rings + self.rng.randrange(1_200, 4_000)

    def talk(
        self,
        queue: QueueNamed | None,
        visit: str | None,
        *,
        answers_at: int | None = None,
        says_visit: bool = True,
        names_queue: bool = True,
        first: bool = True,
        instants: bool = True,
        talk_told: bool = True,
        also_rings: int = 0,
    ) -> AgentNamed | None:
        """An agent rings, answers, talks and hangs up; `self.now` is then the end of the talk. None when nobody is free."""
        rings = self.rng.randrange(1_100, 9_000)
        answered = max(answers_at or 0, self.now + rings)
        began = answered - rings
        talks = self.rng.choice((self.rng.randrange(1_500, 20_000), self.rng.randrange(20_000, 600_000)))
        hold = self.rng.randrange(500, 60_000) if self.rng.random() < 0.3 else 0
        ended = answered + talks + hold
        free = self.floor.free(began, ended, 1 + also_rings)
        if not free:
            return None
        agent, *others = free
        named = queue if names_queue else None
        offer = self.script.ring(agent, began, queue=named, visit=visit if names_queue else None)
        self.book(agent, queue, began, answered, ended)
        for other in others:
            lost = self.script.ring(other, began, queue=named, visit=visit if names_queue else None)
            until = answered + self.rng.choice((0, 40, 300, *((1_000,) if self.controversial else ())))
            self.book(other, queue, began, None, until)
            self.script.stop_ringing(lost, began, until, reason="ANSWERED_ELSEWHERE")
        self.script.answer(offer, agent, answered, visit=visit if says_visit else None, first=first, instants=instants)
        self.script.hang_up(offer, began, answered, ended, hold=hold, visit=visit if says_visit else None, told=talk_told)
        self.now = ended
        return agent

    def book(self, agent: AgentNamed, queue: QueueNamed | None, began: int, answered: int | None, ended: int) -> None:
        queue_id = queue.id if queue is not None and self.rng.random() < 0.9 else None
        self.floor.book(agent, Busy(self.script.id_call, queue_id, began, answered, ended, self.script.direction or "incoming"))

    def end(self, **more: Any) -> None:
        self.script.end(self.now, **more)


def gives_up_in_the_menu(stage: Stage) -> None:
    stage.begin(ivr_share=0.9)
    stage.end()


def is_answered(stage: Stage) -> None:
    """Waits, perhaps rings in vain first, is answered; told in every degree of completeness."""
    rng = stage.rng
    stage.begin()
    queue = stage.queue()
    visit = stage.script.enter(queue, stage.now)
    entered = stage.now
    stage.miss(queue, visit, rng.choice((0, 0, 0, 1, 2, 3)))
    # Without agents' documents nobody but the queue's can say that it was answered here.
    says_visit, instants = rng.random() < 0.85 or "agents" in stage.script.silent, rng.random() < 0.85
    answers_at = entered + stage.border_wait()
    ring_all = rng.choice((0, 0, 0, 2, 4)) if instants else 0
    quiet = rng.random() < 0.3
    agent = stage.talk(
        queue,
        visit,
        answers_at=answers_at,
        says_visit=says_visit,
        instants=instants or not says_visit,
        talk_told=not quiet,
        also_rings=ring_all,
    )
    if agent is None:
        stage.now = max(stage.now, entered + stage.border_wait())
    if agent is None or not says_visit:
        # Nobody was free: gives up. Or the queue document only says that the caller left, and the agent's document says why.
        stage.script.leave(visit, stage.now if agent is None else max(answers_at, stage.now), told=True)
    stage.end(**({"recorded": 1} if rng.random() < 0.3 else {}))


def gives_up(stage: Stage) -> None:
    """Leaves the queue unanswered, sometimes while a phone rings, sometimes without a closing frame."""
    rng = stage.rng
    stage.begin()
    queue = stage.queue()
    visit = stage.script.enter(queue, stage.now)
    entered = stage.now
    stage.miss(queue, visit, rng.choice((0, 0, 1, 2)), told=rng.random() < 0.9)
    stage.now = max(stage.now, entered + stage.border_wait())
    if rng.random() < 0.4:
        began = max(entered, stage.now - rng.randrange(900, 8_000))
        for agent in stage.floor.free(began, stage.now, rng.choice((1, 3))):
            offer = stage.script.ring(agent, began, queue=queue, visit=visit)
            stage.book(agent, queue, began, None, stage.now)
            stage.script.stop_ringing(offer, began, stage.now, reason="CANCELLED", told=rng.random() < 0.7)
    stage.script.leave(visit, stage.now, told=rng.random() < 0.85)
    stage.now += rng.choice((0, 0, 150, 400))
    stage.end()


def overflows(stage: Stage) -> None:
    """One queue after the other, sometimes the same again; in the end answered, lost, or recorded."""
    rng = stage.rng
    stage.begin()
    queue = stage.queue()
    for _ in range(rng.choice((1, 1, 2))):
        visit = stage.script.enter(queue, stage.now)
        stage.miss(queue, visit, rng.choice((0, 1, 2)))
        stage.now += stage.border_wait() // 2 + 2_000
        stage.script.leave(visit, stage.now)
        queue = queue if rng.random() < 0.3 else stage.queue(queue)
        stage.now += rng.choice((0, 5, 2_500))
        stage.now += 0 if queue.id is None else rng.choice((0, 1_200))
    last = stage.script.enter(queue, stage.now)
    entered = stage.now
    ending = rng.choice(("answered", "answered", "lost", "voicemail"))
    if ending == "answered" and stage.talk(queue, last, answers_at=entered + stage.border_wait()) is not None:
        stage.end()
        return
    stage.now = max(stage.now, entered + stage.border_wait())
    stage.script.leave(last, stage.now, **({"voicemail": 1} if ending == "voicemail" else {}))
    stage.wait(1_500, 20_000)
    stage.end()


def is_answered_elsewhere(stage: Stage) -> None:
    """Overflows out of the queue to a phone outside it, whose agent may not be tracked at all."""
    stage.begin()
    queue = stage.queue()
    visit = stage.script.enter(queue, stage.now)
    stage.now += stage.border_wait() + 1_500
    stage.script.leave(visit, stage.now)
    stage.now += stage.rng.choice((0, 30, 3_000))
    if stage.rng.random() < 0.3:
        stage.wait(2_000, 9_000)
        answered = {"answered": 1}
        stage.script.tell(stage.now, "calls", "", answered)
        stage.wait(5_000, 60_000)
    elif stage.talk(None, None, names_queue=False) is None:
        stage.wait()
    stage.end()


def leaves_a_message(stage: Stage) -> None:
    stage.begin()
    visit = stage.script.enter(stage.queue(), stage.now)
    stage.now += stage.border_wait()
    on_visit = stage.rng.random() < 0.6
    stage.script.leave(visit, stage.now, **({"voicemail": 1} if on_visit else {}))
    if not on_visit:
        stage.script.tell(stage.now, "calls", "", {"voicemail": 1})
    stage.wait(3_000, 40_000)
    stage.end(voicemail=1)


def orders_a_callback(stage: Stage) -> None:
    stage.begin()
    visit = stage.script.enter(stage.queue(), stage.now)
    stage.now += stage.border_wait()
    way = stage.rng.choice(("visit", "ordered", "counts"))
    stage.script.leave(visit, stage.now, **({"on_hooked_calls": 1} if way == "visit" else {"on_hooked_calls": 0}))
    more: dict[str, Any] = {}
    if way == "ordered":
        more = {"ohw_ordered": True}
    if way == "counts":
        counts = stage.rng.choice(("no_wait_request", "answer_wait_request", "customer_no_answer"))
        more = {
            "on_hooked_calls": {"no_wait_request": 0, "answer_wait_request": 0, "customer_no_answer": 0} | {counts: 1},
            "ohw_ordered": False,
        }
    stage.now += stage.rng.choice((0, 800))
    stage.end(**more)


def is_transferred(stage: Stage) -> None:
    """Answered in a queue, then handed to a colleague, or to another queue where the caller gives up."""
    rng = stage.rng
    stage.begin()
    queue = stage.queue()
    visit = stage.script.enter(queue, stage.now)
    if stage.talk(queue, visit, answers_at=stage.now + stage.border_wait()) is None:
        stage.now += stage.border_wait()
        stage.script.leave(visit, stage.now)
        stage.end()
        return
    stage.script.tell(stage.now, "calls", "", {"transfers": 1, "transfer_first": {"type": "blind", "answered": 0}})
    if rng.random() < 0.4:
        stage.script.tell(stage.now, "queues", visit, {"transfer": 1})
    stage.now += rng.randrange(200, 2_000)
    way = rng.choice(("colleague", "queue lost", *(("queue answered",) if stage.controversial else ())))
    if way == "colleague":
        stage.talk(None, None, names_queue=False, first=False)
    else:
        other = stage.queue(queue)
        second = stage.script.enter(other, stage.now)
        entered = stage.now
        if way == "queue lost" or stage.talk(other, second, answers_at=entered + stage.border_wait(), first=False) is None:
            stage.miss(other, second, rng.choice((0, 1)))
            stage.now = max(stage.now, entered + stage.border_wait())
            stage.script.leave(second, stage.now)
            stage.now += rng.choice((0, 200))
    stage.end()


def reception_loses_them(stage: Stage) -> None:
    """Reception answers, puts the caller in a queue, and the caller gives up there: answered before, so abandoned all the same."""
    stage.begin(ivr_share=0.2)
    if stage.talk(None, None, names_queue=False) is None:
        stage.wait()
    stage.now += stage.rng.randrange(10, 3_000)
    visit = stage.script.enter(stage.queue(), stage.now)
    entered = stage.now
    stage.now = max(stage.now, entered + stage.border_wait())
    if stage.controversial:
        for agent in stage.floor.free(stage.now - 2_000, stage.now):
            offer = stage.script.ring(agent, max(entered, stage.now - 2_000))
            stage.script.stop_ringing(offer, max(entered, stage.now - 2_000), stage.now)
    stage.script.leave(visit, stage.now)
    stage.end(transfers=1)


def calls_an_agent(stage: Stage) -> None:
    """Straight to one agent, no queue: answered, missed (the call goes on to a message), or hung up while it rings."""
    stage.begin(ivr_share=0.3)
    way = stage.rng.choice(("answered", "missed", "hung up"))
    if way == "answered" and stage.talk(None, None, names_queue=False) is not None:
        stage.end()
        return
    stage.miss(None, None)
    if way == "hung up":
        rings = stage.rng.randrange(1_500, 12_000)
        for agent in stage.floor.free(stage.now, stage.now + rings):
            offer = stage.script.ring(agent, stage.now)
            stage.book(agent, None, stage.now, None, stage.now + rings)
            stage.script.stop_ringing(offer, stage.now, stage.now + rings, reason="CANCELLED")
        stage.now += rings
    else:
        stage.wait(1_500, 20_000)
    stage.end()


def leaves_and_lingers(stage: Stage) -> None:
    """Out of the queue, but the call goes on in a menu: for that while it is nothing yet."""
    stage.begin()
    visit = stage.script.enter(stage.queue(), stage.now)
    stage.now += stage.border_wait()
    stage.script.leave(visit, stage.now)
    stage.wait(30_000, 900_000)
    stage.end()


def goes_out(stage: Stage) -> None:
    stage.script.direction = "outgoing"
    if stage.controversial and stage.rng.random() < 0.2:
        stage.script.internal = 1
    _dialled(stage)


def goes_inside(stage: Stage) -> None:
    stage.script.direction, stage.script.internal = stage.rng.choice((("internal", 1), ("incoming", 1)))
    if stage.rng.random() < 0.4:
        gives_up(stage)
    else:
        _dialled(stage)


def _dialled(stage: Stage) -> None:
    stage.begin(ivr_share=0.0)
    if stage.rng.random() < 0.7 and stage.talk(None, None, names_queue=False) is not None:
        stage.end()
        return
    stage.miss(None, None)
    stage.end()


STORIES: dict[Callable[[Stage], None], int] = {
    is_answered: 30,
    gives_up: 14,
    overflows: 10,
    is_answered_elsewhere: 5,
    leaves_a_message: 4,
    orders_a_callback: 5,
    is_transferred: 7,
    reception_loses_them: 5,
    calls_an_agent: 7,
    leaves_and_lingers: 4,
    gives_up_in_the_menu: 4,
    goes_out: 9,
    goes_inside: 6,
}
