"""A reader's picture of one organisation, kept in memory and brought up to date by what changed.

Rules that hold here: every refresh is one consistent picture of one rev; a new epoch, another Redis, a flush or too long an absence
means reading everything anew, never repairing a part; so does a clock that has not gone on as clocks do, for the picture
holds only what was near its time; it is a copy, so losing it costs nothing.
"""

import hashlib
from dataclasses import replace

import msgspec
import structlog

from stats import clock
from stats.domain.directory import Directory
from stats.domain.errors import Malformed
from stats.domain.facts import Facts, PartyFacts
from stats.domain.metrics import Amounts
from stats.domain.periods import business_day, day_bounds, minute_of
from stats.live import codec, keys
from stats.live.board_store import Store
from stats.live.receipts import Receipts
from stats.live.rules import unpack_rules

log = structlog.get_logger(__name__)

_decode = msgspec.msgpack.Decoder().decode
KEEP_MINUTES = 75
# A vendor's clock may be before ours.
FUTURE_MINUTES = 15
# From one reading to the next the clock may go back and forth by this much, and the picture still holds all that is needed.
BACK_MS, FORTH_MS = 60_000, FUTURE_MINUTES * 60_000


class Mirror:
    """`facts` at `rev` of `epoch`. Not shared between tasks that refresh at the same time."""

    def __init__(self, store: Store, organisation: str, timezone: str) -> None:
        self._store, self._organisation = store, organisation
        self.facts = Facts(timezone=timezone)
        self.rev = -1
        self.epoch = ""
        self._stored_epoch = ""
        self._run_id = ""
        self._receipts = Receipts()
        self._stepped_ms = clock.stepped_ms()
        self._read_for: int | None = None  # the instant the picture was last read for

    @property
    def worker_seen_at(self) -> int:
        """When a worker last reported on any source, epoch ms; 0 for never."""
        return max((s.written_at for s in self.facts.sources.values()), default=0)

    async def refresh(self, now: int) -> bool:
        """Bring the picture up to date; True when anything changed. Raises StoreAway, and then the old picture stays."""
        today = business_day(now, self.facts.timezone)
        tomorrow = business_day(day_bounds(today, self.facts.timezone)[1], self.facts.timezone)
        prefix = keys.prefix(self._organisation)
        self._follow_the_clock()
        went_on = self._read_for is not None and -BACK_MS <= now - self._read_for <= FORTH_MS
        since = self.rev if self._run_id and went_on else -1
        arguments = [prefix, since, self._stored_epoch, minute_of(now) - KEEP_MINUTES, minute_of(now) + FUTURE_MINUTES, today, tomorrow]
        packed = await self._store.connection.run("read_since.lua", [prefix + "meta"], arguments)
        epoch, run_id, rev, full, items = _decode(packed)
        if run_id != self._run_id and not full:
            # The server started anew: it may have come back older than what we saw, whatever its epoch says.
            arguments[1] = -1
            packed = await self._store.connection.run("read_since.lua", [prefix + "meta"], arguments)
            epoch, run_id, rev, full, items = _decode(packed)
        self._receipts.read(clock.steady_ms())
        if full:
            self.facts = Facts(timezone=self.facts.timezone)
        moved = bool(full or rev != self.rev)
        for name, *payload in items:
            try:
                self._take(name, payload, now)
            except Malformed as why:  # unknown, and nothing else with it
                log.warning("picture.unreadable", reason=why.reason)
        self.rev, self._run_id, self._stored_epoch = rev, run_id, epoch
        self.epoch = hashlib.blake2b(f"{run_id}:{epoch}".encode(), digest_size=8).hexdigest()
        self._read_for = now
        if moved:
            self._forget(now, today)
        return moved

    def _take(self, name: str, payload: list[object], now: int) -> None:
        kind, _, rest = name.partition("|")
        facts = self.facts
        if kind == "rules":
            if payload[0]:
                timezone, rules = unpack_rules(str(payload[0]))
                self.facts = replace(facts, timezone=timezone, rules=rules)
        elif kind == "d":
            day, _, scope = rest.partition("|")
            facts.days.setdefault(day, {})[scope] = _amounts(payload[0])
            if scope.startswith("q:"):
                day_peaks = facts.peaks.setdefault(day, {})
                if payload[1] == "":
                    day_peaks.pop(scope[2:], None)
                else:
                    day_peaks[scope[2:]] = int(float(str(payload[1])))
        elif kind == "m":
            cells: dict[str, Amounts] = {}
            for field, amount in _amounts(payload[0]).items():
                scope, _, metric = field.rpartition("|")
                cells.setdefault(scope, {})[metric] = amount
            facts.minutes[int(rest)] = cells
            peaks: dict[str, int] = {}
            for field, ms in _amounts(payload[1]).items():
                queue = field.split("|", 1)[0]
                peaks[queue] = max(ms, peaks.get(queue, 0))
            facts.minute_peaks[int(rest)] = peaks
        else:
            self._take_one(kind, rest, str(payload[0]), now)

    def _take_one(self, kind: str, rest: str, packed: str, now: int) -> None:
        facts = self.facts
        if kind == "l":
            if packed:
                facts.living[rest] = codec.unpack_living(packed)
            else:
                facts.living.pop(rest, None)
        elif kind == "p":
            if packed:
                facts.presence[rest] = codec.unpack_presence(packed)
            else:
                facts.presence.pop(rest, None)
        elif kind == "c":
            day, _, call = rest.partition("|")
            if packed:
                facts.callers.setdefault(day, {})[call] = codec.unpack_caller(packed)
            else:
                facts.callers.get(day, {}).pop(call, None)
        elif kind == "h":
            hash_name, _, key = rest.partition("|")
            self._take_entry(hash_name, key, packed, now)

    def _take_entry(self, hash_name: str, key: str, packed: str, now: int) -> None:
        facts = self.facts
        if hash_name in ("queues", "agents"):
            kept = facts.queues if hash_name == "queues" else facts.agents
            if not packed:
                kept.pop(key, None)
                return
            party, source = codec.unpack_party(packed)
            held = kept.get(key)
            kept[key] = PartyFacts(key=key, party=party, source=source)
            if held is not None:
                kept[key].risk, kept[key].estimate_ms = held.risk, held.estimate_ms
            if hash_name == "queues":
                facts.queue_directories.setdefault(source, Directory()).learn(party)
        elif hash_name == "sources":
            if packed:
                facts.sources[key] = report = codec.unpack_source(packed)
                self._receipts.take(report, now)
            else:
                facts.sources.pop(key, None)
                # Taken away with it in the store.
                for agent in [each for each, held in facts.presence.items() if held.document.source == key]:
                    del facts.presence[agent]
        elif hash_name == "risk" and packed and key in facts.queues:
            facts.queues[key].risk = codec.unpack_risk(packed)[0]
        elif hash_name == "estimate" and key in facts.queues:
            facts.queues[key].estimate_ms = codec.unpack_risk(packed)[0] if packed else None

    def _follow_the_clock(self) -> None:
        stepped = clock.stepped_ms()
        if stepped != self._stepped_ms:
            self._receipts.stepped(stepped - self._stepped_ms, self.facts.sources)
            self._stepped_ms, self._read_for = stepped, None

    def _forget(self, now: int, today: str) -> None:
        oldest = minute_of(now) - KEEP_MINUTES
        for by_minute in (self.facts.minutes, self.facts.minute_peaks):
            for minute in [m for m in by_minute if m < oldest]:
                del by_minute[minute]
        for by_day in (self.facts.days, self.facts.peaks, self.facts.callers):
            for day in [d for d in by_day if d < today]:
                del by_day[day]


def _amounts(flat: object) -> Amounts:
    values = flat if isinstance(flat, list) else []
    return {values[i]: int(float(values[i + 1])) for i in range(0, len(values), 2)}
