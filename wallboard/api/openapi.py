"""The API's own description, OpenAPI 3.1: what can be asked, with examples; `schemas` says what comes back."""

from stats.domain.definitions import ALL_WINDOWS, DEFINITIONS, NOW
from wallboard.api.note_schema import NOTE_REPORTS, NOTE_SCHEMAS, note_report_parameters
from wallboard.api.numbers import QUEUE_METRICS as METRICS
from wallboard.api.numbers import WINDOW_NAMES
from wallboard.api.receipt_schema import NUMBER_RECEIPT
from wallboard.api.receipt_shape import PARTS
from wallboard.api.report_schema import REPORT_SCHEMAS, REPORTS, report_parameters
from wallboard.api.schemas import SCHEMAS
from wallboard.api.shapes import Schema, ref

_PROBLEM: Schema = {"application/problem+json": {"schema": ref("Problem")}}
_UNAUTHORISED = {
    "type": "about:blank",
    "title": "Not authenticated",
    "status": 401,
    "detail": "Give an API token: Authorization: Bearer <token>.",
}

_EXAMPLES: dict[str, Schema] = {
    "Call": {
        "id_call": "6f1c2b6e-52d1-4f0e-9f43-0a1f4f2c7b11",
        "source": "telavox",
        "number": "+46701740605",
        "number_masked": "+46 ··· ·· 06 05",
        "direction": "in",
        "internal": False,
        "answered": True,
        "started_at": 1779100001000,
        "ended_at": 1779100243000,
        "ended": True,
        "end_reason": "CALLER_HANGUP",
        "menu": None,
        "transfers": None,
        "visits": [
            {
                "queue_id": 111834,
                "queue_key": "111834",
                "queue": "Support",
                "entered_at": 1779100004000,
                "answered_at": 1779100016000,
                "left_at": 1779100243000,
                "wait": 12.0,
                "outcome": "answered",
                "fail_reason": None,
            }
        ],
        "offers": [
            {
                "agent_id": 924328,
                "agent_key": "924328",
                "agent": "Anna Berg",
                "queue_id": 111834,
                "queue_key": "111834",
                "queue": "Support",
                "began_at": 1779100008000,
                "answered_at": 1779100016000,
                "ended_at": 1779100243000,
                "ring": 8.0,
                "talk": 227.0,
                "hold": 0.0,
                "outcome": "answered",
                "end_reason": None,
            }
        ],
        "recordings": {"count": 1, "lengths": [227.0]},
        "transcript": None,
        "sentiment": None,
        "details": None,
    },
    "Receipt": {
        "items": [{"id_call": "6f1c2b6e-52d1-4f0e-9f43-0a1f4f2c7b11", "entered_at": 1779100004000, "wait": 41.5, "outcome": "abandoned"}],
        "next": None,
    },
}


def _answer(name: str) -> Schema:
    content: Schema = {"schema": ref(name)}
    if name in _EXAMPLES:
        content["example"] = _EXAMPLES[name]
    return {"description": name, "content": {"application/json": content}}


def _asked(summary: str, answer: str, *, parameters: list[Schema] | None = None, problems: tuple[int, ...] = ()) -> Schema:
    """One GET that wants a token."""
    words = {400: "A parameter is wrong; the document names it", 404: "No such thing", 503: "Redis or the database is away"}
    responses: Schema = {
        "200": _answer(answer),
        "401": {
            "description": "No token, or a wrong one",
            "headers": {"WWW-Authenticate": {"schema": {"type": "string"}}},
            "content": {"application/problem+json": {"schema": ref("Problem"), "example": _UNAUTHORISED}},
        },
        "403": {"description": "The token opens something else", "content": _PROBLEM},
        "405": {"description": "Reading only", "content": _PROBLEM},
        "429": {
            "description": "More than 20 requests a second",
            "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}},
            "content": _PROBLEM,
        },
        **{str(status): {"description": words[status], "content": _PROBLEM} for status in (*problems, 503)},
    }
    return {"get": {"summary": summary, "parameters": parameters or [], "responses": responses}}


def _open(summary: str, content: Schema, **others: object) -> Schema:
    """One GET that wants no token."""
    responses: Schema = {"200": {"description": "OK", "content": content}, **others}
    return {"get": {"summary": summary, "security": [], "responses": responses}}


def _parameter(name: str, where: str, description: str, schema: Schema, example: object) -> Schema:
    return {"name": name, "in": where, "required": where == "path", "description": description, "schema": schema, "example": example}


