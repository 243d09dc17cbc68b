"""The shapes of the API's answers, as OpenAPI 3.1 schemas: ids, units and what null means."""

from stats.domain.agent_states import AgentState
from stats.domain.board import AGENT_COUNTS
from stats.domain.metrics import VARIANTS
from stats.domain.sums import COUNTED, SITE_COUNTED, TIME_METRICS
from wallboard.api.call_shapes import CALL_SCHEMAS
from wallboard.api.shapes import ACCOUNT, ID, INSTANT, KEY, NAME, RATIO, SECONDS, UNKNOWN, Schema, known, listing, maybe, record, ref

# Members are added as there is more to see.
_ANYTHING: Schema = {
    "type": ["string", "integer", "number", "boolean", "array", "object", "null"],
    "additionalProperties": ref("Anything"),
    "items": ref("Anything"),
}
_OPEN: Schema = {"type": "object", "additionalProperties": ref("Anything")}
_NOW: dict[str, Schema] = {
    "waiting": maybe("integer", f"visits waiting; {UNKNOWN}"),
    "longest_wait_since": maybe("integer", f"when the longest waiting visit began, {INSTANT}; null when none waits"),
    "talking": maybe("integer", "answered visits still in talk"),
    **{name: maybe("integer", "agents logged in, by state; null until presence was heard of") for name in AGENT_COUNTS},
}
_LEVELS = record({name: maybe("number", RATIO) for name in VARIANTS}, "the six service levels side by side")
_WINDOW: dict[str, Schema] = {
    **{name: maybe("integer", f"visits of the window; {UNKNOWN}") for name in COUNTED},
    "service_level": maybe("number", f"by the queue's variant; {RATIO}"),
    "service_levels": {"oneOf": [_LEVELS, {"type": "null"}]},
    **{name: maybe("number", RATIO) for name in ("abandon_rate", "answer_rate", "transfer_rate")},
    **{
        name: maybe("number", SECONDS)
        for name in ("asa", "avg_abandon_wait", "longest_wait_window", "wait_p50", "wait_p90", "att", "avg_hold", "aht")
    },
}
_BUDGET = {"sl_budget": maybe("integer", "visits that may still miss today before the target share is lost; negative when it is")}
_SITE_WINDOW: dict[str, Schema] = {**{name: maybe("integer", "calls started in the window") for name in SITE_COUNTED}, **_WINDOW}
_ROLLING = ("15m", "30m", "60m")

