"""What is sent: frames and historic rows of a made-up day, written once to a file by a process of its own.

The simulated floor plays a stretch of time that ends now; what its look-alike would have pushed is kept in order, frame by frame, as
the vendor's bytes. The same floor's archive gives the rows of the past, asked for with the product's own questions.
    python -m bench.material frames PATH --calls 10000
    python -m bench.material rows PATH --calls 20000
Says `written` (number).
"""

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from bench.processes import tell
from stats.domain.merge import FRAME, merge_call
from stats.domain.records import Call as Telling
from stats.providers.base import SourceConfig
from stats.providers.telavox.instants import epoch_ms
from stats.providers.telavox.provider import TelavoxProvider, iso
from stats.providers.telavox.selection import KINDS, Selection
from stats.providers.telavox.simulator.archive import Archive
from stats.providers.telavox.simulator.historic import Historic
from stats.providers.telavox.simulator.switches import Switches
from stats.providers.telavox.simulator.teller import Teller
from stats.simulation.exchange import Subject
from stats.simulation.floor import HOUR_MS, Floor
from stats.simulation.plan import FloorPlan
from stats.simulation.records import Call

# A large floor: some hundred calls are in progress at any time.
AGENTS, QUEUES = 300, 8
# How much longer the floor may need than a mean hour's rate says; nothing told lies in the future.
SHALLOWEST = 1.3
# The first guess at how many more calls to ask of a floor than are wanted.
FIRST_SURPLUS = 1.15
CALLS_PER_HOUR = 5_000.0
ROWS_PER_ANSWER = 2_000


class _Agent(msgspec.Struct):
    id: int = 0


class _Named(msgspec.Struct):
    id_call: str = ""
    agent: _Agent | None = None


Frame = tuple[str, bytes]
Row = tuple[int, bytes]
_pack = msgspec.msgpack.encode


def wall_ms() -> int:
    """Epoch ms."""
    return time.time_ns() // 1_000_000


def afternoon_zone() -> str:
    """A zone in which it is about four in the afternoon now, so that a run at midnight measures the same day as any other."""
    ahead = (16 - time.gmtime().tm_hour + 12) % 24 - 12
    return "Etc/UTC" if ahead == 0 else f"Etc/GMT{-ahead:+d}"


def play_frames(calls: int, seed: int = 1, agents: int = AGENTS) -> list[Frame]:
    """Every frame of that many calls, in order, and those of the agents' presence; some calls are still in progress at the end."""
    frames: list[Frame] = []
    told: set[str] = set()
    teller_now = wall_ms() - round(SHALLOWEST * calls / CALLS_PER_HOUR * HOUR_MS)
    end = wall_ms()

    def push(datasource: str, frame: bytes) -> int:
        frames.append((datasource, frame))
        return 1

    teller = Teller(Archive(), Switches(), push, lambda: teller_now, random.Random(seed))

    def hear(at: int, subject: Subject) -> None:
        nonlocal teller_now
        teller_now = at
        if isinstance(subject, Call):
            told.add(subject.id)
        teller.hear(at, subject)

    plan = FloorPlan(seed=seed, agents=agents, queues=QUEUES, calls_per_hour=CALLS_PER_HOUR)
    floor = Floor(plan, at_ms=teller_now, listener=hear)
    while len(told) < calls and floor.now < end:
        floor.advance(floor.now + 1_000)
    return frames


def deal(frames: list[Frame]) -> list[Frame]:
    """The same frames as if every call happened at once: the first of each call, then the second of each; nothing can be taken together."""
    decode = msgspec.json.Decoder(_Named).decode
    places: dict[str, int] = {}
    turns: list[tuple[int, int]] = []
    for at, (datasource, frame) in enumerate(frames):
        said = decode(frame)
        name = said.id_call or f"{datasource} {said.agent.id if said.agent else 0}"
        places[name] = places.get(name, -1) + 1
        turns.append((places[name], at))
    return [frames[at] for _, at in sorted(turns)]


