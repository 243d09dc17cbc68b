"""`python -m tests.upstream --port P [--script FILE]`: the scriptable upstream as a process, to be killed, stopped and continued.

Prints `{"port": P}` once it listens. A script is JSON lines of actions; the same actions are taken at `POST /control`, and
`GET /control` tells what was seen. An action, with `at` in seconds after the start (now, when missing):

    {"at": 0.5, "send": ["calls", {...} or "raw text"]}      {"behave": "401", "paths": ["calls"]}      {"tokens": ["a", "b"]}
    {"rows": {"calls": [...]}, "lag_s": 2, "add": true}      {"fail_graphql": 3, "status": 503}         {"drop": []}      {"page_cap": 25}
"""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.upstream.server import ScriptableUpstream


async def act(upstream: ScriptableUpstream, action: dict[str, Any]) -> None:
    """Does everything one action names."""
    if "tokens" in action:
        upstream.tokens = set(action["tokens"])
    if "behave" in action:
        upstream.behave(action["behave"], *action.get("paths", ()))
    if "page_cap" in action:
        upstream.history.page_cap = action["page_cap"]
    for root, rows in action.get("rows", {}).items():
        (upstream.history.add if action.get("add") else upstream.history.set)(root, rows, lag_s=action.get("lag_s", 0.0))
    if "fail_graphql" in action:
        upstream.fail_graphql(action["fail_graphql"], status=action.get("status", 200), errors=action.get("errors", ()))
    if "drop" in action:
        await upstream.drop_sockets(*action["drop"])
    if "send" in action:
        datasource, document = action["send"]
        await upstream.send(datasource, document)


async def serve(port: int, script: Path | None) -> None:
    upstream = ScriptableUpstream()

    async def control(request: web.Request) -> web.Response:
        actions = [json.loads(line) for line in (await request.text()).splitlines() if line.strip()]
        for action in actions:
            await act(upstream, action)
        return web.json_response({"done": len(actions)})

    async def seen(_: web.Request) -> web.Response:
        shakes = [{"at": s.at, "datasource": s.datasource, "status": s.status} for s in upstream.handshakes]
        return web.json_response({"open": upstream.open_sockets(), "handshakes": shakes, "asked": len(upstream.asked)})

    upstream.extra_routes = [web.post("/control", control), web.get("/control", seen)]
    done = asyncio.Event()
    for end in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(end, done.set)
    actions = sorted(_script(script), key=lambda action: action.get("at", 0.0))
    for action in (action for action in actions if not action.get("at")):
        await act(upstream, action)
    listening = await upstream.start(port)
    sys.stdout.write(json.dumps({"port": listening}) + "\n")
    sys.stdout.flush()
    playing = asyncio.create_task(_play(upstream, [action for action in actions if action.get("at")]))
    await done.wait()
    playing.cancel()
    await upstream.stop()


def _script(path: Path | None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()] if path else []


async def _play(upstream: ScriptableUpstream, actions: list[dict[str, Any]]) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for action in actions:
        await asyncio.sleep(max(0.0, began + action["at"] - loop.time()))
        await act(upstream, action)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description="A scriptable Telavox look-alike for tests.")
    asked.add_argument("--port", type=int, default=0)
    asked.add_argument("--script", type=Path, default=None)
    options = asked.parse_args()
    asyncio.run(serve(options.port, options.script))
