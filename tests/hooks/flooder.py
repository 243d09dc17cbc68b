"""`python -m tests.hooks.flooder ADDRESS SECRET RATE SECONDS`: posts events as a vendor does, and says what it heard as one JSON line.

It posts at its pace whatever the answers; what was not answered with a 2xx is posted again, with the same id, until it was.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field

import aiohttp

from tests.hooks.tiny import SIGNATURE, posted_event, sign

AGAIN_S = 0.5
PATIENCE_S = 40.0
ANSWER_S = 15.0


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
        """As one line."""
        waits = sorted(self.waits) or [0.0]
        rest = {name: value for name, value in asdict(self).items() if name != "waits"}
        return {**rest, "p50": waits[len(waits) // 2], "p99": waits[int(len(waits) * 0.99)], "longest": waits[-1]}


async def flood(address: str, secret: str, rate: float, seconds: float) -> Heard:
    """The whole flood, until everything was taken or given up."""
    heard = Heard()
    began_at, began = int(time.time() * 1000) - 3_600_000, time.monotonic()
    limits = aiohttp.ClientTimeout(total=ANSWER_S)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200), timeout=limits) as session, asyncio.TaskGroup() as posts:
        for number in range(int(rate * seconds)):
            late = began + number / rate - time.monotonic()
            if late > 0:
                await asyncio.sleep(late)
            heard.posted += 1
            posts.create_task(_post(session, address, secret, posted_event(number, began_at), heard))
    return heard


async def _post(session: aiohttp.ClientSession, address: str, secret: str, body: bytes, heard: Heard) -> None:
    headers = {"content-type": "application/json", SIGNATURE: sign(body, secret)}
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
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


if __name__ == "__main__":
    where, signs_with, pace, length = sys.argv[1:]
    print(json.dumps(asyncio.run(flood(where, signs_with, float(pace), float(length))).document()))
