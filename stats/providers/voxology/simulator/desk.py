"""The vendor's doors: what each address answers, and to whom."""

from __future__ import annotations

import asyncio
import base64
import time
from collections import deque
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from stats.providers.voxology import values
from stats.providers.voxology.simulator import documents
from stats.providers.voxology.simulator.errors import Refusal, refuse
from stats.providers.voxology.simulator.posting import quirky
from stats.simulation.sound import tone

if TYPE_CHECKING:
    from stats.providers.voxology.simulator.voxology import VoxologySimulator

Document = dict[str, Any]
HOUR_MS = 3_600_000
LONG_POLL_S = 15.0
SOUND = tone("voxology") * 2  # long enough to be asked for in parts


class Desk:
    """Answers for one look-alike."""

    def __init__(self, house: VoxologySimulator) -> None:
        self._house = house
        self._asked: deque[float] = deque()
        self.requests: list[str] = []  # "GET /LiveCalls", the newest 10,000
        self.refused = 0

    def add_routes(self, app: web.Application) -> None:
        """Every door, for the application and for each sub account."""
        for prefix in ("/v1", "/v1/SubAccounts/{space}"):
            for method, path, handler in (
                ("GET", "/LiveCalls", self.live_calls),
                ("GET", "/LiveCalls/Queues", self.queues),
                ("GET", "/LiveCalls/Queues/{name}", self.queue),
                ("GET", "/LiveCalls/Queues/{name}/Calls", self.queued),
                ("GET", "/LiveCalls/Queues/{name}/Calls/{id}", self.queued_call),
                ("GET", "/LiveCalls/Queues/{name}/Peek", self.peek),
                ("GET", "/LiveCalls/Queues/{name}/Poll", self.poll),
                ("GET", "/LiveCalls/{id}", self.live_call),
                ("GET", "/History/Logs/Calls", self.logs),
                ("GET", "/History/Logs/Calls/{id}", self.log),
                ("GET", "/History/Recordings", self.recordings),
                ("GET", "/History/Recordings/{id}", self.recordings_of),
                ("GET", "/History/Recordings/{id}/{format}", self.sound),
                ("GET", "/Messages", self.messages),
                ("POST", "/Dials/Connect", self.dial),
            ):
                app.router.add_route(method, prefix + path, self._door(handler))
        app.router.add_get("/v1/SubAccounts", self._door(self.sub_accounts))
        app.router.add_get("/v1/Account/Billings/Balance", self._door(self.balance, basic=True))
        app.router.add_route("*", "/v1/{path:.*}", self._door(self._nowhere))

    def _door(self, handler: Any, *, basic: bool = False) -> Any:
        async def answer(request: web.Request) -> web.StreamResponse:
            self.requests = [*self.requests[-9_999:], f"{request.method} {request.path}"] if len(self.requests) > 9_999 else self.requests
            self.requests.append(f"{request.method} {request.path}")
            try:
                self._let_in(request, basic)
                told = await handler(request, self._space(request))
            except Refusal as why:
                return why.response()
            return told if isinstance(told, web.StreamResponse) else web.json_response(told)

        return answer

    def _let_in(self, request: web.Request, basic: bool) -> None:
        house = self._house
        if house.failures:
            status, retry_after, code = house.failures.popleft()
            known = code or (400429 if status == 429 else 500991)
            refuse(known, status=status, headers={"Retry-After": f"{retry_after:g}"} if retry_after else None)
        if basic:
            if request.headers.get("Authorization") != "Basic " + base64.b64encode(house.basic.encode()).decode():
                refuse(401002)
        elif request.headers.get("X-API-Key") not in house.keys:
            refuse(401001)
        limit, now = house.switches.per_minute, time.monotonic()
        if limit:
            while self._asked and now - self._asked[0] > 60:
                self._asked.popleft()
            if len(self._asked) >= limit:
                self.refused += 1
                wait = house.switches.retry_after_s
                refuse(400429, headers={"Retry-After": f"{wait:g}"} if wait else None)
            self._asked.append(now)

    def _space(self, request: web.Request) -> str:
        space = request.match_info.get("space", "")
        if space and space not in self._house.spaces:
            refuse(404801)
        return space

    async def _nowhere(self, _request: web.Request, _space: str) -> Document:
        refuse(404001)

    async def balance(self, _request: web.Request, _space: str) -> Document:
        return {"balance": 100.00}

    async def sub_accounts(self, _request: web.Request, _space: str) -> Document:
        listed = [{"id": int(each), "name": f"Sub account {each}", "status": "active"} for each in sorted(self._house.spaces)]
        pages = {"current_page": 0, "total_pages": 1, "total_items": len(listed), "items_per_page": 25}
        return {"app_id": documents.APP_ID, "subaccounts": listed, "pagination": pages}

    # -- calls of now --------------------------------------------------------------------------------------------------

    async def live_calls(self, request: web.Request, space: str) -> Document:
        house, now = self._house, self._house.now()
        most = min(int(request.query.get("max_results", "500")), house.switches.live_cap)
        lines = sorted(house.lines.live(space), key=lambda line: line.connected_ms(now))[:most]
        rows = [quirky(documents.live_row(line, now, house.switches.session_keys), house.switches) for line in lines]
        rows += [row for row in house.extra_rows if space == ""]
        return {"calls": rows, "longest_call": None, "shortest_call": None, "total_calls": len(rows)}

    async def live_call(self, request: web.Request, space: str) -> Document:
        house, now = self._house, self._house.now()
        line = house.lines.by_id.get(request.match_info["id"])
        if line is None or line.space != space:
            refuse(404404)
        if line.ended_at is not None and now - line.ended_at > house.switches.detail_s * 1000 and not self._logged(line):
            refuse(404404)
        return documents.live_row(line, now, house.switches.session_keys) | {"detection": "unknown"}

    # -- queues --------------------------------------------------------------------------------------------------------

    def _kept(self, space: str, name: str) -> bool:
        lines = self._house.lines
        if name not in lines.queues.get(space, {}):
            return False
        emptied = lines.emptied_at.get((space, name))
        waiting = bool(lines.queues[space][name])
        return waiting or emptied is None or self._house.now() - emptied <= self._house.switches.queue_kept_s * 1000

    def _described(self, space: str, name: str) -> Document:
        waits = self._house.lines.waits.get((space, name), [])[-20:]
        return {"name": name, "hold_times": {"estimated": round(sum(waits) / len(waits) / 1000, 3) if waits else 0}}

    def _waiting(self, space: str, name: str) -> list[Document]:
        now, found = self._house.now(), []
        if not self._kept(space, name):
            refuse(404711)
        for place, (visit, line) in enumerate(self._house.lines.queues[space][name].items(), 1):
            call = {"id": line.id, "no": line.far, "caller_id_no": documents.API_NO}
            row = {"call": call, "queued_on": values.iso(visit.entered_at), "hold_time": (now - visit.entered_at) / 1000, "position": place}
            found.append(quirky(row, self._house.switches))
        return found

    async def queues(self, _request: web.Request, space: str) -> Document:
        names = [name for name in self._house.lines.queues.get(space, {}) if self._kept(space, name)]
        return {"queues": [self._described(space, name) for name in names]}

    async def queue(self, request: web.Request, space: str) -> Document:
        if not self._kept(space, request.match_info["name"]):
            refuse(404711)
        return self._described(space, request.match_info["name"])

    async def queued(self, request: web.Request, space: str) -> Document:
        name = request.match_info["name"]
        calls = self._waiting(space, name)
        held = [call["hold_time"] for call in calls]
        times = {"average": sum(held) / len(held), "least": min(held), "greatest": max(held)} if held else {}
        return {"calls": calls, "queue_name": name, "hold_times": times}

    async def queued_call(self, request: web.Request, space: str) -> Document:
        for call in self._waiting(space, request.match_info["name"]):
            if call["call"]["id"] == request.match_info["id"]:
                return call
        refuse(404712)

    async def peek(self, request: web.Request, space: str) -> Document:
        calls = self._waiting(space, request.match_info["name"])
        if not calls:
            refuse(404713)
        return calls[0]

    async def poll(self, request: web.Request, space: str) -> Document:
        """Takes the next caller out, waiting for one: what no wallboard must ever do."""
        self._house.dequeues += 1
        name, until = request.match_info["name"], time.monotonic() + LONG_POLL_S
        while True:
            calls = self._waiting(space, name)
            if calls:
                self._house.lines.dequeue(space, name)
                return calls[0]
            if time.monotonic() > until:
                refuse(404713)
            await asyncio.sleep(0.1)

    # -- the past ------------------------------------------------------------------------------------------------------

    def _logged(self, line: documents.Line) -> bool:
        return line.ended_at is not None and self._house.now() - line.ended_at >= self._house.switches.log_lag_s * 1000

    def _window(self, request: web.Request) -> tuple[int, int]:
        now = self._house.now()
        begin, end = (values.instant(request.query.get(name)) for name in ("begin_date", "end_date"))
        return begin if begin is not None else now - HOUR_MS, end if end is not None else now

    def _row(self, line: documents.Line) -> Document:
        charged = self._house.now() - (line.ended_at or 0) > self._house.switches.charge_lag_s * 1000
        return quirky(documents.log_row(line, charged), self._house.switches)

    async def logs(self, request: web.Request, space: str) -> Document:
        house = self._house
        begin, end = self._window(request)
        block = int(request.query.get("block", "0"))
        mine = [line for line in house.lines.ended if line.space == space and begin <= line.started_at < end and self._logged(line)]
        mine.sort(key=lambda line: (line.started_at, line.id))
        for name in ("direction", "caller_no", "api_no"):
            if name in request.query:
                mine = [line for line in mine if self._row(line)[name] == request.query[name]]
        rows, most = mine[block : block + house.switches.block_rows], house.switches.block_rows
        cut = block + most < len(mine)
        shown = {"begin_date": values.iso(begin), "end_date": values.iso(end)}
        answer = {"logs": [self._row(line) for line in rows], **shown, "is_truncated": cut}
        query = urlencode({**shown, "type": "voice", "block": block + most})
        host = house.switches.foreign_next or ("" if house.switches.relative_next else house.url)
        return answer | {"next_block_uri": f"{host}{request.path}?{query}" if cut else None}

    async def log(self, request: web.Request, space: str) -> Document:
        line = self._house.lines.by_id.get(request.match_info["id"])
        if line is None or line.space != space or not self._logged(line):
            refuse(404404)
        return self._row(line) | {"created_on": values.iso(line.started_at), "updated_on": values.iso(self._house.now())}

    def _recorded(self, space: str) -> list[documents.Line]:
        lines = [line for line in self._house.lines.ended if line.offer is None and line.space == space]
        return [line for line in lines if line.call.recorded or line.call.voicemail]

    async def recordings(self, request: web.Request, space: str) -> Document:
        begin, end = self._window(request)
        rows = [documents.recording_row(line) for line in self._recorded(space)]
        rows = [row for row in rows if begin <= (values.instant(row["start_time"]) or 0) < end]
        most = self._house.switches.list_rows
        return {"recordings": rows[:most], "is_truncated": len(rows) > most}

    async def recordings_of(self, request: web.Request, space: str) -> Document:
        wanted = request.match_info["id"]
        rows = [documents.recording_row(line) for line in self._recorded(space) if line.id == wanted]
        return {"recordings": rows, "is_truncated": False}

    async def sound(self, request: web.Request, space: str) -> web.Response:
        if request.match_info["id"] not in {documents.recording_row(line)["id"] for line in self._recorded(space)}:
            refuse(404001)
        if self._house.switches.ranges and request.http_range.start is not None:
            first = request.http_range.start
            last = min(request.http_range.stop or len(SOUND), len(SOUND))
            headers = {"Content-Range": f"bytes {first}-{last - 1}/{len(SOUND)}", "Accept-Ranges": "bytes"}
            return web.Response(status=206, body=SOUND[first:last], content_type="audio/mpeg", headers=headers)
        return web.Response(body=SOUND, content_type="audio/mpeg")

    async def messages(self, request: web.Request, space: str) -> Document:
        begin, end = self._window(request)
        rows = [row for row in self._house.messages(space) if begin <= (values.instant(row["created_on"]) or 0) < end]
        most = self._house.switches.list_rows
        shown = {"begin_date": values.iso(begin), "end_date": values.iso(end)}
        return {"messages": rows[:most], **shown, "is_truncated": len(rows) > most}

    async def dial(self, request: web.Request, space: str) -> web.Response:
        asked = await request.json()
        call = asked.get("call") or {}
        if not call.get("no") or not call.get("caller_id_no"):
            refuse(400001)
        self._house.dialled.append(asked)
        answer = {"call": {"id": f"{900_000 + len(self._house.dialled)}@77", **call}, "inbound_api": "CallFlows"}
        return web.json_response(answer, status=201)
