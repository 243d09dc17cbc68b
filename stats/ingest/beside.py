"""What a session does for the one vendor and not for the other: read the inbox, look after subscriptions, ask who there is, pull slots."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from stats.clock import now_ms
from stats.domain.facts import SourceFacts
from stats.domain.lacking import PAST
from stats.domain.periods import business_day, day_bounds
from stats.ingest.health import SourceHealth
from stats.ingest.hourly import Slots
from stats.ingest.keeping import Keeping
from stats.ingest.knowing import Knowing
from stats.ingest.noting import Noting
from stats.ingest.ordering import LOOK_EVERY_S, Ordering, Posted
from stats.ingest.pipeline import Road
from stats.ingest.seeding import SLOT_KIND, Seeding
from stats.ingest.unheard import SHORT_MS, since_nobody_listened
from stats.live.board_store import Store
from stats.live.inbox import Inbox, InboxFrames
from stats.providers.base import Frames, Hooked, Knows, LiveProvider, Settles
from stats.providers.learning import Learns
from stats.providers.registry import COMPANIES

Work = Callable[[], Coroutine[Any, Any, None]]


class Beside:
    """Of one source."""

    def __init__(
        self,
        store: Store,
        organisation: str,
        provider: LiveProvider,
        road: Road,
        health: SourceHealth,
        posted: Posted,
    ) -> None:
        self._store, self._organisation, self._provider, self._road, self._health = store, organisation, provider, road, health
        self._posted = posted
        self.slots: Slots | None = None
        self._good_at = 0  # until when somebody before us looked after what is posted
        road.silence.matters = any(scope.endswith(PAST) for scope in health.facts.lacks)
        road.silence.heard = getattr(provider, "heard", None)
        health.learnt = provider.learnt if isinstance(provider, Learns) else None

    def open(self, feed: str, keeping: Keeping | None) -> AbstractAsyncContextManager[Frames]:
        """A feed: the vendor's own, or what was posted to us. What is read of the inbox goes out of it when everything it told is safe."""
        if self._provider.feeds[feed].via != "hook":
            return self._provider.open(feed)

        async def settled() -> None:
            await self._road.until_written()
            if keeping is not None:
                await keeping.last_words()

        return nullcontext(InboxFrames(Inbox(self._store, self._organisation, self._road.source), settled, now_ms))

    async def recall(self) -> None:
        """Tell a provider that compares what is with what was which calls were open. Raises StoreAway."""
        if isinstance(self._provider, Settles):
            ids = await self._store.open_ids(self._organisation, self._road.source)
            held = await self._store.load(self._organisation, self._road.source, ids)
            self._provider.recall(each.call for each in held.values() if each.call is not None and not each.call.over)

    def begun(self, left: SourceFacts | None, apart_ms: int, whole: bool) -> None:
        """Write down since when nobody had listened, if anything can have been missed; not where all was handed over (`whole`)."""
        now = now_ms()
        if left is not None and isinstance(self._provider, Learns):
            self._provider.remember(left.learnt)
        self._good_at = now if left is None else _looked_at(left) + apart_ms
        since = None if whole else since_nobody_listened(left, self._provider.feeds, apart_ms, now)
        if since is not None:
            self._road.silence.add(since, now)

    def forgot(self) -> None:
        """The store has lost its day."""
        first = day_bounds(business_day(now_ms(), self._road.timezone), self._road.timezone)[0]
        self._road.silence.forgot(first, (id_call for id_call, held in self._road.calls.items() if held.call is not None))

    def missed(self, want: Callable[[int], None], *, posts: bool = False) -> Callable[[int], None]:
        """`want`, with what may have been missed since an instant written down: posts that were not taken, else what nobody asked for."""

        def missed(since: int) -> None:
            now = now_ms()
            if posts or (since and now - since > SHORT_MS):
                self._road.silence.add(since, now)
            want(since)

        return missed

    def works(
        self,
        seeding: Seeding,
        told: Callable[[], None],
        changed: Callable[[], None],
        missed: Callable[[int], None],
        works: Callable[[], None],
    ) -> list[Work]:
        """Whatever goes on beside the feeds and the past for as long as the source is ours."""
        found: list[Work] = []
        if SLOT_KIND in self._provider.historic_kinds:
            self.slots = Slots(self._road, seeding, self._health, told)
            found.append(self.slots.keep)
        if isinstance(self._provider, Hooked) and self._posted.address:
            unposted = self.missed(missed, posts=True)
            ordering = Ordering(
                self._provider,
                self._posted,
                self._health,
                changed=changed,
                missed=missed,
                lost=unposted,
                works=works,
                good_at=self._good_at,
            )
            found.append(ordering.keep)
        if seeding.note_kinds:
            found.append(Noting(seeding, self._health, seeding.note_kinds).keep)
        if isinstance(self._provider, Knows):
            found.append(Knowing(self._provider, self._road, self._health, told).keep)
        return found


def company_facts(health: SourceHealth, provider: LiveProvider) -> bool:
    """Write down what the vendor cannot tell; whether the states of its agents are derived."""
    company = COMPANIES.get(health.facts.provider)
    if company is None:
        return False

    def lacks() -> dict[str, tuple[str, ...]]:
        told: Mapping[str, Sequence[str]] = {**company.lacks, **getattr(provider, "lacks", {})}
        return {scope: tuple(names) for scope, names in told.items()}

    health.facts.lacks, health.lacks = lacks(), lacks
    health.facts.derived = company.derives_presence
    # A vendor that has queues in its past has them, whatever its options name.
    health.facts.named_queues = company.can.get("queues_past") == "derived" and any(option.kind == "queues" for option in company.options)
    return company.derives_presence


def _looked_at(left: SourceFacts) -> int:
    """Until when what is ordered at the vendor was in order, by the last report and its worker's clock."""
    if left.looked_at is not None:
        return left.looked_at
    # Nobody has ever seen it in order since the last time in which nobody listened.
    return min([left.written_at - round(LOOK_EVERY_S * 1000), *(each.end for each in left.unheard[-1:])])
