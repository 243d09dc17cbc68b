"""A Voxloud look-alike on one loopback port: the REST API, webhooks, and a floor behind them if one is wanted.

    async with VoxloudSimulator(start=False) as sim:      # no floor: only what the test sends
        sim.tell("CALL_INCOMING", {...})
    async with VoxloudSimulator(seed=7, agents=12) as sim:  # a day of history, then life
        ...

Clients written for the vendor work unchanged but for the address: `sim.api_url` instead of https://developer.voxloud.com/api.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from aiohttp import web

from stats.providers.voxloud.simulator.documents import ACCOUNT, MAIN_NUMBER, Document, Writer, extension
from stats.providers.voxloud.simulator.doors import Doors
from stats.providers.voxloud.simulator.media import Media
from stats.providers.voxloud.simulator.posting import Posting
from stats.providers.voxloud.simulator.records import Records
from stats.providers.voxloud.simulator.switches import Switches
from stats.simulation import names
from stats.simulation.exchange import Subject
from stats.simulation.house import House
from stats.simulation.records import Agent, Call

DEFAULT_TOKEN = "demo-voxloud-key"  # noqa: S105 - opens nothing but this look-alike
CONTACTS = 130


class VoxloudSimulator(House):
    """See House. `token`: the one API key that opens the doors."""

    def __init__(self, *, token: str = DEFAULT_TOKEN, switches: Switches | None = None, **house: Any) -> None:
        super().__init__(**house)
        self.switches = switches if switches is not None else Switches()
        self.keys = {token}
        self.records = Records() if self.plan is not None else Records(keep_ms=1 << 62)  # a test's own records may be of any time
        self.writer, self.media = Writer(self.switches), Media()
        self.posting = Posting(self.switches, self.chance, self.spawn)
        self.doors = Doors(self)
        self.contacts: dict[str, Document] = {each["id"]: each for each in map(_contact, range(CONTACTS))} if self.plan else {}
        self.clicks: dict[str, Document] = {}
        self.others: list[Document] = []  # users of a test's own
        self.deeds |= {
            "switches": self._switch,
            "send": self._send,
            "keep": self._keep_one,
            "fail": self._fail,
            "key": self._replace_key,
            "play": self._play,
            "fax": self._fax,
            "disable": self._disable,
        }

    # -- life ----------------------------------------------------------------------------------------------------------

    def add_routes(self, app: web.Application) -> None:
        """See House."""
        self.media.known = _Recordings(self.records)
        self.doors.add_routes(app)

    async def went_live(self) -> None:
        """See House."""
        self.writer.media = f"{self.url}/media"

    async def close(self) -> None:
        """See House."""
        await super().close()
        await self.posting.close()

    @property
    def api_url(self) -> str:
        """What stands for https://developer.voxloud.com/api."""
        return f"{self.url}/api"

    # -- the floor speaks ----------------------------------------------------------------------------------------------

    def hear(self, at: int, subject: Subject) -> None:
        """See House. Nothing is told of visits: the vendor has no queues."""
        if self.live:
            for kind, document in self.writer.told_of(at, subject):
                self.posting.tell(kind, document["timestamp"], document)
        if isinstance(subject, Call) and subject.ended_at == at:
            if self.live:
                self.spawn(self._record(subject))
            else:
                self._keep(subject)

    async def _record(self, call: Call) -> None:
        await asyncio.sleep(self.switches.record_after_s / self._speed)
        document = self._keep(call)
        self.posting.tell("PHONE_CALL", document["timestamp"], document)

    def _keep(self, call: Call) -> Document:
        row_id = self.records.next_id()
        self.records.keep(call.started_at, row_id, partial(self.writer.record, call, row_id), call.id)
        return self.writer.record(call, row_id)

    # -- people --------------------------------------------------------------------------------------------------------

    def users(self) -> list[Document]:
        """Those of the floor, and a test's own."""
        agents = self.floor.agents if self.floor is not None else ()
        return [_user(agent, names.service_number(MAIN_NUMBER)) for agent in agents] + self.others

    def groups(self) -> list[str]:
        """Ring groups: as many as there are queues."""
        return [queue.name for queue in self.floor.queues] if self.floor is not None else []

    def queue_options(self) -> list[Document]:
        """What an administrator would type for the source's option `queues`."""
        queues = self.floor.queues if self.floor is not None else ()
        return [{"name": each.name, "numbers": [f"+46{each.phone[1:]}"], "rules": [each.name]} for each in queues]

    def click(self, click: Mapping[str, Any], contact: str) -> None:
        """Connects an extension with a number, in the time that takes."""
        self.spawn(self._click(click, contact))

    async def _click(self, click: Mapping[str, Any], contact: str) -> None:
        call_id, began, ext = f"{uuid.uuid4().hex}-clicktocall", self.now(), int(click["extension"])
        name = next((f"{u['first_name']} {u['last_name']}" for u in self.users() if u["extension_number"] == ext), "")
        common: Document = {"callId": call_id, "originatorNumber": str(ext), "originatorName": name}
        common |= {"destinationNumber": contact.lstrip("+"), "destinationName": contact.lstrip("+")}
        for kind, wait_s in (("STARTED", 0.0), ("ANSWERED", 2.0), ("HANGUP", 12.0)):
            await asyncio.sleep(wait_s / self._speed)
            at = self.writer.instant(self.now())
            self.posting.tell(f"CALL_{kind}", at, {**common, "timestamp": at, "type": kind, "userExtension": ext})
        length = self.now() - began
        document = {
            **common,
            "id": self.records.next_id(),
            "type": "CLICK_TO_CALL",
            "accountId": ACCOUNT,
            "direction": "OUTBOUND",
            "timestamp": self.writer.instant(began),
            "originatorNumber": str(click["outboundNumber"]).lstrip("+"),
            "duration": self.writer.seconds(length),
            "ringTime": self.writer.seconds(round(length / 7)),
            "queueCallId": call_id,
            "clickToCallType": "EXTENSION",
            "archived": False,
            "recorded": False,
        }
        await asyncio.sleep(self.switches.record_after_s / self._speed)
        self.keep(document)
        self.posting.tell("CLICK_TO_CALL", document["timestamp"], document)

    # -- what a test may do --------------------------------------------------------------------------------------------

    def tell(self, kind: str, document: Document) -> None:
        """Posts a document of the test's own; `kind` as a subscription names it."""
        self.posting.tell(kind, document.get("timestamp", self.now()), document)

    def keep(self, document: Document) -> None:
        """Puts a record of the test's own where it is found."""
        row_id = int(document.setdefault("id", self.records.next_id()))
        self.records.keep(document["timestamp"], row_id, lambda: document, document.get("callId"))

    def fail_next(self, status: int, count: int = 1, *, retry_after_s: float | None = None) -> None:
        """The next answers of the API, whatever is asked."""
        self.doors.failures.extend([(status, retry_after_s)] * count)

    def fax(self) -> Document:
        """A fax that has just come in."""
        at, row_id = self.writer.instant(self.now()), self.records.next_id()
        document = {
            "id": row_id,
            "timestamp": at,
            "direction": "inbound",
            "sender": "46701740611",
            "recipient": "46846500498",
            "attachment_url": f"{self.writer.media}/faxes/fax_{row_id}.pdf",
            "total_pages": 4,
        }
        self.records.keep(at, row_id, lambda: document, f"fax-{row_id}")
        self.posting.tell("FAX_CALL", at, document)
        return document

    def state(self) -> Mapping[str, object]:
        """See House."""
        return {
            "subscriptions": [each.told() for each in self.posting.subscriptions.values()],
            "posted": self.posting.posted,
            "refused": self.posting.refused,
            "records": len(self.records),
            "requests": self.doors.requests,
            "queues": self.queue_options(),
            "switches": self.switches.as_mapping(),
        }

    async def _switch(self, asked: Mapping[str, Any]) -> object:
        self.switches.update(asked)
        return self.switches.as_mapping()

    async def _send(self, asked: Mapping[str, Any]) -> object:
        """{"kind": "CALL_INCOMING", "document": {...}, "keep": false}"""
        if asked.get("keep"):
            self.keep(asked["document"])
        self.tell(asked["kind"], asked["document"])
        return {"sent": True}

    async def _keep_one(self, asked: Mapping[str, Any]) -> object:
        """{"document": {...}}: found, and posted to nobody"""
        self.keep(asked["document"])
        return {"records": len(self.records)}

    async def _fail(self, asked: Mapping[str, Any]) -> object:
        """{"status": 503, "count": 1, "retry_after_s": null}"""
        self.fail_next(int(asked["status"]), int(asked.get("count", 1)), retry_after_s=asked.get("retry_after_s"))
        return {"failures": len(self.doors.failures)}

    async def _replace_key(self, asked: Mapping[str, Any]) -> object:
        """{"key": "..."}; without one, no key opens any more."""
        self.keys = {asked["key"]} if asked.get("key") else set()
        return {"keys": len(self.keys)}

    async def _play(self, asked: Mapping[str, Any]) -> object:
        """{"name": "doc-example", "real_time": false}"""
        return {"call": await self.play(asked["name"], real_time=bool(asked.get("real_time")))}

    async def _fax(self, _asked: Mapping[str, Any]) -> object:
        return self.fax()

    async def _disable(self, _asked: Mapping[str, Any]) -> object:
        """As the vendor does after failures."""
        for each in self.posting.subscriptions.values():
            each.enabled, each.last_error = False, each.last_error or "HTTP 500"
            each.failed_count = each.failed_count or self.switches.failures_until_disabled
        return {"disabled": len(self.posting.subscriptions)}