_HEALTH: Schema = {"application/json": {"schema": {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]}}}
_TEXT: Schema = {"type": "string"}
_OF_A_SPAN: list[Schema] = [
    _parameter("from", "query", "instead of a window: the first day, or an instant on a quarter hour", _TEXT, "2026-05-01"),
    _parameter("to", "query", "the last day, which is in it, or an instant, which is not", _TEXT, "2026-05-18"),
    _parameter("hours", "query", "of each day of the span these hours alone, by the local clock", _TEXT, "08:00-17:30"),
    _parameter("weekdays", "query", "of the span these weekdays alone; 1 is Monday", _TEXT, "12345"),
]

DESCRIPTION: Schema = {
    "openapi": "3.1.0",
    "info": {
        "title": "Wallboard",
        "version": "1",
        "summary": "A contact centre's numbers, now and today.",
        "description": (
            "Reading only. Instants are epoch milliseconds, durations seconds, shares 0 to 1; what is not known is null, never 0. "
            "The identifiers of the numbers are defined in docs/metrics.md. A token may ask 20 times a second."
        ),
    },
    "security": [{"token": []}],
    "paths": {
        "/api/v1/live": _asked("Everything as of the moment of asking.", "Live"),
        "/api/v1/calls/{id_call}": _asked(
            "One call: its visits and offers in order.",
            "Call",
            parameters=[
                _parameter("id_call", "path", "the vendor's id of the call", _TEXT, "6f1c2b6e-52d1-4f0e-9f43-0a1f4f2c7b11"),
                _parameter("source", "query", "which source's, where several use the id; else the first by name", _TEXT, "telavox"),
            ],
            problems=(404,),
        ),
        "/api/v1/queues/{key}/calls": _asked(
            "The receipt: the visits behind a queue's number, newest first.",
            "Receipt",
            parameters=[
                _parameter("key", "path", "a queue's id or key", _TEXT, "111834"),
                _parameter("metric", "query", "which number", {"type": "string", "enum": list(METRICS), "default": "offered"}, "abandoned"),
                _parameter(
                    "window", "query", "of which window", {"type": "string", "enum": list(WINDOW_NAMES), "default": "today"}, "today"
                ),
                *_OF_A_SPAN,
                _parameter("limit", "query", "rows a page", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}, 100),
                _parameter("before", "query", "continues an earlier answer; part of its `next`", _TEXT, "1779100004000~0~telavox~6f1c2b6e"),
            ],
            problems=(400, 404),
        ),
        "/api/v1/numbers/{scope}/{metric}": _asked(
            "The receipt of any number: the records behind it, and the number counted again from them.",
            "NumberReceipt",
            parameters=[
                _parameter("scope", "path", "site, queue:<id or key> or agent:<id or key>", _TEXT, "queue:111834"),
                _parameter(
                    "metric", "path", "which number", {"type": "string", "enum": sorted({each.id for each in DEFINITIONS.values()})}, "asa"
                ),
                _parameter(
                    "window",
                    "query",
                    "of which window; unless given the first that the number exists in",
                    {"type": "string", "enum": [*NOW, *ALL_WINDOWS]},
                    "today",
                ),
                _parameter(
                    "part",
                    "query",
                    "all that is listed, what is counted, or the rest",
                    {"type": "string", "enum": list(PARTS), "default": PARTS[0]},
                    PARTS[0],
                ),
                *_OF_A_SPAN,
                _parameter("limit", "query", "rows a page", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}, 100),
                _parameter("before", "query", "continues an earlier answer; part of its `next`", _TEXT, "1779100004000~0~telavox~6f1c2b6e"),
            ],
            problems=(400, 404),
        ),
        **{
            f"/api/v1/reports/{name}": _asked(
                f"The numbers of any days, by time: {'the whole organisation' if not one else name}.",
                answer,
                parameters=report_parameters(one),
                problems=(400, 404) if one else (400,),
            )
            for name, one, answer in REPORTS
        },
        **{
            f"/api/v1/reports/{name}": _asked(summary, answer, parameters=note_report_parameters(queues=queues), problems=(400, 404))
            for name, summary, answer, queues in NOTE_REPORTS
        },
        "/api/v1/health": _asked("Whether everything works, what is wrong since when, and what to do. A login opens it too.", "Health"),
        "/api/v1/openapi.json": _open("This document.", {"application/json": {"schema": {"type": "object"}}}),
        "/healthz": _open("The process lives.", _HEALTH),
        "/readyz": _open(
            "Database, Redis and the worker's heartbeat.",
            _HEALTH,
            **{"503": {"description": "Something is missing; `checks` says what", "content": _HEALTH}},
        ),
        "/metrics": _open("For Prometheus.", {"text/plain": {"schema": _TEXT}}),
    },
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "an API token"}},
        "schemas": {**SCHEMAS, "NumberReceipt": NUMBER_RECEIPT, **REPORT_SCHEMAS, **NOTE_SCHEMAS},
    },
}
