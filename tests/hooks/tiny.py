"""The smallest company that posts: signs the whole body, names each post, and tells of one call in each."""

import contextlib
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from stats.domain.errors import Malformed, Refused
from stats.domain.records import Call, Direction, Journey, Offer, Telling
from stats.providers import registry
from stats.providers.base import (
    Answer,
    Checked,
    Company,
    Delivery,
    FeedSpec,
    Frames,
    Only,
    Page,
    SourceConfig,
    party_of,
    unpack_delivery,
)

NAME = "tiny"
SIGNATURE = "x-tiny-signature"


class TinyHook:
    """Body: {"id": <delivery>, "call": <id>}; the signature is the HMAC-SHA256 of the body."""

    methods: Sequence[str] = ("POST",)
    headers: Sequence[str] = (SIGNATURE,)
    largest = 64 * 1024
    answer = Answer()
    again = Answer(status=200, body=b'{"again":true}')

    def check(self, delivery: Delivery, secrets: Sequence[str], settings: Mapping[str, Any]) -> Checked:
        """Judge one post."""
        given = delivery.headers.get(SIGNATURE, "")
        if not any(hmac.compare_digest(given, sign(delivery.body, secret)) for secret in secrets):
            raise Refused("auth", "wrong signature")
        try:
            told = json.loads(delivery.body)
        except ValueError:
            raise Malformed("json") from None
        if told.get("raise"):
            raise ZeroDivisionError
        return Checked(delivery_id=told.get("id"), keep=not told.get("test"), verified=bool(told.get("test")))


def sign(body: bytes, secret: str) -> str:
    """What the header says."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


PARTS = 4


def posted_event(number: int, began_at: int, *, goes_on: bool = False) -> bytes:
    """The `number`th event of a flood that began at an instant: of four parts of a call, three are rings and the last is the whole call.

    `goes_on`: as it was before it ended.
    """
    call, part = divmod(number, PARTS)
    return json.dumps({"id": f"evt-{number}", "call": f"call-{call}", "part": part, "at": began_at + call, "goes_on": goes_on}).encode()


class TinyProvider:
    """Tells what each post says: parts 0 to 2 of an agent who is or was rung, part 3 of the whole call. It has no past."""

    feeds: Mapping[str, FeedSpec] = {"events": FeedSpec(name="events", calls=True, silent=True, via="hook")}
    historic_kinds: Sequence[str] = ()

    def __init__(self, config: SourceConfig) -> None:
        self._source = config.name

    def open(self, feed: str) -> AbstractAsyncContextManager[Frames]:
        """Never asked: what is posted is read from the inbox."""
        raise NotImplementedError(feed)

    def read(self, feed: str, frame: bytes, *, received_at: int) -> tuple[list[Telling], list[Malformed]]:
        """One post."""
        delivery = unpack_delivery(frame)
        told = json.loads(delivery.body)
        at, part, active = int(told["at"]), int(told["part"]), bool(told["goes_on"])
        if part == PARTS - 1:
            ended_at = None if active else at + 90_000
            journey = Journey(active=active, answered=True, direction=Direction.IN, started_at=at, ended_at=ended_at, asof=delivery.at)
            return [Call(source=self._source, id_call=told["call"], journey=journey)], []
        agent, rung = party_of(self._source, f"{100 + part}", f"Agent {part}"), at + 1_000 * part
        ended_at = None if active else rung + 900
        offer = Offer(
            agent=agent, direction=Direction.IN, active=active, answered=False, began_at=rung, ended_at=ended_at, asof=delivery.at
        )
        return [Call(source=self._source, id_call=told["call"], offers=(offer,))], []

    async def page(self, kind: str, *, start_ms: int, end_ms: int, first: int, after: str | None, received_at: int) -> Page:
        """Nothing."""
        return Page(tellings=(), rows=0, total=0)

    async def report(self, kind: str, *, start_ms: int, end_ms: int, first: int, after: str | None, received_at: int, only: Only) -> Page:
        """Nothing."""
        return Page(tellings=(), rows=0, total=0)

    async def look_up(self, id_call: str, *, start_ms: int, end_ms: int, received_at: int) -> Sequence[Telling]:
        """Nothing."""
        return ()

    async def close(self) -> None:
        """Nothing is open."""


def register() -> Company:
    """From here on the company is in the registry."""
    companies: dict[str, Company] = registry.COMPANIES  # type: ignore[assignment]
    companies[NAME] = Company(name=NAME, title="Tiny", connect=TinyProvider, hook=TinyHook(), token_optional=True)
    registry.PROVIDERS[NAME] = TinyProvider
    return companies[NAME]


@contextlib.contextmanager
def tiny_company() -> Iterator[Company]:
    """While it lasts, the company is in the registry."""
    yield register()
    companies: dict[str, Company] = registry.COMPANIES  # type: ignore[assignment]
    del companies[NAME], registry.PROVIDERS[NAME]
