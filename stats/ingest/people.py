"""The presence of one source's agents on its way to the store: the latest document, its state, and time that has become certain.

Time credited is added in the same step that moves the presence on, so it is counted once whatever is restarted or repeated.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from stats.domain.agent_states import Credit, KnownPresence, credits, succeed
from stats.domain.directory import Directory
from stats.domain.forgetting import under
from stats.domain.merge import DISORDER_MS
from stats.domain.presence_changes import PresenceSeen, change_of
from stats.domain.records import AgentPresence, Party
from stats.live.board_store import Store

# Documents of an agent kept to be told again when the store turns out to be older than what it was told.
RECENT = 12
Row = tuple[str, KnownPresence, Sequence[Credit]]


class People:
    """What is held of the agents, and what the store has not been told."""

    def __init__(self, store: Store, organisation: str, source: str, timezone: str) -> None:
        self._store, self._organisation, self._source = store, organisation, source
        self.timezone = timezone
        self.known: dict[str, KnownPresence] = {}
        self._dirty: set[str] = set()
        self._credits: dict[str, list[Credit]] = {}
        self._totals: dict[str, dict[tuple[str, str], int]] = {}
        self._recent: dict[str, deque[AgentPresence]] = {}
        self._sent: dict[str, list[Credit]] = {}
        self._doubted = False
        self.changes: list[PresenceSeen] = []  # for the archive, which takes them away

    @property
    def dirty(self) -> bool:
        """Something waits to be written."""
        return bool(self._dirty)

    def tell(self, told: AgentPresence, agents: Directory) -> None:
        """Take in a presence document."""
        key = agents.key(told.agent)
        if key is None:
            return
        held = self.known.get(key)
        if held is not None and told.told_at <= held.document.told_at:
            # Documents of one agent stay in their order wherever they are kept, also when a burst of them is read in one millisecond.
            told = replace(told, told_at=held.document.told_at + 1)
        if held is not None and self._shows_a_dropped_call(key, held.document, told):
            return
        presence, closed = succeed(held, told, self.timezone)
        if presence is held:
            return
        self.known[key] = presence
        change = change_of(key, held, presence)
        if change is not None:
            self.changes.append(change)
        self._recent.setdefault(key, deque(maxlen=RECENT)).append(told)
        self._credit(key, closed)

    def _shows_a_dropped_call(self, key: str, held: AgentPresence, told: AgentPresence) -> bool:
        """Whether a document was overtaken by the one that ended its call. Nothing but what came before can tell: the vendor numbers
        nothing, and a document that comes later than frames swap, or says that it is newer, is believed."""
        if held.active_call is not None or told.active_call is None or not 0 <= told.told_at - held.told_at <= DISORDER_MS:
            return False
        if (told.profile_since, told.updated_at) != (held.profile_since, held.updated_at):
            return False
        for before in self._recent.get(key, ()):
            call = before.active_call
            if call is not None and (call.id_call, call.started_at) == (told.active_call.id_call, told.active_call.started_at):
                return True
        return False

    def _credit(self, key: str, closed: Sequence[Credit]) -> None:
        self._credits.setdefault(key, []).extend(closed)
        totals = self._totals.setdefault(key, {})
        for credit in closed:
            totals[(credit.day, credit.metric)] = totals.get((credit.day, credit.metric), 0) + credit.ms
        self._dirty.add(key)

    def step(self, by: int, now: int) -> None:
        """Our clock was stepped and reads `now`: time in state is what has passed, and documents stay in the order in which they came."""
        self._recent = {
            key: deque((replace(document, told_at=document.told_at + by) for document in kept), maxlen=RECENT)
            for key, kept in self._recent.items()
        }
        for key, held in self.known.items():
            self._credit(key, credits(held, held.credited_to, now - by, self.timezone))
            document = replace(held.document, told_at=held.document.told_at + by)
            self.known[key] = replace(held, document=document, credited_to=now)

    async def load(self, by: int = 0) -> None:
        """What the store knows, by a clock that is `by` behind ours; what was told meanwhile is told again on top. Raises StoreAway."""
        stored = await self._store.load_presence(self._organisation)
        for key, presence in stored.items():
            if presence.document.source != self._source:
                continue
            mine = self.known.get(key)
            if by:
                document = replace(presence.document, told_at=presence.document.told_at + by)
                presence = replace(presence, document=document, credited_to=presence.credited_to + by)
                self._dirty.add(key)
            if mine is None:
                self.known[key] = presence
                # Who held the source before may have died between telling the store and passing the change on.
                if (change := change_of(key, None, presence)) is not None:
                    self.changes.append(change)
            else:
                self._rebase(key, mine, presence)

    def _rebase(self, key: str, mine: KnownPresence, stored: KnownPresence) -> None:
        """Tell what came after `stored` on top of it, document by document: the time between belongs to each of them."""
        presence, credited = stored, list[Credit]()
        for document in self._recent.get(key, ()):
            if document.told_at > stored.document.told_at and document is not mine.document:
                presence, closed = succeed(presence, document, self.timezone)
                credited += closed
        # What another worker heard after the last of ours is the newer one: ours may be on its way to the past.
        if mine.document.told_at >= stored.document.told_at:
            presence, closed = succeed(presence, mine.document, self.timezone)
            credited += closed
        self.known[key] = replace(presence, version=stored.version)
        self._credits[key] = credited
        self._dirty.add(key)

    def rename(self, key: str, pseudonym: Party) -> None:
        """An agent was erased: what is held of the presence names the pseudonym; `move` then puts it in its place."""
        self._recent.pop(key, None)
        held = self.known.get(key)
        if held is not None:
            self.known[key] = replace(held, document=under(held.document, pseudonym))
            self._dirty.add(key)

    def doubt(self) -> None:
        """The store may have lost everything: read versions again, and tell all that is known, time included."""
        self._doubted = True
        self._dirty.update(self.known)

    async def settle_doubt(self) -> None:
        """After `doubt`: base every presence on what the store has now, or on nothing. Raises StoreAway."""
        if not self._doubted:
            return
        stored = await self._store.load_presence(self._organisation)
        for key, mine in self.known.items():
            held = stored.get(key)
            if held is None:
                self.known[key] = replace(mine, version=0)
                self._credits[key] = [Credit(day, metric, ms) for (day, metric), ms in self._totals.get(key, {}).items()]
            else:
                self._rebase(key, mine, held)
        self._doubted = False

    def move(self, old: str, new: str) -> None:
        """An agent known by one key turned out to be another."""
        if old in self.known:
            self.known.setdefault(new, self.known.pop(old))
        if old in self._recent:
            self._recent.setdefault(new, self._recent.pop(old))
        if old in self._credits:
            self._credits[new] = [*self._credits.pop(old), *self._credits.get(new, [])]
        for (day, metric), ms in self._totals.pop(old, {}).items():
            totals = self._totals.setdefault(new, {})
            totals[(day, metric)] = totals.get((day, metric), 0) + ms
        if old in self._dirty:
            self._dirty.discard(old)
            self._dirty.add(new)

    def take(self) -> list[Row]:
        """Rows to be written; the caller writes them and says `written`, or puts them back."""
        rows: list[Row] = []
        for key in list(self._dirty):
            presence = self.known.get(key)
            if presence is not None:
                self._sent[key] = self._credits.pop(key, [])
                rows.append((key, presence, self._sent[key]))
        self._dirty.clear()
        return rows

    def put_back(self, rows: Sequence[Row]) -> None:
        """The step may or may not have happened: the store's version decides before the next."""
        for key, _, closed in rows:
            self._credits[key] = [*closed, *self._credits.get(key, [])]
            self._sent.pop(key, None)
            self._dirty.add(key)

    async def written(self, conflicts: frozenset[str]) -> None:
        """The step happened, but for these agents, whom somebody else told more of. Raises StoreAway."""
        sent, self._sent = self._sent, {}
        for key in sent:
            if key not in conflicts and key in self.known:
                self.known[key] = replace(self.known[key], version=self.known[key].version + 1)
        if not conflicts:
            return
        stored = await self._store.load_presence(self._organisation, list(conflicts))
        for key in conflicts:
            mine, held = self.known[key], stored.get(key)
            if held is None:
                self.known[key] = replace(mine, version=0)
                self._credits[key] = [*sent[key], *self._credits.get(key, [])]
                self._dirty.add(key)
            else:
                self._rebase(key, mine, held)
