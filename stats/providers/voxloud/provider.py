"""Voxloud as the road sees it: what is posted to read, a past to page through, subscriptions to keep, users and contacts to know."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

import msgspec

from stats.domain.errors import Malformed, Refused, Retry
from stats.domain.notes import CallDetail, Contact, Recording
from stats.domain.records import AgentPresence, Call, QueueEstimate, Telling
from stats.providers.base import Account, Connected, FeedSpec, Frames, HookFact, Only, Page, Sound, SourceConfig, party_of, unpack_delivery
from stats.providers.voxloud import translate, wire
from stats.providers.voxloud.hearing import Hearing
from stats.providers.voxloud.naming import Staff, extension_of, name_of, queues_of, spelled
from stats.providers.voxloud.ordering import Ordering
from stats.providers.voxloud.playing import Playing, call_rows
from stats.providers.voxloud.rest import Answered, Rest

CALLS = "calls"
LARGEST_PAGE = 100
CONTACTS_A_PAGE = 100  # the vendor's most
MOST_CONTACT_PAGES = 200


class VoxloudProvider:
    """One Voxloud company, reached with one API key."""

    feeds: Mapping[str, FeedSpec] = {"events": FeedSpec(name="events", calls=True, presence=True, silent=True, tells="offers", via="hook")}
    historic_kinds: Sequence[str] = (CALLS,)
    quiet_ms = 120_000  # an event that is lost is not sent again
    expire_ms = 4 * 3_600_000

    def __init__(self, config: SourceConfig) -> None:
        self._config = config
        self._rest = Rest(config.live_url, config.token)
        self._ordering = Ordering(self._rest, str(config.settings.get("notification_email") or ""))
        self._playing = Playing(self._rest)
        self._queues = queues_of(config.name, config.default_region, config.settings.get("queues"))
        self._staff = Staff()
        self._contacts: set[tuple[str, str]] = set()

    # -- the road ------------------------------------------------------------------------------------------------------

    def open(self, feed: str) -> AbstractAsyncContextManager[Frames]:
        """Nothing is opened: what there is, is posted."""
        raise Refused("config", f"{feed} is posted to us")

    def read(self, feed: str, frame: bytes, *, received_at: int) -> tuple[list[Telling], list[Malformed]]:
        """What one delivery tells; see LiveProvider."""
        try:
            heard = wire.heard(unpack_delivery(frame).body)
            return translate.tell(heard, self._hearing(received_at)), []
        except Malformed as why:
            return [], [why]

    async def page(self, kind: str, *, start_ms: int, end_ms: int, first: int, after: str | None, received_at: int) -> Page:
        """One page of telephony events, oldest first; see LiveProvider."""
        number = int(after) if after is not None and after.isdigit() else 0
        size = min(first, LARGEST_PAGE)
        told = await self._rest.ask(
            "POST",
            "/v1/telephony-events",
            query={"sort": "timestamp,asc", "size": size, "page": number},
            body={"date_time_from": iso(start_ms), "date_time_to": iso(end_ms)},
        )
        try:
            spring = msgspec.json.decode(told, type=wire.SpringPage)
        except (msgspec.MsgspecError, UnicodeDecodeError) as why:
            raise Retry("no page of telephony events") from why
        tellings: list[Telling] = []
        malformed: list[Malformed] = []
        unreadable: list[tuple[str, Malformed]] = []
        keys: list[str] = []
        for raw in spring.content:
            row = bytes(raw)
            keys.append(_key(row))
            try:
                tellings += translate.tell(wire.row(row), self._hearing(received_at))
            except Malformed as why:
                malformed.append(why)
                unreadable.append((keys[-1], why))
        return Page(
            tellings=tellings,
            rows=len(keys),
            malformed=malformed,
            unreadable=unreadable,
            total=spring.total,
            cursor=str(number + 1),
            more=bool(keys) and spring.last is not True,
            keys=keys,
        )

    async def report(self, kind: str, *, start_ms: int, end_ms: int, first: int, after: str | None, received_at: int, only: Only) -> Page:
        """The vendor can be asked for no queue or user alone, and knows no ids of that kind."""
        raise Refused("config", "the telephone system cannot be asked for one queue or agent")

    async def look_up(self, id_call: str, *, start_ms: int, end_ms: int, received_at: int) -> Sequence[Telling]:
        """What the past knows of one call; see LiveProvider."""
        found: list[Telling] = []
        for row in await call_rows(self._rest, id_call):
            try:
                told = translate.tell(wire.row(row), self._hearing(received_at))
            except Malformed:
                continue
            found += [each for each in told if not isinstance(each, Call | CallDetail) or each.id_call == id_call]
        return found

    def _hearing(self, received_at: int) -> Hearing:
        config = self._config
        return Hearing(source=config.name, received_at=received_at, region=config.default_region, queues=self._queues, staff=self._staff)

    # -- who we are, and who there is ----------------------------------------------------------------------------------

    async def greet(self) -> Account:
        """Whose key it is; see Greets."""
        try:
            told = msgspec.json.decode(await self._rest.ask("POST", "/v1/validate-auth"), type=wire.Company)
        except (msgspec.MsgspecError, UnicodeDecodeError) as why:
            raise Refused("config", "this address does not answer as Voxloud does") from why
        return Account(name=wire.text(told.name) or "")

    async def people(self, *, received_at: int) -> Sequence[Telling]:
        """Users as agents, the queues we made up, contacts as names of numbers; see Knows."""
        source, region = self._config.name, self._config.default_region
        users = await self._users()
        told: list[Telling] = [
            AgentPresence(source=source, agent=party_of(source, ext, name_of(user)), told_at=received_at, derived=True)
            for user in users
            if (ext := extension_of(user)) is not None
        ]
        # That there are these queues, and nothing else of them: so that one has its name before the first caller.
        told += [QueueEstimate(source=source, queue=queue, estimate_ms=None, told_at=received_at) for queue in self._queues.all]
        seen: set[tuple[str, str]] = set()
        async for person in self._people():
            name = name_of(wire.User(first_name=person.first_name, last_name=person.last_name)) or wire.text(person.company_name)
            for raw in dict.fromkeys([person.primary_phone, *(person.phones or [])]):
                number = spelled(wire.text(raw), region)
                if person.id and name and number:
                    seen.add((person.id, number))
                    told.append(Contact(source=source, contact_id=person.id, number=number, name=name, told_at=received_at))
        told += [
            Contact(source=source, contact_id=contact_id, number=number, name="", told_at=received_at)
            for contact_id, number in sorted(self._contacts - seen)
        ]
        self._contacts = seen
        return told

    async def _users(self) -> list[wire.User]:
        try:
            users = msgspec.json.decode(await self._rest.ask("GET", "/v2/users"), type=list[wire.User])
        except (msgspec.MsgspecError, UnicodeDecodeError) as why:
            raise Retry("no list of users") from why
        self._staff.learn(users, self._config.default_region)
        return users

    async def _people(self) -> AsyncIterator[wire.Person]:
        for page in range(MOST_CONTACT_PAGES):
            asked: dict[str, str | int] = {"offset": page * CONTACTS_A_PAGE, "limit": CONTACTS_A_PAGE}
            try:
                told = msgspec.json.decode(await self._rest.ask("GET", "/v1/contacts", query=asked), type=wire.People)
            except (msgspec.MsgspecError, UnicodeDecodeError) as why:
                raise Retry("no list of contacts") from why
            for person in told.data:
                yield person
            if not told.has_next or not told.data:
                return

    # -- what is ordered ------------------------------------------------------------------------------------------------

    async def connect(self, address: str) -> Connected:
        """See Hooked."""
        return await self._ordering.connect(address)

    async def disconnect(self, address: str) -> int:
        """See Hooked."""
        return await self._ordering.disconnect(address)

    async def hooks(self, address: str) -> Sequence[HookFact]:
        """See Hooked."""
        return await self._ordering.hooks(address)

    async def revive(self, address: str) -> int:
        """See Hooked."""
        return await self._ordering.revive(address)

    async def try_out(self, address: str) -> None:
        """The vendor sends no test."""

    # -- recordings and calls --------------------------------------------------------------------------------------------

    async def recordings(self, id_call: str, *, start_ms: int, end_ms: int, received_at: int) -> Sequence[Recording]:
        """See Sounds."""
        told = await self.look_up(id_call, start_ms=start_ms, end_ms=end_ms, received_at=received_at)
        return [each for each in told if isinstance(each, Recording)]

    def sound(self, recording: Recording, *, byte_range: str | None = None) -> AbstractAsyncContextManager[Sound]:
        """See Sounds."""
        return self._playing.sound(recording, byte_range=byte_range)

    async def dial(self, number: str, *, agent: str, reference: str) -> str:
        """Rings the agent's extension first, then the number; see Dials. There may be no more objects for it than users and groups,
        so one made for the extension is used again, whoever made it."""
        user = next((each for each in await self._users() if extension_of(each) == agent), None)
        if user is None:
            raise Refused("config", "no user has this extension")
        try:
            there = msgspec.json.decode(await self._rest.ask("GET", "/v1/click-to-call"), type=list[wire.ClickToCall])
            known = next((each.id for each in there if each.id and wire.text(each.extension) == agent), None)
            if known is None:
                asked = {"name": f"wallboard-{agent}", "extension": agent, "outboundNumber": _shown(user), "dial_first": "extension"}
                known = msgspec.json.decode(await self._rest.ask("POST", "/v1/click-to-call", body=asked), type=wire.ClickToCall).id
        except (msgspec.MsgspecError, UnicodeDecodeError) as why:
            raise Retry("no click-to-call object") from why
        if not known:
            raise Retry("no click-to-call object")
        try:
            await self._rest.try_to("POST", f"/v1/click-to-call/{known}/connect", body={"contact": number})
        except Answered as told:
            raise told.error from None
        return known

    async def close(self) -> None:
        """Let go of the sessions."""
        await self._playing.close()
        await self._rest.close()


def _shown(user: wire.User) -> str:
    cli = user.outbound_cli
    numbers = [did.number for did in (cli.outbound_did, *cli.available_dids) if did is not None] if cli is not None else []
    number = next((each for each in numbers if each), None)
    if number is None:
        raise Refused("config", "this user has no number to call out with")
    return number


def _key(row: bytes) -> str:
    """A row's identity: its id, else its bytes."""
    try:
        known = wire.text(wire.row(row).document.id)
    except Malformed:
        known = None
    return known or f"?{hashlib.blake2b(row, digest_size=8).hexdigest()}"


def iso(instant_ms: int) -> str:
    """ISO 8601 in UTC with milliseconds, as the vendor's own example has it."""
    whole, ms = divmod(instant_ms, 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"
