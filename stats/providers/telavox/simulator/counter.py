"""GraphQL over HTTP: the token, the body, the told-to-fail answers, and the status of everything else (Telavox Studio API 3.0)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import msgspec
from aiohttp import web

from stats.providers.telavox.simulator.historic import TOO_LONG, Historic
from stats.providers.telavox.simulator.parts import Document
from stats.providers.telavox.simulator.sockets import Tokens
from stats.providers.telavox.simulator.switches import Switches
from stats.providers.telavox.simulator.wording import encoded

REMEMBERED = 1_000


@dataclass(slots=True, frozen=True, kw_only=True)
class Asked:
    query: str
    variables: Document
    status: int


class Counter:
    """Where the questions come in. `asked` keeps the newest ones, for whoever wants to see how a client asks."""

    def __init__(self, historic: Historic, tokens: Tokens, switches: Switches) -> None:
        self._historic = historic
        self._tokens = tokens
        self._switches = switches
        self.failures: deque[tuple[int, float | None]] = deque()  # (status, Retry-After in s) of the next answers
        self.asked: deque[Asked] = deque(maxlen=REMEMBERED)
        self.served = 0

    async def serve(self, request: web.Request) -> web.StreamResponse:
        question = _question(await request.read())
        response = self._answer(request, question)
        self.served += 1
        query, variables = question.get("query"), question.get("variables")
        self.asked.append(
            Asked(
                query=query if isinstance(query, str) else "",
                variables=variables if isinstance(variables, dict) else {},
                status=response.status,
            )
        )
        return response

    def _answer(self, request: web.Request, question: Document) -> web.Response:
        if not self._tokens.accepts(request.headers.get("Authorization")):
            return web.Response(status=401, text="Unauthorized", headers={"WWW-Authenticate": "Bearer"})
        if self.failures:
            status, retry_after = self.failures.popleft()
            headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
            return web.Response(status=status, text="the look-alike was told to fail", headers=headers)
        query, variables = question.get("query"), question.get("variables")
        if not isinstance(query, str) or not isinstance(variables, dict | None):
            return web.json_response({"errors": [{"message": "a JSON object with a query is expected"}]}, status=400)
        result = self._historic.answer(query, variables, question.get("operationName"))
        errors = [error.formatted for error in result.errors or ()]
        if self._switches.too_long_status != 200 and any(TOO_LONG in error["message"] for error in errors):
            return web.Response(status=self._switches.too_long_status, text=TOO_LONG)
        answer: Document = {"data": result.data}
        if errors:
            answer["errors"] = errors
        return web.Response(body=encoded(answer), content_type="application/json", charset="utf-8")


def _question(body: bytes) -> Document:
    try:
        asked = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return asked if isinstance(asked, dict) else {}
