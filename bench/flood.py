"""`python -m bench.flood ADDRESS SECRET RATE SECONDS`: posts calls as Vocatech does, and says what it heard.

It posts at its pace whatever the answers; what was not answered with a 2xx is posted again, with the same id, until it was.
"""

import asyncio
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

import aiohttp

from bench.processes import tell

AGAIN_S = 0.5
# A vendor goes on for hours.
PATIENCE_S = 120.0
ANSWER_S = 15.0
CONNECTIONS = 200
PARTS = ("call.started", "call.answered", "call.ended")

# A number's body and headers.
Post = Callable[[int], tuple[bytes, Mapping[str, str]]]


@dataclass
class Heard:
    """What came of it; times in seconds."""

    posted: int = 0
    taken: int = 0
    again: int = 0  # answered as a repetition
    not_answered: int = 0  # attempts that ended in no answer
    refused: dict[int, int] = field(default_factory=dict)
    given_up: int = 0
    waits: list[float] = field(default_factory=list)  # of every answered attempt, whatever the answer

    def document(self) -> dict[str, object]:
        """With percentiles of the waits in their place."""
        waits = sorted(self.waits) or [0.0]
        rest = {name: value for name, value in asdict(self).items() if name != "waits"}
        return {**rest, "p50": waits[len(waits) // 2], "p99": waits[int(len(waits) * 0.99)], "longest": waits[-1]}


async def flood(address: str, rate: float, seconds: float, post: Post) -> Heard:
    """The whole flood, until everything was taken or given up."""
    heard, began = Heard(), time.monotonic()
    limits = aiohttp.ClientTimeout(total=ANSWER_S)
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector, timeout=limits) as session, asyncio.TaskGroup() as posts:
        for number in range(int(rate * seconds)):
            late = began + number / rate - time.monotonic()
            if late > 0:
                await asyncio.sleep(late)
            heard.posted += 1
            posts.create_task(_until_taken(session, address, post, number, heard))
    return heard


async def _until_taken(session: aiohttp.ClientSession, address: str, post: Post, number: int, heard: Heard) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        body, headers = post(number)
        began = time.monotonic()
        try:
            async with session.post(address, data=body, headers=headers) as answer:
                await answer.read()
                heard.waits.append(time.monotonic() - began)
                if answer.status < 300:
                    heard.taken += answer.status == 202
                    heard.again += answer.status == 200
                    return
                heard.refused[answer.status] = heard.refused.get(answer.status, 0) + 1
        except (aiohttp.ClientError, TimeoutError):
            heard.not_answered += 1
        await asyncio.sleep(AGAIN_S)
    heard.given_up += 1


def leg_of(began: float) -> Callable[[int], bytes]:
    """Bodies of Vocatech's events: one call after the other, three events each, one leg of one of fifty extensions."""

    def body(number: int) -> bytes:
        call, part = divmod(number, len(PARTS))
        start = began + call * 0.01
        data = {
            "call_id": f"flood-{call}",
            "direction": "incoming",
            "extension": str(20_000 + call % 50),
            "extension_name": f"Agent {call % 50}",
            "remote_name": "",
            "remote_number": f"+46701740{600 + call % 100}",
            "group_number": "",
            "start_time": _iso(start),
        }
        if PARTS[part] == "call.ended":
            data |= {"end_time": _iso(start + 60), "duration": 60}
        at = _iso(start + (0, 10, 60)[part])
        document = {"id": f"evt_{number:012x}", "event_type": PARTS[part], "timestamp": at, "company_id": 123, "data": data}
        return json.dumps(document).encode()

    return body


def signed(body: bytes, secret: str) -> dict[str, str]:
    """The headers that prove a body, as Vocatech writes them."""
    at = str(int(time.time()))
    proof = hmac.new(secret.encode(), f"t={at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Vocatech-Signature": f"t={at},v1={proof}"}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def main() -> None:
    """One flood."""
    address, secret, rate, seconds = sys.argv[1:]
    body = leg_of(time.time() - 1_800)

    def post(number: int) -> tuple[bytes, Mapping[str, str]]:
        told = body(number)
        return told, signed(told, secret)

    tell("heard", **asyncio.run(flood(address, float(rate), float(seconds), post)).document())


if __name__ == "__main__":
    main()
