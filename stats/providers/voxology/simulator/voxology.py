"""A Voxology look-alike on one loopback port: its API under `/v1`, WEBHOOK requests of its customer's call flows, and a floor behind both.

async with VoxologySimulator(start=False) as sim:
    sim.post_to("http://127.0.0.1:8000/hooks/...", key="...")
    await sim.play("doc-example", real_time=True)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from stats.domain.numbers import e164
from stats.providers.voxology.simulator import documents
from stats.providers.voxology.simulator.acts import Acts
from stats.providers.voxology.simulator.desk import Desk
from stats.providers.voxology.simulator.lines import Event, Lines
from stats.providers.voxology.simulator.posting import Post
from stats.providers.voxology.simulator.switches import Switches
from stats.simulation.exchange import Subject
from stats.simulation.house import House

DEFAULT_TOKEN = "demo-voxology-key"  # noqa: S105 - opens nothing but this look-alike
DEFAULT_BASIC = "demo:demo-voxology-basic"
Document = dict[str, Any]


class VoxologySimulator(House):
    """`token`: the API key; `basic`: of the account. `spaces`: its sub accounts; the floor's calls go to `space`."""

    def __init__(
        self,
        *,
        token: str = DEFAULT_TOKEN,
        basic: str = DEFAULT_BASIC,
        space: str = "",
        spaces: tuple[str, ...] = ("7", "8"),
        switches: Switches | None = None,
        post_to: str = "",
        hook_key: str = "",
        **house: Any,
    ) -> None:
        super().__init__(**house)
        self.switches = switches if switches is not None else Switches()
        self.keys, self.basic, self.spaces = {token}, basic, set(spaces)
        self.lines, self.desk, self.post = Lines(), Desk(self), Post(self.switches)
        self.lines.space = space
        self.acts = Acts(self.hear, self.now)
        self.failures: deque[tuple[int, float | None, int | None]] = deque()
        self.dialled: list[Document] = []
        self.extra_rows: list[Document] = []
        self.dequeues = 0
        self.callback, self.failover = "", ""
        self.terminated = 0
        self.post_to(post_to, key=hook_key)
        self.deeds = {
            "switches": self._set,
            "scenario": self._scenario,
            "token": self._token,
            "fail": self._fail,
            "post": self._post,
            "callback": self._callback,
            "row": self._row,
            "act": self._act,
        }

    def add_routes(self, app: web.Application) -> None:
        """The vendor's doors."""
        self.desk.add_routes(app)

    async def went_live(self) -> None:
        """From now on the flows post."""
        self.spawn(self.post.work())

    async def close(self) -> None:
        """Ends what it started."""
        await super().close()
        await self.post.close()

    @property
    def api_url(self) -> str:
        """What a source is configured with."""
        return f"{self.url}/v1"

    def post_to(self, url: str, *, key: str) -> None:
        """Where the flows' WEBHOOK actions go, and the secret they carry."""
        self.post.url, self.post.key = url, key

    # -- what happens --------------------------------------------------------------------------------------------------

    def hear(self, at: int, subject: Subject) -> None:
        """The floor's listener."""
        self.lines.release_events = self.switches.release_events
        before = len(self.lines.ended)
        events = self.lines.hear(at, subject)
        if not self.live:
            return
        if self.switches.webhooks:
            for event in events:
                self.post.put(self.webhook(event, at))
        for line in self.lines.ended[before:]:
            if self.switches.copies:
                kind = "end_call" if line.connected_at is not None or line.offer is None else "failed_call"
                self.post.put(documents.request(line, kind, at, self.switches.session_keys))
            if self.callback:
                self.spawn(self._call_back(line, "end_call", at))

    def webhook(self, event: Event, at: int) -> Document:
        """A WEBHOOK action's request."""
        line, name, data = event
        body = documents.request(line, "live_call", at, self.switches.session_keys)
        return {**body, "is_webhook": True, "event_name": name, "webhook_data": data}

    async def _call_back(self, line: documents.Line, kind: str, at: int) -> None:
        """The callback itself: other than 2xx goes to the failover; without one, or with 204, the call is terminated: its log says so."""
        body = documents.request(line, kind, at, self.switches.session_keys)
        for url in (self.callback, self.failover):
            status = await self.post.send(url, body) if url else 0
            if status == 204:
                break
            if 200 <= status < 300:
                if b'"actions"' not in self.post.answers[-1][1]:
                    line.error_code, line.error = 400902, "Your callback response did not contain JSON actions."
                return
        self.terminated += 1
        line.error_code = 4001 if status == 0 else 400902 if status == 204 else 400900
        line.error = "The callback did not answer as it must."

    def messages(self, space: str) -> list[Document]:
        """Text messages: one after every fifth caller's call."""
        ended = [line for line in self.lines.ended if line.offer is None and line.space == space and e164(line.call.number)]
        return [
            documents.message_row(e164(line.call.number) or "", place, line.ended_at or 0, space) for place, line in enumerate(ended[::5])
        ]

    def state(self) -> Mapping[str, object]:
        """What the back door says of it."""
        return {
            "dequeues": self.dequeues,
            "requests": len(self.desk.requests),
            "refused": self.desk.refused,
            "posted": self.post.sent,
            "terminated": self.terminated,
            "live": len(self.lines.live(self.lines.space)),
            "waiting": {name: len(who) for name, who in self.lines.queues.get(self.lines.space, {}).items()},
            "switches": self.switches.as_mapping(),
        }

    # -- the back door -------------------------------------------------------------------------------------------------

    async def _set(self, asked: Mapping[str, Any]) -> object:
        self.switches.update(dict(asked))
        return self.switches.as_mapping()

    async def _scenario(self, asked: Mapping[str, Any]) -> object:
        """{"name", "real_time", "space"}"""
        self.lines.space = str(asked.get("space", self.lines.space))
        return {"id_call": await self.play(str(asked.get("name", "doc-example")), real_time=bool(asked.get("real_time")))}

    async def _token(self, asked: Mapping[str, Any]) -> object:
        """{"token"}: the one key from now on; without it, none."""
        self.keys = {str(asked["token"])} if asked.get("token") else set()
        return {}

    async def _fail(self, asked: Mapping[str, Any]) -> object:
        """{"status", "count": 1, "retry_after"?, "code"?}: the next answers."""
        failure = (int(asked["status"]), asked.get("retry_after"), asked.get("code"))
        self.failures.extend([failure] * int(asked.get("count", 1)))
        return {}

    async def _post(self, asked: Mapping[str, Any]) -> object:
        """{"url", "key"}: where the flows post to."""
        self.post_to(str(asked["url"]), key=str(asked.get("key", "")))
        return {}

    async def _callback(self, asked: Mapping[str, Any]) -> object:
        """{"url", "failover"?}: the customer's callback address."""
        self.callback, self.failover = str(asked["url"]), str(asked.get("failover", ""))
        return {}

    async def _act(self, asked: Mapping[str, Any]) -> object:
        """{"do": "call", "enter", "ring", "answer", "lead_on" or "hang_up", "caller", "queue"?, "agent"?, "number"?, "reason"?}"""
        call = self.acts.do(str(asked["do"]), str(asked["caller"]), asked)
        return {"id_call": self.lines.line_of(call).id}

    async def _row(self, asked: Mapping[str, Any]) -> object:
        """A row of LiveCalls as it is given."""
        self.extra_rows.append(dict(asked))
        return {}