SCHEMAS: dict[str, Schema] = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457",
        "properties": {
            "type": known("string", "about:blank"),
            "title": known("string", "the kind"),
            "status": known("integer", "the HTTP status"),
            "detail": known("string", "what to do about it"),
            "parameter": known("string", "with 400: the parameter at fault"),
            "allowed": {"description": "with 400: what it may be", "type": ["array", "string"], "items": {"type": "string"}},
        },
        "required": ["type", "title", "status", "detail"],
    },
    "Socket": record(
        {
            "state": {"type": "string", "enum": ["open", "connecting", "away", "refused", "config"]},
            "last_frame": maybe("integer", INSTANT),
            "alive_at": maybe("integer", f"last sign of life, {INSTANT}"),
            "overdue": known("boolean", "an hourly batch that should have come has not"),
        }
    ),
    "Source": record(
        {
            "name": known("string", ""),
            "provider": known("string", ""),
            "state": {"type": "string", "enum": ["connecting", "seeding", "live", "stale", "down", "auth_error", "config_error", "paused"]},
            "reason": maybe("string", "a short code, when not live"),
            "seeded_to": maybe("integer", f"history read up to, {INSTANT}"),
            "exact": known("boolean", "the day is proven complete"),
            "sockets": {"type": "object", "additionalProperties": ref("Socket")},
            "lacks": {
                "type": ["object", "null"],
                "description": "ids of numbers its vendor cannot tell, by kind of scope; they are null. By queue_past, site_past and"
                " agent_past: those that it cannot tell of calls to which nobody listened; they are null in windows with such calls",
                "additionalProperties": listing({"type": "string"}),
            },
            "heard_from": maybe("integer", f"since when no call went unheard, {INSTANT}; null where none lately did"),
        }
    ),
    "QueueNow": record(
        {
            **_NOW,
            "not_answer_risk": maybe("integer", "as the vendor last sent it"),
            "estimated_wait": maybe("number", "seconds, as the vendor estimates the wait of a caller who comes now"),
        }
    ),
    "SiteNow": record(_NOW),
    "QueueWindow": record(_WINDOW),
    "QueueToday": record({**_WINDOW, **_BUDGET}),
    "SiteWindow": record(_SITE_WINDOW),
    "SiteToday": record(
        {**_SITE_WINDOW, **_BUDGET, "lost_callers": maybe("integer", "distinct numbers that gave up and were not reached later")}
    ),
    "Queue": record(
        {
            "id": ID,
            "account_id": ACCOUNT,
            "key": KEY,
            "name": NAME,
            "source": known("string", ""),
            "target_s": known("number", SECONDS),
            "short_s": known("number", SECONDS),
            "share": known("number", "the share to be answered in target"),
            "variant": {"type": "string", "enum": list(VARIANTS)},
            "derived": known("boolean", "the vendor has no such queue: it is a number or a menu to which somebody here gave a name"),
            "now": ref("QueueNow"),
            "today": ref("QueueToday"),
            **{window: ref("QueueWindow") for window in _ROLLING},
        }
    ),
    "Agent": record(
        {
            "id": ID,
            "account_id": ACCOUNT,
            "key": KEY,
            "name": NAME,
            "source": known("string", ""),
            "state": {"type": "string", "enum": [str(state) for state in AgentState]},
            "state_since": maybe("integer", INSTANT),
            "verified": known("boolean", "told since the presence socket was last opened"),
            "unverified_since": maybe("integer", INSTANT),
            "profile": maybe("string", "the customer's own name of it"),
            "until": maybe("integer", INSTANT),
            "queues_in": listing({"type": ["integer", "string"]}),
            "derived": known("boolean", "the state is made of the agent's calls alone: the vendor tells no presence"),
            "today": record(
                {
                    **{name: maybe("integer", "calls") for name in ("offers", "answered", "missed", "withdrawn", "outgoing")},
                    "answer_rate": maybe("number", RATIO),
                    "occupancy": maybe("number", RATIO),
                    **{name: maybe("number", SECONDS) for name in ("talk_time", "hold_time", "ring_time", "aht", *TIME_METRICS)},
                }
            ),
        }
    ),
    "Live": record(
        {
            "as_of": known("integer", INSTANT),
            "day": known("string", "the business day, 2026-05-18"),
            "timezone": known("string", "IANA name"),
            "version": known("integer", "of the values; grows"),
            "epoch": known("string", "versions compare inside one epoch"),
            "sources": listing(ref("Source")),
            "site": record({"now": ref("SiteNow"), "today": ref("SiteToday"), **{window: ref("SiteWindow") for window in _ROLLING}}),
            "queues": listing(ref("Queue")),
            "agents": listing(ref("Agent")),
        }
    ),
    **CALL_SCHEMAS,
    "Anything": _ANYTHING,
    "Finding": record(
        {
            "code": known("string", "what it is, in one word that does not change with the language"),
            "level": {"type": "string", "enum": ["bad", "note"]},
            "about": known("string", "the part it is about"),
            "words": known("string", "what is so, in the language asked for (Accept-Language: en, sv)"),
            "do": known("string", "what to do about it; empty for nothing"),
            "since": maybe("integer", INSTANT),
            "values": {"type": "object", "additionalProperties": {"type": ["string", "integer"]}},
        }
    ),
    "Health": record(
        {
            "as_of": known("integer", INSTANT),
            "state": {"type": "string", "enum": ["good", "note", "bad"]},
            "summary": known("string", "the first thing to know"),
            "findings": listing(ref("Finding")),
            "clock_offset_s": known("number", "0; anything else is a test's"),
            "store": _OPEN,
            "database": record({"answers": known("boolean", "")}),
            "worker": record({"seen_at": maybe("integer", INSTANT), "workers": listing(_OPEN)}),
            "sources": listing(_OPEN),
            "archive": record(
                {
                    "waiting": {"type": "object", "additionalProperties": known("integer", "ended calls to be kept")},
                    "rollup_lag_s": known(
                        "number", "for how long today's oldest quarter hour has waited to be added up for reports; 0: none"
                    ),
                }
            ),
            "web": listing(_OPEN),
            "recount": {"oneOf": [_OPEN, {"type": "null"}]},
        },
        "what stands inside store, workers, sources, web and recount may grow; docs/seeing.md explains it",
    ),
    "Receipt": record(
        {
            "items": listing(
                record(
                    {
                        "id_call": known("string", ""),
                        "entered_at": known("integer", INSTANT),
                        "wait": maybe("number", SECONDS),
                        "outcome": known("string", "as of a visit"),
                    }
                )
            ),
            "next": maybe("string", "the address of the next page"),
        }
    ),
}
