"""The back door, for tests and benchmarks only: what the real service would never let anybody do to it.

Everything is `POST /control/<deed>` with a JSON object, or `GET /control/state`. It asks for no token, so the look-alike listens on the
loopback only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from stats.providers.telavox.simulator.switches import DATASOURCES

if TYPE_CHECKING:
    from stats.providers.telavox.simulator.studio import TelavoxSimulator

Deed = Callable[["TelavoxSimulator", Mapping[str, Any]], Awaitable[object]]


async def _switches(studio: TelavoxSimulator, asked: Mapping[str, Any]) -> object:
    studio.switches.update(asked)
    return studio.switches.as_mapping()


async def _send(studio: TelavoxSimulator, asked: Mapping[str, Any]) -> object:
    """{"datasource", "document", "live": true, "historic": true}"""
    await studio.send(_datasource(asked), asked["document"], live=asked.get("live", True), historic=asked.get("historic", True))
    return {}


async def _junk(studio: TelavoxSimulator, asked: Mapping[str, Any]) -> object:
    """{"datasource", "text"}: sent as it is."""
    await studio.send_raw(_datasource(asked), asked["text"])
    return {}


async def _kick(studio: TelavoxSimulator, asked: Mapping[str, Any]) -> object:
    """{"datasource"?, "code"?, "abort"?}"""
    kicked = await studio.kick(asked.get("datasource"), code=int(asked.get("code", 1001)), abort=bool(asked.get("abort")))
    return {"kicked": kicked}


async def _silence(studio: TelavoxSimulator, asked: Mapping[str, Any]) -> object:
    """{"datasource"?, "on": true}: keep the connection, send nothing, answer no ping."""
    studio.silence(asked.get("datasource"), on=bool(asked.get("on", True)))
    return {"silent": sorted(studio.sockets.silent)}


async def _token(studio: TelavoxSimulator, asked: Mapping[str, Any]) -> object:
    """{"revoke": true} closes every door; {"token": "..."} makes this the one that opens them. Open sockets stay unless "kick"."""
    if asked.get("revoke"):
        studio.revoke_token()
    if asked.get("token"):
        studio.replace_token(str(asked["token"]))
    if asked.get("kick"):
        await studio.kick()
    return {}


async def _clock(studio: TelavoxSimulator, asked: Mapping[str, Any]) -> object:
    """{"advance_ms"}: the hourly batch comes for each full hour crossed."""
    return {"hours": studio.advance_clock(int(asked["advance_ms"]))}


async def _hour(studio: TelavoxSimulator, asked: Mapping[str, Any]) -> object:
    studio.strike_hour()
    return {}


async def _fail(studio: TelavoxSimulator, asked: Mapping[str, Any]) -> object:
    """{"status", "count": 1, "retry_after"?}: the next GraphQL answers."""
    studio.fail_next(int(asked["status"]), int(asked.get("count", 1)), retry_after_s=asked.get("retry_after"))
    return {}


async def _scenario(studio: TelavoxSimulator, asked: Mapping[str, Any]) -> object:
    """{"name": "doc-example", "real_time": false}"""
    call = await studio.play(str(asked.get("name", "doc-example")), real_time=bool(asked.get("real_time")))
    return {"id_call": call}


DEEDS: dict[str, Deed] = {
    "switches": _switches,
    "send": _send,
    "junk": _junk,
    "kick": _kick,
    "silence": _silence,
    "token": _token,
    "clock": _clock,
    "hour": _hour,
    "fail": _fail,
    "scenario": _scenario,
}


def _datasource(asked: Mapping[str, Any]) -> str:
    datasource = str(asked["datasource"])
    if datasource not in DATASOURCES:
        raise ValueError(f"datasource is one of {', '.join(DATASOURCES)}")
    return datasource


def add_routes(app: web.Application, studio: TelavoxSimulator) -> None:
    async def state(request: web.Request) -> web.Response:
        return web.json_response(studio.state())

    async def act(request: web.Request) -> web.Response:
        deed = DEEDS.get(request.match_info["deed"])
        if deed is None:
            return web.json_response({"error": f"there are: {', '.join(DEEDS)}"}, status=404)
        try:
            asked = await request.json() if request.can_read_body else {}
            return web.json_response(await deed(studio, asked))
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)

    app.router.add_get("/control/state", state)
    app.router.add_post("/control/{deed}", act)
