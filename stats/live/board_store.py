"""Writes what the road learns, in one step per batch, and answers for single records.

Rules that hold here: a record shows its whole contribution and the store subtracts what it showed before, so restarts, duplicates,
disorder and racing workers end in the same numbers; a worker without its lease writes nothing; every write moves the store's rev.
"""

import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import structlog

from stats.domain.agent_states import KnownPresence
from stats.domain.errors import Malformed
from stats.domain.records import Call
from stats.live import codec, keys
from stats.live.batches import Batch, Row, Shown, StoredCall, pack_batch, show_of, unpack_shown
from stats.live.connection import Connection, StoreAway, StoreRefused, absence_of_one

log = structlog.get_logger(__name__)

# Both as they are at one instant. Another shape under such a name holds nobody.
_PAIR = """
local answer = {}
for i = 1, 2 do
  answer[i] = redis.pcall('HGETALL', KEYS[i])
  if answer[i].err then answer[i] = {} end
end
return answer
"""
__all__ = ["Batch", "Row", "Shown", "Store", "StoreAway", "StoreRefused", "StoredCall", "show_of"]


class Store:
    """The live store of every organisation on one Redis."""

    def __init__(self, url: str) -> None:
        self.connection = Connection(url)

    async def close(self) -> None:
        """Let go of every connection."""
        await self.connection.close()

    async def ping(self) -> bool:
        """Whether Redis answers; raises StoreAway when it does not."""
        return bool(await self.connection.ask(self.connection.client.ping()))

    async def answers(self) -> bool:
        """Whether Redis answers."""
        try:
            return await self.ping()
        except StoreAway:
            return False

    async def server_facts(self) -> dict[str, str | int]:
        """What the server says of itself: see `server_facts.py` for the names. Raises StoreAway."""
        return await self.connection.server_facts()

    async def apply(self, organisation: str, source: str, holder: str, batch: Batch) -> Shown:
        """Write one batch as the holder of the source's lease.

        Raises StoreAway: nothing is known of it then, and it may be sent again. Raises StoreRefused: nothing of it has happened.
        """
        prefix = keys.prefix(organisation)
        answer = await self.connection.run("apply_record.lua", [prefix + "meta"], [prefix, *pack_batch(source, holder, batch)])
        return unpack_shown(answer)

    async def begin(self, organisation: str) -> str:
        """The store's epoch, made now when it has none (a new or emptied Redis)."""
        name = keys.key(organisation, "meta")
        await self.connection.ask(self.connection.client.hsetnx(name, "epoch", secrets.token_hex(8)))
        epoch = await self.connection.ask(self.connection.client.hget(name, "epoch"))
        return text(epoch or b"")

    async def generation(self, organisation: str) -> str:
        """The generation of the sums: what was shown in an older one counts nothing."""
        return text(await self.connection.ask(self.connection.client.hget(keys.key(organisation, "meta"), "gen")) or b"0")

    async def load(self, organisation: str, source: str, ids: Sequence[str]) -> dict[str, StoredCall]:
        """The calls the store holds of these, with their versions. An unreadable one is None, and keeps its version."""
        pipe = self.connection.client.pipeline(transaction=False)
        for id_call in ids:
            pipe.hmget(keys.key(organisation, "r", keys.call_reference(source, id_call)), ["v", "r"])
        answers = await self.connection.ask(pipe.execute(raise_on_error=False))
        found: dict[str, StoredCall] = {}
        for id_call, answer in zip(ids, answers, strict=True):
            if isinstance(answer, Exception):
                # Another shape under a record's name is no record, and says nothing of the others.
                absence_of_one(answer)
                continue
            version, packed = answer
            if version is not None and packed is not None and version.isdigit():
                found[id_call] = StoredCall(_readable(packed), int(version))
        return found

    async def load_presence(self, organisation: str, agents: Sequence[str] | None = None) -> dict[str, KnownPresence]:
        """The presence the store holds, with versions; of all agents when none are named. What cannot be read is taken out."""
        client = self.connection.client
        name, versions = keys.key(organisation, "presence"), keys.key(organisation, "presence_v")
        documents, counts = await self.connection.ask(client.eval(_PAIR, 2, name, versions))
        version_of = dict(_pairs(counts))
        found: dict[str, KnownPresence] = {}
        for agent, packed in _pairs(documents):
            key = agent.decode()
            if agents is None or key in agents:
                try:
                    presence = codec.unpack_presence(packed)
                except Malformed as why:
                    log.warning("presence.unreadable", reason=why.reason)
                    for stored in (versions, name):
                        await self.connection.ask(client.hdel(stored, agent))
                    continue
                found[key] = replace(presence, version=int(version_of.get(agent, b"0")))
        return found

    async def agent_sums(self, organisation: str, day: str, agents: Sequence[str]) -> dict[str, dict[str, int]]:
        """What is credited to agents on a day, by agent and amount."""
        pipe = self.connection.client.pipeline(transaction=False)
        for agent in agents:
            pipe.hgetall(keys.key(organisation, "day", day, f"a:{agent}"))
        answers = await self.connection.ask(pipe.execute()) if agents else []
        return {a: {k.decode(): int(v) for k, v in raw.items()} for a, raw in zip(agents, answers, strict=True)}

    async def living_ids(self, organisation: str, source: str) -> list[str]:
        """The ids of a source's calls with something happening now."""
        raw = await self.connection.ask(self.connection.client.hkeys(keys.key(organisation, "living")))
        lead = f"{source}/"
        return [name.removeprefix(lead) for r in raw if (name := text(r)).startswith(lead)]

    async def open_ids(self, organisation: str, source: str) -> list[str]:
        """The ids of a source's calls that are not over. Raises StoreAway."""
        raw = await self.connection.ask(self.connection.client.zrange(keys.key(organisation, "open", source), 0, -1))
        return [text(each) for each in raw]

    async def entries(self, organisation: str, name: str) -> dict[str, str]:
        """One of the small hashes, whole: queues, agents, sources, risk."""
        raw = await self.connection.ask(self.connection.client.hgetall(keys.key(organisation, name)))
        return {text(k): text(v) for k, v in raw.items()}

    async def rules(self, organisation: str) -> str:
        """The rules the shown numbers were made with, as JSON; "" when there are none."""
        raw = await self.connection.ask(self.connection.client.get(keys.key(organisation, "rules")))
        return text(raw or b"")

    async def ids_between(self, organisation: str, source: str, start_ms: int, end_ms: int) -> list[str]:
        """The ids of calls of a source that started in [start, end)."""
        name = keys.key(organisation, "i", source)
        raw = await self.connection.ask(self.connection.client.zrangebyscore(name, start_ms, f"({end_ms}"))
        return [text(r) for r in raw]

    async def call(self, organisation: str, id_call: str) -> Call | None:
        """One call by its id, whatever source told it; None when the store does not hold it."""
        for source in await self.entries(organisation, "sources"):
            found = await self.load(organisation, source, [id_call])
            if id_call in found and found[id_call].call is not None:
                return found[id_call].call
        return None

    async def calls_between(self, organisation: str, start_ms: int, end_ms: int) -> list[Call]:
        """Every call of every source that started in [start, end), oldest first within a source."""
        calls: list[Call] = []
        for source in await self.entries(organisation, "sources"):
            ids = await self.ids_between(organisation, source, start_ms, end_ms)
            for at in range(0, len(ids), 500):
                part = ids[at : at + 500]
                found = await self.load(organisation, source, part)
                calls += [call for i in part if i in found and (call := found[i].call) is not None]
        return calls

    async def trim(self, organisation: str, source: str, before_ms: int) -> None:
        """Forget the index entries of calls that started before an instant; their records go by themselves."""
        for name in ("i", "open"):
            await self.connection.ask(
                self.connection.client.zremrangebyscore(keys.key(organisation, name, source), "-inf", f"({before_ms}")
            )

    async def announcements(self, organisation: str) -> AsyncIterator[int | None]:
        """The rev of each announced change, and None once a second when there is none."""
        async for message in self.connection.listen(keys.key(organisation, "announce")):
            yield int(message) if message is not None else None

    async def quarantine(self, organisation: str, source: str, counts: Mapping[str, int], notes: Sequence[str]) -> None:
        """Count unreadable frames by reason, and keep the newest notes (JSON without content) of them."""
        pipe = self.connection.client.pipeline(transaction=False)
        name = keys.key(organisation, "quarantine", source)
        if notes:
            pipe.lpush(name, *notes)
            pipe.ltrim(name, 0, keys.QUARANTINE_ENTRIES - 1)
        for reason, number in counts.items():
            pipe.hincrby(keys.key(organisation, "quarantined", source), reason, number)
        await self.connection.ask(pipe.execute())

    async def quarantine_counts(self, organisation: str) -> dict[tuple[str, str], int]:
        """Unreadable frames ever, by (source, reason)."""
        counts: dict[tuple[str, str], int] = {}
        for source in await self.entries(organisation, "sources"):
            for reason, number in (await self.entries(organisation, f"quarantined:{source}")).items():
                counts[(source, reason)] = int(number)
        return counts

    async def order(self, organisation: str, source: str, what: str) -> None:
        """Leave an order for the worker that holds a source."""
        await self.connection.ask(self.connection.client.set(keys.key(organisation, "orders", source), what, ex=600))

    async def take_order(self, organisation: str, source: str) -> str | None:
        """Take the order left for a source, if any."""
        raw = await self.connection.ask(self.connection.client.getdel(keys.key(organisation, "orders", source)))
        return text(raw) if raw is not None else None


# Who looks again and again at the calls that go on finds most of them as they were; the same bytes are the same call.
_unpacked = lru_cache(maxsize=1_000)(codec.unpack_call)


def _readable(packed: bytes) -> Call | None:
    try:
        return _unpacked(packed)
    except Malformed as why:
        log.warning("call.unreadable", reason=why.reason)
        return None


def text(raw: object) -> str:
    """What Redis calls bytes, as text."""
    return raw.decode() if isinstance(raw, bytes) else str(raw)


def _pairs(flat: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(flat[::2], flat[1::2], strict=True)
