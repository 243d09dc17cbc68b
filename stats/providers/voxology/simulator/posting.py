"""Requests of call flows on their way to us: in four content types, sent once and never again, in the order in which they happened."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement, tostring

import aiohttp

from stats.providers.voxology.simulator.switches import Switches

Document = dict[str, Any]
FORM = "application/x-www-form-urlencoded"
_LISTS = {"key_presses": "digits", "recordings": "id"}


def quirky(document: Document, switches: Switches) -> Document:
    """With the oddities of the vendor's own samples, as far as they are switched on."""
    told = dict(document)
    if switches.string_booleans and "is_webhook" in told:
        told["is_webhook"] = "true" if told["is_webhook"] else "false"
    if switches.zone_less:
        for name in ("start_time", "end_time", "date", "queued_on"):
            if isinstance(told.get(name), str):
                told[name] = told[name].rstrip("Z")
    if switches.upper_direction and isinstance(told.get("direction"), str):
        told["direction"] = told["direction"].upper()
    if switches.string_session and isinstance(told.get("session_data"), dict):
        told["session_data"] = json.dumps(told["session_data"])
    if switches.space_keys:
        told = {f"{name} " if name in ("caller_no_postal_code", "status", "start_time") else name: value for name, value in told.items()}
    return told


def flattened(document: Document) -> list[tuple[str, str]]:
    """As a form or query string has it: objects dotted, key presses and recordings by name, histories left out."""
    found: list[tuple[str, str]] = []

    def add(name: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                add(f"{name}.{key}", each)
        elif isinstance(value, list):
            found.extend((f"{name}.{each['name']}", str(each[_LISTS[name]])) for each in value if name in _LISTS)
        else:
            found.append((name, "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)))

    for name, value in document.items():
        add(name, value)
    return found


def as_xml(document: Document) -> bytes:
    """As XML: one element a property."""
    root = Element("callback")

    def add(parent: Element, name: str, value: Any) -> None:
        element = SubElement(parent, name.strip())
        if isinstance(value, dict):
            for key, each in value.items():
                add(element, key, each)
        elif isinstance(value, list):
            for each in value:
                add(element, "item", each)
        elif value is not None:
            element.text = str(value).lower() if isinstance(value, bool) else str(value)

    for name, value in document.items():
        add(root, name, value)
    written: bytes = tostring(root, encoding="utf-8")
    return written


class Post:
    """Where the flows' WEBHOOK actions go. `sent`, `answers`: how many, and what the last were answered."""

    def __init__(self, switches: Switches) -> None:
        self.url, self.key = "", ""
        self.sent = 0
        self.answers: list[tuple[int, bytes]] = []
        self._switches = switches
        self._waiting: asyncio.Queue[Document] = asyncio.Queue()
        self._session: aiohttp.ClientSession | None = None

    def put(self, document: Document) -> None:
        """Send it when its turn comes; nothing is sent while there is no address."""
        if self.url:
            self._waiting.put_nowait(document)

    async def idle(self) -> None:
        """Until everything put so far has been sent."""
        await self._waiting.join()

    async def work(self) -> None:
        """For ever: one after the other."""
        while True:
            document = await self._waiting.get()
            try:
                await self.send(self.url, document)
            finally:
                self._waiting.task_done()

    async def send(self, url: str, document: Document) -> int:
        """One request, once; the status it was answered with, 0 without an answer."""
        switches = self._switches
        told = quirky(document, switches)
        headers = {}
        if switches.key_in == "header":
            headers["X-Wallboard-Key"] = self.key
        else:
            told["custom_data"] = {"wallboard_key": self.key}
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        body: bytes | None = None
        if switches.method == "GET":
            told.pop("key_presses", None) if not told.get("key_presses") else None
            url = f"{url}{'&' if '?' in url else '?'}{urlencode(flattened(told))}"
        else:
            headers["Content-Type"] = switches.content_type
            body = (
                as_xml(told)
                if switches.content_type.endswith("xml")
                else urlencode(flattened(told)).encode()
                if switches.content_type == FORM
                else json.dumps(told).encode()
            )
        try:
            async with self._session.request(switches.method, url, data=body, headers=headers, allow_redirects=False) as response:
                answer = await response.read()
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            status, answer = 0, b""
        self.sent += 1
        self.answers = [*self.answers[-49:], (status, answer)]
        return status

    async def close(self) -> None:
        """Let go of the session."""
        if self._session is not None:
            await self._session.close()
