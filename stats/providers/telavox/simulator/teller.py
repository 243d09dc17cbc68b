"""What the floor does, told: each change becomes a document, a row of the archive and a frame on the right socket.

The past is only noted (its documents are written when GraphQL asks); from `go_live` on every change is told at once.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from functools import partial

from stats.providers.telavox.simulator.archive import ROOTS, Archive, Key, Row, key_of, start_of
from stats.providers.telavox.simulator.documents import call_document, live, offer_document, visit_document
from stats.providers.telavox.simulator.parts import Document
from stats.providers.telavox.simulator.presence import live_slot, presence_document, slot_document
from stats.providers.telavox.simulator.switches import DATASOURCES, Switches
from stats.providers.telavox.simulator.wording import encoded, worded
from stats.simulation.exchange import Subject
from stats.simulation.floor import Floor
from stats.simulation.records import Agent, Call, Offer, Slot, Visit

DISORDER_S = 0.95
Told = Call | Visit | Offer


class Teller:
    """`push(datasource, frame)` sends; `now` gives epoch ms. Chance here is its own, so that switches never change the floor."""

    def __init__(
        self, archive: Archive, switches: Switches, push: Callable[[str, bytes], int], now: Callable[[], int], chance: random.Random
    ) -> None:
        self._archive = archive
        self._switches = switches
        self._push = push
        self._now = now
        self._chance = chance
        self._live = True
        self._current: dict[str, dict[Key, Document]] = {datasource: {} for datasource in DATASOURCES}
        self._batch: list[Document] = []
        self._later: set[asyncio.TimerHandle] = set()

    # -- the floor speaks ----------------------------------------------------------------------------------------------

    def hear(self, at: int, subject: Subject) -> None:
        """The floor's listener."""
        if isinstance(subject, Agent):
            if self._live:
                self._show_agent(subject)
        elif isinstance(subject, tuple):
            self._tell_slots(at, subject)
        elif self._live:
            self._tell(*self._noted(at, subject), subject)
        else:
            self._noted(at, subject)

    def begin_past(self) -> None:
        """What comes now has been long ago: noted, not told."""
        self._live = False

    def go_live(self, floor: Floor) -> None:
        """From here on changes are told. What is in progress is put down first, as it stands."""
        self._live = True
        for call in floor.calls:
            parts: list[Told] = [visit for visit in call.visits if visit.closed_at is None]
            parts.extend(offer for offer in call.offers if offer.ended_at is None)
            for subject in (call, *parts):
                self._put_down(call.started_at, subject)
        for agent in floor.agents:
            self._current["profile_live"][(agent.id,)] = presence_document(agent, self._switches.active_call_absent_as)

    def _put_down(self, at: int, subject: Told) -> None:
        root, row = self._noted(at, subject)
        document = self._written(subject)
        self._current[root][row.key] = live(root, document)
        self._archive.tell(row, row.first_at, document, keep_from=0, ended=False)

    def _noted(self, at: int, subject: Told) -> tuple[str, Row]:
        write = partial(self._written, subject)
        if isinstance(subject, Call):
            return "calls", self._archive.note("calls", (subject.id,), subject.started_at, at, subject.id, write)
        call = subject.call.id
        if isinstance(subject, Visit):
            key: Key = (call, subject.queue.id, subject.entered_at)
            return "queues", self._archive.note("queues", key, subject.entered_at, at, call, write)
        return "agents", self._archive.note("agents", (call, subject.agent.id, subject.began_at), subject.began_at, at, call, write)

    def _written(self, subject: Told) -> Document:
        if isinstance(subject, Call):
            return call_document(subject)
        if isinstance(subject, Visit):
            return visit_document(subject, self._switches.queue_closes_at)
        return offer_document(subject)

    def _tell(self, root: str, row: Row, subject: Told) -> None:
        switches = self._switches
        document = self._written(subject)
        ended = not document["active"]
        before = row.told[-1][1] if row.told else None
        if ended and before is not None and not before["active"] and isinstance(subject, Visit):
            return  # closed at the answer already; the talk's end is not told again
        self._keep(root, row, document, ended)
        if isinstance(subject, Offer) and switches.agent_frames == "end_only" and not ended:
            return
        self._send(root, live(root, document))
        if ended and before is not None and before["active"] and self._chance.random() < switches.late_frames:
            self._after(self._chance.uniform(0.2, 3.0), root, encoded(worded(live(root, before), switches, self._chance)))

    def _show_agent(self, agent: Agent) -> None:
        document = presence_document(agent, self._switches.active_call_absent_as)
        self._current["profile_live"][(agent.id,)] = document
        self._send("profile_live", document)

    def _tell_slots(self, at: int, slots: tuple[Slot, ...]) -> None:
        documents = []
        for slot in slots:
            write = partial(slot_document, slot, self._switches.slot_unit)
            self._archive.note("profile_history", (slot.agent.id, slot.start), slot.start, at, None, write)
            if self._live:
                documents.append(live_slot(write()))
        if documents:
            self._batch = documents
            self.send_batch()

    def send_batch(self) -> None:
        """The newest hour's batch, to everybody on /profile_history."""
        if self._switches.batch_mode == "array":
            self._push("profile_history", encoded([worded(document, self._switches, self._chance) for document in self._batch]))
            return
        for document in self._batch:
            self._send("profile_history", document)

    # -- a test speaks -------------------------------------------------------------------------------------------------

    def keep(self, datasource: str, document: Document) -> None:
        """Puts somebody's own document where GraphQL (and a snapshot) will find it, without a frame."""
        if datasource not in ROOTS:
            agent = document.get("agent") or {}
            self._current[datasource][(agent.get("id") or agent.get("account_id"),)] = document
            return
        call = document.get("id_call")
        key = key_of(datasource, document)
        row = self._archive.note(datasource, key, start_of(datasource, document), self._now(), call, None)
        self._keep(datasource, row, document, datasource == "profile_history" or not document.get("active"))

    def _keep(self, root: str, row: Row, document: Document, ended: bool) -> None:
        now = self._now()
        self._archive.tell(row, now, document, keep_from=now - round(self._switches.lag_s * 1000), ended=ended)
        if ended:
            self._current[root].pop(row.key, None)
        else:
            self._current[root][row.key] = live(root, document)

    # -- frames --------------------------------------------------------------------------------------------------------

    def snapshot(self, datasource: str) -> Iterator[bytes]:
        for document in list(self._current[datasource].values()):
            yield encoded(worded(document, self._switches, self._chance))

    def _send(self, datasource: str, document: Document) -> None:
        switches, chance = self._switches, self._chance
        frame = encoded(worded(document, switches, chance))
        if switches.out_of_order and chance.random() < switches.out_of_order:
            self._after(chance.uniform(0, DISORDER_S), datasource, frame)
        else:
            self._push(datasource, frame)
        if switches.duplicates and chance.random() < switches.duplicates:
            self._after(chance.uniform(0, DISORDER_S), datasource, frame)

    def _after(self, wait_s: float, datasource: str, frame: bytes) -> None:
        loop = asyncio.get_running_loop()

        def send() -> None:
            self._later.discard(handle)
            self._push(datasource, frame)

        handle = loop.call_later(wait_s, send)
        self._later.add(handle)

    def stop(self) -> None:
        for handle in self._later:
            handle.cancel()
        self._later.clear()
