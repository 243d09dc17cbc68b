"""What the answers of /api/v1/reports hold, as OpenAPI 3.1 schemas, and how they are asked for."""

from stats.domain.metrics import VARIANTS
from stats.domain.report import INTERVALS
from stats.domain.sums import COUNTED, SITE_COUNTED, TIME_METRICS
from wallboard.api.reports import FORMATS
from wallboard.api.shapes import ACCOUNT, ID, INSTANT, KEY, NAME, RATIO, SECONDS, Schema, known, listing, maybe, record

_MOMENT = "ISO 8601 with the offset of the organisation's zone at that instant"
_TIME: dict[str, Schema] = {
    "from": known("string", f"the beginning, included; {_MOMENT}"),
    "to": known("string", f"the end, not included; {_MOMENT}"),
    "in_progress": known("boolean", "the interval is not over yet"),
}
_SETTINGS: dict[str, Schema] = {
    "target_s": maybe("number", f"{SECONDS}; as it was in force then, the newest where it was changed meanwhile"),
    "short_s": maybe("number", f"{SECONDS}; likewise"),
    "share": maybe("number", "the share to be answered in target; likewise"),
    "variant": {"enum": [*VARIANTS, None], "description": "of service_level; likewise"},
    "settings_changed": known("boolean", "the row adds up times with different settings"),
}
_LEVELS = record({name: maybe("number", RATIO) for name in VARIANTS}, "the six service levels side by side")
_OF_QUEUES: dict[str, Schema] = {
    **{name: known("integer", "visits that entered in the interval") for name in COUNTED},
    "service_level": maybe("number", f"by the row's variant; {RATIO}"),
    "service_levels": _LEVELS,
    **{name: maybe("number", RATIO) for name in ("abandon_rate", "answer_rate", "transfer_rate")},
    **{
        name: maybe("number", f"{SECONDS}; null of nothing")
        for name in ("asa", "avg_abandon_wait", "longest_wait_window", "wait_p50", "wait_p90", "att", "avg_hold", "aht")
    },
}
_OF_AGENTS: dict[str, Schema] = {
    **{name: known("integer", "that began in the interval") for name in ("offers", "answered", "missed", "withdrawn", "outgoing")},
    **{name: maybe("number", RATIO) for name in ("answer_rate", "occupancy")},
    **{name: known("number", SECONDS) for name in ("talk_time", "hold_time", "ring_time")},
    "aht": maybe("number", f"{SECONDS}; null of nothing"),
    **{name: maybe("number", f"{SECONDS}; null where nobody was ever watched") for name in TIME_METRICS},
}


def _report(row: dict[str, Schema], of: str) -> Schema:
    return record(
        {
            "timezone": known("string", "the organisation's, IANA"),
            "first": known("string", "the first day asked for"),
            "last": known("string", "the last day asked for, included"),
            "interval": {"type": "string", "enum": list(INTERVALS)},
            "definitions": known("integer", "the version of the definitions of numbers"),
            "rows": listing(record(row)),
            "as_of": known("string", f"when it was read; {_MOMENT}"),
            "complete_to": known("string", f"everything up to here is in it; {_MOMENT}"),
            "recounting": known("integer", "quarters of an hour that wait to be added up anew; their numbers are those of before"),
            "unheard": listing(
                record(
                    {
                        "source": known("string", "a source"),
                        "from": known("integer", f"since when nobody listened to it, or the first instant of the report, {INSTANT}"),
                        "to": known("integer", f"until when, {INSTANT}; numbers that need calls of that time are null"),
                    }
                )
            ),
            "unread": listing(known("string", "a day of which a part alone is known: nobody listened, and its history was not read")),
        },
        f"{of}, in order of their beginning, then of the id; a time in which nothing was counted has no row",
    )


REPORT_SCHEMAS: dict[str, Schema] = {
    "QueueReport": _report(
        {"queue_id": ID, "queue_key": KEY, "account_id": ACCOUNT, "name": NAME, **_TIME, **_SETTINGS, **_OF_QUEUES},
        "a row a queue and interval",
    ),
    "AgentReport": _report(
        {"agent_id": ID, "agent_key": KEY, "account_id": ACCOUNT, "name": NAME, **_TIME, **_OF_AGENTS}, "a row an agent and interval"
    ),
    "SiteReport": _report(
        {
            **_TIME,
            **{name: maybe("integer", "calls started in the interval; null for whoever sees some queues alone") for name in SITE_COUNTED},
            **_OF_QUEUES,
        },
        "a row an interval: the numbers of all queues in sight together",
    ),
}


def report_parameters(one: str) -> list[Schema]:
    """How a report is asked for; `one`: what chooses rows ("queue", "agent" or "" for nothing)."""
    day: Schema = {"type": "string", "format": "date"}
    found: list[Schema] = [
        _asked("from", "the first day, of the organisation's zone; unless given the last", day, "2026-05-01"),
        _asked("to", "the last day, included; unless given today. At most ten years after the first", day, "2026-05-18"),
        _asked("interval", "how it is cut", {"type": "string", "enum": list(INTERVALS), "default": "day"}, "1h"),
        _asked("format", "as what", {"type": "string", "enum": list(FORMATS), "default": FORMATS[0]}, FORMATS[0]),
    ]
    if one:
        keys: Schema = {"type": "array", "items": {"type": "string"}}
        found.append(_asked(one, f"an id or key, as often as wanted; unless given every {one} in sight", keys, ["111834"]))
    return found


def _asked(name: str, description: str, schema: Schema, example: object) -> Schema:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema, "example": example}


REPORTS: tuple[tuple[str, str, str], ...] = (
    ("queues", "queue", "QueueReport"),
    ("agents", "agent", "AgentReport"),
    ("site", "", "SiteReport"),
)
