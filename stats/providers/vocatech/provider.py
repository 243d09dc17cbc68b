"""Vocatech as the road sees it: legs posted to us, calls and messages to page through, and what was posted in vain."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from stats import clock
from stats.domain.errors import Malformed, Refused, Retry
from stats.domain.notes import Contact, Recording
from stats.domain.records import AgentPresence, Call, Telling
from stats.providers.base import Connected, FeedSpec, Frames, HookFact, Only, Page, Sound, SourceConfig, unpack_delivery
from stats.providers.vocatech import events, people
from stats.providers.vocatech.hearing import Hearing, Known
from stats.providers.vocatech.lacking import SILENT_GROUPS
from stats.providers.vocatech.lists import Lists
from stats.providers.vocatech.pace import Sleep
from stats.providers.vocatech.rest import NotThere, Rest
from stats.providers.vocatech.webhooks import Webhooks
from stats.providers.vocatech.wire import Media, read_as, read_event, word

EVERYTHING = Only()
HOUR_MS = 3_600_000
_LOCATOR = re.compile(r"rec_[\w-]{1,80}")


class VocatechProvider:
    """One Vocatech company, reached with one API key. `steady_ms` and `sleep` are our clock for the pace of questions alone."""

    feeds: Mapping[str, FeedSpec] = {"events": FeedSpec(name="events", calls=True, presence=True, tells="offers", via="hook")}
    historic_kinds: Sequence[str] = ("calls", "messages", "failures")
    # How a ring that nobody answered is to be read, a transfer, and who reached a menu alone: rows tell it, for two questions a minute.
    recent_every_s = 60.0
    note_kinds: Sequence[str] = ("messages",)

    def __init__(self, config: SourceConfig, *, steady_ms: Callable[[], int] = clock.steady_ms, sleep: Sleep = asyncio.sleep) -> None:
        self._config = config
        self._rest = Rest(config.live_url, config.token, steady_ms=steady_ms, sleep=sleep)
        self._webhooks = Webhooks(self._rest)
        self._lists = Lists(self._rest, self._webhooks, utc_days=bool(config.settings.get("utc_days")))
        self._known = Known.of(config.settings)
        self._contacts: dict[tuple[str, str], Contact] = {}

    # -- what is posted ------------------------------------------------------------------------------------------------

    @property
    def lacks(self) -> Mapping[str, Sequence[str]]:
        """Who waits is told by groups that post; where none has, nobody knows."""
        return {} if self._known.groups_post else SILENT_GROUPS

    def learnt(self) -> dict[str, str]:
        """Whether groups post; see Learns."""
        return {"groups": "post"} if self._known.groups_post else {}

    def remember(self, learnt: Mapping[str, str]) -> None:
        """See Learns."""
        self._known.groups_post |= learnt.get("groups") == "post"

    def open(self, feed: str) -> AbstractAsyncContextManager[Frames]:
        """Nothing is ever opened: the one feed is posted to us."""
        raise Refused("config", f"{feed} is posted, not opened")

    def read(self, feed: str, frame: bytes, *, received_at: int) -> tuple[list[Telling], list[Malformed]]:
        """What one delivery tells; see LiveProvider."""
        if feed not in self.feeds:
            return [], [Malformed("unknown_feed")]
        try:
            delivery = unpack_delivery(frame)
            return events.tell(read_event(delivery.body), self._hearing(received_at)), []
        except Malformed as why:
            return [], [why]

    def recall(self, calls: Iterable[Call]) -> None:
        """The calls that were open; see Settles."""
        self._known.recall(calls, self._config.name)

    # -- the past ------------------------------------------------------------------------------------------------------

    async def page(self, kind: str, *, start_ms: int, end_ms: int, first: int, after: str | None, received_at: int) -> Page:
        """One page of the past; see LiveProvider. `first` is not asked for: a page costs the vendor's patience, not its length."""
        hearing = self._hearing(received_at)
        try:
            if kind == "calls":
                return await self._lists.calls(start_ms, end_ms, after, hearing)
            if kind == "messages":
                return await self._lists.messages(start_ms, end_ms, after, hearing)
            return await self._lists.failures(start_ms, end_ms, hearing)
        except Malformed as why:
            raise Retry(f"the answer cannot be read: {why.reason}") from None
        except NotThere as why:
            raise Refused(why.kind, why.reason) from None

    async def report(self, kind: str, *, start_ms: int, end_ms: int, first: int, after: str | None, received_at: int, only: Only) -> Page:
        """The same; its queues and agents have no ids to ask for, so that of one of them nothing is proved."""
        if only != EVERYTHING:
            return Page(tellings=(), rows=0, partial=True)
        return await self.page(kind, start_ms=start_ms, end_ms=end_ms, first=first, after=after, received_at=received_at)

    async def look_up(self, id_call: str, *, start_ms: int, end_ms: int, received_at: int) -> Sequence[Telling]:
        """Everything the past knows of one call; see LiveProvider."""
        try:
            return await self._lists.one(id_call, start_ms, end_ms, self._hearing(received_at))
        except Malformed as why:
            raise Retry(f"the answer cannot be read: {why.reason}") from None

    # -- recordings ----------------------------------------------------------------------------------------------------

    async def recordings(self, id_call: str, *, start_ms: int, end_ms: int, received_at: int) -> Sequence[Recording]:
        """Of one call; see Sounds."""
        told = await self.look_up(id_call, start_ms=start_ms, end_ms=end_ms, received_at=received_at)
        return [each for each in told if isinstance(each, Recording)]

    @asynccontextmanager
    async def sound(self, recording: Recording, *, byte_range: str | None = None) -> AsyncIterator[Sound]:
        """The sound behind a link signed for this one play; see Sounds."""
        if not _LOCATOR.fullmatch(recording.locator):
            raise Refused("config", "this is no recording of Vocatech's")
        try:
            media: Media = read_as(Media, await self._rest.get(f"/media/{recording.locator}"))
        except Malformed as why:
            raise Retry(f"the answer cannot be read: {why.reason}") from None
        except NotThere as why:
            raise Refused("config", why.reason) from None
        async with self._rest.sound(word(media.url), byte_range=byte_range) as sound:
            yield sound

    # -- who there is --------------------------------------------------------------------------------------------------

    async def people(self, *, received_at: int) -> Sequence[Telling]:
        """Contacts, those that have gone included, and the users whom calls have named; see Knows."""
        source = self._config.name
        try:
            found = await people.contacts(self._rest, source, self._config.default_region, received_at)
        except Malformed as why:
            raise Retry(f"the contacts cannot be read: {why.reason}") from None
        now = {(each.contact_id, each.number): each for each in found}
        gone = [
            Contact(source=source, contact_id=each.contact_id, number=each.number, name="", told_at=received_at)
            for key, each in self._contacts.items()
            if key not in now
        ]
        self._contacts = now
        hearing = self._hearing(received_at)
        agents = [
            AgentPresence(source=source, agent=hearing.party(extension, None), told_at=received_at, derived=True)
            for extension in self._known.users
            if extension not in self._known.groups
        ]
        return [*agents, *found, *gone]

    # -- webhooks ------------------------------------------------------------------------------------------------------

    async def connect(self, address: str) -> Connected:
        """See Hooked."""
        return await self._webhooks.connect(address)

    async def disconnect(self, address: str) -> int:
        """See Hooked."""
        return await self._webhooks.disconnect(address)

    async def hooks(self, address: str) -> Sequence[HookFact]:
        """See Hooked."""
        return await self._webhooks.facts(address)

    async def revive(self, address: str) -> int:
        """See Hooked."""
        return await self._webhooks.revive(address)

    async def try_out(self, address: str) -> None:
        """See Hooked."""
        await self._webhooks.try_out(address)

    async def close(self) -> None:
        """Let go of the session."""
        await self._rest.close()

    def _hearing(self, received_at: int) -> Hearing:
        return Hearing(self._config.name, self._config.default_region, received_at, self._known)