class _Recordings:
    """The names of what can be heard."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def __contains__(self, name: object) -> bool:
        stem = str(name).removesuffix(".wav")
        kind = "voicemail_url" if stem.startswith("vm_") else "recordingUrl"
        row = self._records.of_call(stem.removeprefix("vm_").removeprefix("call_recording_"))
        return row is not None and str(row.get(kind, "")).endswith(f"/{name}")


def _user(agent: Agent, number: str) -> Document:
    did = {"number": f"+46{number[1:]}", "label": "Huvudnummer"}
    own = {
        "number": agent.phone.replace("0046", "+46", 1) if agent.phone.startswith("00") else f"+46{agent.phone[1:]}",
        "label": agent.name,
    }
    first, _, last = agent.name.partition(" ")
    return {
        "id": str(uuid.UUID(int=agent.id)),
        "first_name": first,
        "last_name": last,
        "extension_number": extension(agent),
        "outbound_cli": {"outbound_did": did, "available_dids": [did, own]},
    }


def _contact(order: int) -> Document:
    """A made-up person behind one of the numbers kept free for fiction."""
    first, _, last = names.person(order * 3 + 1).partition(" ")
    return {
        "id": str(uuid.UUID(int=5_000_000 + order)),
        "first_name": first,
        "last_name": last,
        "primary_phone": f"+467017406{order + 5:02d}" if order < 95 else f"+463139006{order - 95:02d}",
        "phones": [],
        "company_name": f"Kund {order + 1} AB",
        "crm_name": "Voxloud",
        "created_at": "2026-01-02T14:42:37+01:00",
        "updated_at": "2026-01-02T14:42:37+01:00",
    }
