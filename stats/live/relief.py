"""How one worker relieves another that is asked to go: the new one listens before the old one stops.

    standby:<source>  the worker that waits for the lease, "<holder>" or "<holder> ready" once its own sockets are open; 3 s
    leaving:<source>  the holder's word that it goes ("by"), and at last what it hands over ("to", "feeds", "whole"); 10 s

Rules that hold here: neither key decides who may write, the lease alone does; a worker that finds no word, or too late, does without,
and then there is a gap that is read from the past.
"""

from dataclasses import dataclass

import msgspec

from stats.live import keys
from stats.live.board_store import Store, text

STANDBY_MS = 3_000
LEAVING_MS = 10_000
READY = " ready"
_STAND_BY = """
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, string.len(ARGV[1])) ~= ARGV[1] then return false end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return redis.call('GET', KEYS[2])
"""
_WITHDRAW = """
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, string.len(ARGV[1])) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class Bequest(msgspec.Struct, frozen=True):
    """What a leaving worker says: who it is; in the end also to whom it hands over, what it heard to the end, and whether all was whole."""

    by: str
    to: str = ""
    feeds: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Relief:
    """One worker's side of it, for one source. Every method raises StoreAway."""

    store: Store
    organisation: str
    source: str
    holder: str

    @property
    def _standby(self) -> str:
        return keys.key(self.organisation, "standby", self.source)

    @property
    def _leaving(self) -> str:
        return keys.key(self.organisation, "leaving", self.source)

    async def stand_by(self, *, ready: bool = False) -> Bequest | None:
        """Say that we wait for the lease (another may be first); the holder's word if it is leaving."""
        connection = self.store.connection
        word = self.holder + (READY if ready else "")
        told = await connection.ask(connection.client.eval(_STAND_BY, 2, self._standby, self._leaving, self.holder, word, STANDBY_MS))
        return _bequest(told)

    async def withdraw(self) -> None:
        """We wait no more."""
        connection = self.store.connection
        await connection.ask(connection.client.eval(_WITHDRAW, 1, self._standby, self.holder))

    async def bequest(self) -> Bequest | None:
        """What was handed over to us; None when nothing was."""
        told = _bequest(await self.store.connection.ask(self.store.connection.client.get(self._leaving)))
        return told if told is not None and told.to == self.holder else None

    async def standby(self) -> tuple[str, bool]:
        """Who waits ("" nobody), and whether it listens already."""
        word = text(await self.store.connection.ask(self.store.connection.client.get(self._standby)) or b"")
        return word.removesuffix(READY), word.endswith(READY)

    async def leave(self, bequest: Bequest) -> None:
        """Say that we go, or what we hand over."""
        client = self.store.connection.client
        await self.store.connection.ask(client.set(self._leaving, msgspec.json.encode(bequest), px=LEAVING_MS))


def _bequest(told: bytes | None) -> Bequest | None:
    try:
        return msgspec.json.decode(told, type=Bequest) if told else None
    except msgspec.MsgspecError:
        return None
