"""`python -m tests.voxjar.process REDIS PLACE TOKEN SOUNDS`: a sender in a process of its own, to be killed in the middle of things."""

import asyncio
import sys
from types import SimpleNamespace
from typing import Any, cast

import django

django.setup()

from tests.voxjar.sender import QUICK, Sender, SoundHouse  # noqa: E402 (of a Django that is set up)


async def send(redis: str, place: str, token: str, sounds: str) -> None:
    """Until it is killed."""
    house = SoundHouse()
    house.url = sounds
    sender = Sender(redis, cast(Any, SimpleNamespace(url=place, token=token)), house, {}, token, QUICK)
    await sender.begin()
    assert sender.task is not None
    await sender.task


if __name__ == "__main__":
    asyncio.run(send(*sys.argv[1:5]))
