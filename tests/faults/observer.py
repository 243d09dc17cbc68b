"""Who looks: the API twice a second and some boards all the time, and a line for everything seen, with its time.

`python -m tests.faults.observer --out FILE --token T --api URL --board NAME=URL ...` writes until SIGTERM. A line is
`{"t": epoch s, "view": name, "as_of": ms or null, "levels": {source: [calls, presence, agents]}, "set": {"scope|key": value},
"gone": [...]}`, with what has changed since the view's last line.
"""

import argparse
import asyncio
import json
import signal
import time
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

import aiohttp

from tests.faults.browser import Screen

EVERY_S = 0.5
WINDOWS = ("15m", "30m", "60m")
Flat = dict[str, Any]


def flat_answer(answer: Mapping[str, Any]) -> Flat:
    """An answer of /api/v1/live, or the oracle's, in the flat names of boards."""
    found: Flat = dict(_flat("site", answer["site"]))
    for kind in ("queue", "agent"):
        for row in answer[f"{kind}s"]:
            key = row["id"] if row.get("id") is not None else row.get("key") or f"a:{row['account_id']}"
            found.update(_flat(f"{kind}:{key}", row))
    return found


def _flat(scope: str, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if name in ("now", "today") or name in WINDOWS:
            prefix = f"{name}." if name in WINDOWS else ""
            for inner, told in value.items():
                if not isinstance(told, Mapping):
                    yield f"{scope}|{prefix}{inner}", told
        elif not isinstance(value, Mapping):
            yield f"{scope}|{name}", value


class Book:
    """Where everything is written down, only what changed."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._last: dict[str, Flat] = {}

    def write(self, view: str, values: Flat, levels: Mapping[str, list[str]], as_of: int | None = None) -> None:
        """What a view shows now."""
        last = self._last.get(view, {})
        missing = object()
        news = {name: value for name, value in values.items() if last.get(name, missing) != value}
        gone = [name for name in last if name not in values]
        self._last[view] = values
        line = {"t": time.time(), "view": view, "as_of": as_of, "levels": levels, "set": news, "gone": gone}
        self._out.write(json.dumps(line) + "\n")
        self._out.flush()


async def poll(name: str, url: str, token: str, book: Book) -> None:
    """The API, for ever; no answer is a view without levels."""
    limit = aiohttp.ClientTimeout(total=4)
    async with aiohttp.ClientSession(timeout=limit, headers={"Authorization": f"Bearer {token}"}) as session:
        values: Flat = {}
        while True:
            began = time.monotonic()
            levels: dict[str, list[str]] = {}
            as_of = None
            try:
                async with session.get(f"{url}/api/v1/live") as reply:
                    answer = await reply.json(content_type=None)
                    if reply.status == 200:
                        as_of, values = answer["as_of"], flat_answer(answer)
                        levels = {source["name"]: [source["state"]] * 3 for source in answer["sources"]}
            except (OSError, TimeoutError, aiohttp.ClientError, ValueError, KeyError):
                pass
            book.write(name, values, levels, as_of)
            await asyncio.sleep(max(0.1, EVERY_S - (time.monotonic() - began)))


async def watch(name: str, screen: Screen, book: Book) -> None:
    """A board's picture, for ever."""
    while True:
        await asyncio.sleep(EVERY_S)
        values = {f"{scope}|{key}": value for scope, told in screen.values.items() for key, value in told.items()}
        book.write(name, values, screen.levels())


async def look(options: argparse.Namespace) -> None:
    """Until SIGTERM."""
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    with open(options.out, "w") as out:  # noqa: ASYNC230 (a local file, a line at a time)
        book = Book(out)
        tasks = [asyncio.create_task(poll(name, url, options.token, book)) for name, url in map(_pair, options.api)]
        for name, url in map(_pair, options.board):
            screen = Screen(url, options.token)
            tasks += [asyncio.create_task(screen.run()), asyncio.create_task(watch(name, screen, book))]
        await done.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _pair(text: str) -> tuple[str, str]:
    name, _, url = text.partition("=")
    return name, url


def main() -> None:
    """See the module."""
    asked = argparse.ArgumentParser(description="Looks at a product and writes down what it shows.")
    asked.add_argument("--out", required=True)
    asked.add_argument("--token", required=True)
    asked.add_argument("--api", action="append", default=[], metavar="NAME=URL")
    asked.add_argument("--board", action="append", default=[], metavar="NAME=URL")
    asyncio.run(look(asked.parse_args()))


if __name__ == "__main__":
    main()
