"""Questions to the historic layer: one POST at a time over one kept session, answered with a page of raw rows or an error of ours.

Rules that hold here:
- gql carries the documents; the answer's JSON is split into raw rows (envelope.py), which the readers of live frames read one by one.
- The token goes to the configured address alone: redirects are faults, nothing is taken from the environment, nothing is logged.
- 200 with errors: rows are kept and flagged, no rows are no answer; a field unknown to the schema is left out and the question asked
  again; a missing filter is our own fault and never retried.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import msgspec
from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from graphql import ExecutionResult

from stats.domain.errors import Refused, Retry
from stats.providers.telavox import answers, envelope
from stats.providers.telavox.envelope import RawPage
from stats.providers.telavox.selection import FILTERS, KINDS, Complaint, Selection

TIMEOUT_S = 30
MAX_ANSWER_BYTES = 64 << 20
_MAX_ADAPTATIONS = 60  # no document has more fields
_JUDGED_BY_BODY = frozenset({400, 405, 413, 414, 422, 500})  # how some servers carry GraphQL errors
_AUTH_CODES = frozenset({"UNAUTHENTICATED", "FORBIDDEN"})


class _Place(msgspec.Struct):
    line: int = 0
    column: int = 0


class _Extensions(msgspec.Struct):
    code: str | int | None = None


class _Problem(msgspec.Struct):
    message: str | None = None
    locations: list[_Place] | None = None
    extensions: _Extensions | None = None


class _Answer(msgspec.Struct):
    data: dict[str, envelope.Envelope | None] | None = None
    errors: list[_Problem] | None = None


_ANSWERS = msgspec.json.Decoder(_Answer)

# What each endpoint's schema turned out not to know, for the life of the process: a new provider need not learn it again.
_LEARNT: dict[str, dict[str, Selection]] = {}


class StudioTransport(AIOHTTPTransport):
    """gql's aiohttp transport, with the answer read by msgspec and every failure told in our three words."""

    def __init__(self, url: str, token: str, clock: Callable[[], int]) -> None:
        super().__init__(url=url, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_S, ssl_close_timeout=1)
        self._clock = clock

    async def execute(self, request: GraphQLRequest, **_: Any) -> ExecutionResult:
        """One POST. The result's data maps the root to a RawPage; its errors are our own _Problem records."""
        assert self.session is not None
        try:
            async with self.session.post(self.url, json=request.payload, allow_redirects=False) as response:
                body = await _whole(response)
        except aiohttp.InvalidURL:
            raise Refused("config", "the historic address is not a web address") from None
        except TimeoutError:
            raise Retry("timeout") from None
        except (aiohttp.ClientError, OSError, EOFError) as fault:
            raise Retry(f"cannot ask: {type(fault).__name__}") from None
        except ValueError:
            raise Refused("config", "the token or the historic address holds characters that cannot be sent") from None
        answer = self._judge(response.status, response.headers.get("Retry-After"), body)
        return ExecutionResult(data=answer.data, errors=answer.errors)  # type: ignore[arg-type]

    def _judge(self, status: int, retry_after: str | None, body: bytes) -> _Answer:
        if status not in (401, 403) and len(body) < 100_000 and answers.TOO_LONG.encode() in body:
            raise Refused("config", answers.TOO_LONG)
        if not (200 <= status < 300 or status in _JUDGED_BY_BODY):
            raise answers.of_status(status, retry_after, now_ms=self._clock())
        try:
            answer = _ANSWERS.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            answer = _Answer()
        if answer.data is None and not answer.errors:
            if 200 <= status < 300:
                raise Retry("not a GraphQL answer")
            raise answers.of_status(status, retry_after, now_ms=self._clock())
        return answer


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise Retry("answer too large")
        chunks.append(chunk)
    return b"".join(chunks)


class Archive:
    """The vendor's past, asked page by page."""

    def __init__(self, url: str, token: str, clock: Callable[[], int]) -> None:
        self._client = Client(transport=StudioTransport(url, token, clock), fetch_schema_from_transport=False, execute_timeout=None)
        self._session: AsyncClientSession | None = None
        self._opening = asyncio.Lock()
        self._selections = _LEARNT.setdefault(url, {kind: Selection(kind) for kind in KINDS})

    @property
    def drift(self) -> set[str]:
        """The fields and roots this endpoint turned out not to know, as "calls.data.transfers"."""
        return set().union(*(selection.drift for selection in self._selections.values()))

    async def ask(self, kind: str, variables: Mapping[str, str | int | None]) -> tuple[RawPage, bool]:
        """(page, whether it came with errors). With filters among the variables, of what they let through. Raises Retry or Refused."""
        selection = self._selections[kind]
        for _ in range(_MAX_ADAPTATIONS):
            text = _text(selection, variables)
            root = selection.root
            told, problems = await self._execute(text, variables)
            page = envelope.opened(told.get(root) if told else None)
            if page is not None:
                if problems and not page.rows:
                    _refuse(problems)  # no rows beside an error are no rows
                    raise Retry(f"graphql: {answers.short(problems[0].message or 'errors and no rows')}")
                return page, bool(problems) or page.odd
            _refuse(problems)
            adapted = selection.adapt(text, [_complaint(problem) for problem in problems])
            if not adapted and text == _text(selection, variables):  # else another question has just learnt it
                reason = problems[0].message if problems else "no rows and no errors"
                raise Retry(f"graphql: {answers.short(reason)}")
        raise Refused("config", "the historic schema knows none of our fields")

    async def _execute(self, text: str, variables: Mapping[str, Any]) -> tuple[dict[str, envelope.Envelope | None] | None, list[_Problem]]:
        async with self._opening:
            if self._session is None:
                self._session = await self._client.connect_async(reconnecting=False)  # type: ignore[no-untyped-call]
        given = {name: value for name, value in variables.items() if value is not None}
        try:
            return await self._session.execute(GraphQLRequest(text, variable_values=given)), []
        except TransportQueryError as told:
            return told.data, list(told.errors or [])

    async def close(self) -> None:
        """Let go of the session; a later question opens another."""
        async with self._opening:
            if self._session is not None:
                self._session = None
                await self._client.close_async()  # type: ignore[no-untyped-call]


def _text(selection: Selection, variables: Mapping[str, object]) -> str:
    filters = [name for name in FILTERS if variables.get(name) is not None]
    return selection.narrowed(filters) if filters else selection.text


def _refuse(problems: list[_Problem]) -> None:
    if answers.asks_too_much(problem.message or "" for problem in problems):
        raise Refused("config", answers.TOO_LONG)
    for problem in problems:
        if problem.extensions is not None and problem.extensions.code in _AUTH_CODES:
            raise Refused("auth", str(problem.extensions.code))


def _complaint(problem: _Problem) -> Complaint:
    return Complaint(message=problem.message or "", places=tuple((place.line, place.column) for place in problem.locations or ()))