def play_rows(
    calls: int, since_ms: int, seed: int = 1, agents: int | None = None, until_ms: int | None = None, queues: int = QUEUES
) -> dict[str, list[Row]]:
    """The rows of each kind that exactly that many calls leave, by start, spread over [since, until), which ends now unless told."""
    now = wall_ms() if until_ms is None else until_ms
    archive, surplus = Archive(), FIRST_SURPLUS
    # How many calls a floor gets is chance, and differs by the time of day: a busier one is tried until there are enough.
    while len(archive.all("calls")) < calls:
        plan = FloorPlan.of(seed=seed, agents=agents, queues=queues, calls_per_hour=calls * surplus / ((now - since_ms) / HOUR_MS))
        archive = _archive_of(plan, since_ms, now)
        surplus *= 1.3
    told = archive.all("calls")
    # Some of all of them, so that the whole stretch of time has its calls.
    wanted = {told[n * len(told) // calls].call for n in range(calls)} if until_ms is not None else {row.call for row in told[-calls:]}
    historic = Historic(archive, Switches(), lambda: now)
    kept: dict[str, list[Row]] = {}
    for kind in KINDS:
        text, after = Selection(kind).text, None
        kept[kind] = []
        while True:
            asked = {"startDate": iso(since_ms - 1), "endDate": iso(now + 1), "first": ROWS_PER_ANSWER, "after": after}
            answer = historic.answer(text, asked, None)
            assert answer.data is not None, answer.errors
            page = answer.data[kind]
            for row in page["data"]:
                if "idCall" not in row or row["idCall"] in wanted:
                    kept[kind].append((_start_of(row), msgspec.json.encode(row)))
            after = page["cursor"]
            if not page["hasNextPage"]:
                break
    return kept


def play_calls(calls: int, since_ms: int, until_ms: int, *, agents: int, queues: int) -> list[Telling]:
    """About that many whole calls of a stretch of time (those that were over at its end), as the road puts them together."""
    provider = TelavoxProvider(SourceConfig(name="telavox", live_url="ws://127.0.0.1:9", historic_url="http://127.0.0.1:9", token="bench"))
    held: dict[str, Telling] = {}
    for kind, rows in play_rows(calls, since_ms, agents=agents, until_ms=until_ms, queues=queues).items():
        for _, row in rows if kind in ("calls", "queues", "agents") else ():
            for call in provider._read_row(kind, row, until_ms)[0]:
                assert isinstance(call, Telling)
                held[call.id_call] = merge_call(held.get(call.id_call), call, FRAME)
    return sorted((call for call in held.values() if call.over and call.journey is not None), key=lambda call: call.journey.started_at or 0)


def _archive_of(plan: FloorPlan, since_ms: int, now: int) -> Archive:
    """What a floor leaves in the vendor's history between two instants."""
    archive = Archive()
    teller = Teller(archive, Switches(), lambda _feed, _frame: 0, lambda: now, random.Random(plan.seed))
    teller.begin_past()
    Floor(plan, at_ms=since_ms, listener=teller.hear).advance(now)
    return archive


def _start_of(row: dict[str, Any]) -> int:
    time_of = row.get("time") or row.get("slot")
    assert isinstance(time_of, dict)
    started = epoch_ms(time_of.get("start") or time_of["startDate"])
    assert started is not None
    return started


def keep_frames(path: Path, frames: list[Frame]) -> None:
    """Writes frames one after the other."""
    with path.open("wb") as file:
        for datasource, frame in frames:
            packed = _pack((datasource, frame))
            file.write(len(packed).to_bytes(4, "big") + packed)


def read_frames(path: Path, most: int | None = None) -> Iterator[Frame]:
    """Frames of a file, from its beginning."""
    decode = msgspec.msgpack.Decoder(tuple[str, bytes]).decode
    with path.open("rb") as file:
        while (length := file.read(4)) and (most is None or most > 0):
            yield decode(file.read(int.from_bytes(length, "big")))
            most = None if most is None else most - 1


def keep_rows(path: Path, rows: dict[str, list[Row]]) -> None:
    """Writes rows by kind."""
    path.write_bytes(_pack(rows))


def read_rows(path: Path) -> dict[str, list[Row]]:
    """Rows of a file."""
    return msgspec.msgpack.decode(path.read_bytes(), type=dict[str, list[tuple[int, bytes]]])


def main() -> None:
    """Writes one file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("frames", "rows"))
    parser.add_argument("path", type=Path)
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--agents", type=int, help="how many there are; else as many as the calls need")
    parser.add_argument("--dealt", action="store_true", help="frames as if every call happened at once")
    asked = parser.parse_args()
    if asked.what == "frames":
        frames = play_frames(asked.calls, agents=asked.agents or AGENTS)
        keep_frames(asked.path, deal(frames) if asked.dealt else frames)
        tell("written", number=len(frames))
    else:
        rows = play_rows(asked.calls, wall_ms() - 16 * HOUR_MS, agents=asked.agents)
        keep_rows(asked.path, rows)
        tell("written", number=sum(map(len, rows.values())))


if __name__ == "__main__":
    main()
