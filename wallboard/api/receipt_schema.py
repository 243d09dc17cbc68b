"""What comes back of a receipt of a number, in OpenAPI's words."""

from wallboard.api.shapes import INSTANT, SECONDS, UNKNOWN, Schema, known, listing, maybe, record, ref

NUMBER_RECEIPT: Schema = record(
    {
        "scope": known("string", ""),
        "metric": known("string", ""),
        "window": known("string", "span where from and to were given"),
        "first": maybe("integer", f"the window's first, {INSTANT}; null for now"),
        "end": maybe("integer", f"the first after the window, {INSTANT}"),
        "as_of": known("integer", INSTANT),
        "version": known("integer", "of the values the number is one of"),
        "epoch": known("string", "versions compare inside one epoch"),
        "freshness": record(
            {
                "level": {"type": "string", "enum": ["live", "late", "stale", "unknown"]},
                "reason": known("string", "a short code"),
                "alive_at": maybe("integer", INSTANT),
            }
        ),
        "kind": known("string", "of the records: visit, offer, call, living, agents, presence, caller or vendor"),
        "unit": known("string", ""),
        "value": {"description": UNKNOWN, "type": ["number", "string", "boolean", "array", "null"], "items": ref("Anything")},
        "recounted": {"description": "counted again from the list", "type": ["number", "string", "boolean", "array", "null"]},
        "agrees": known("boolean", "whether the two are the same"),
        "uncounted": known("boolean", "of a span: so many records that they were not counted again; total and counted are 0 then"),
        "formula": maybe("string", "in the ids of other numbers and of sums"),
        "filled": maybe("string", "the same with their figures"),
        "total": known("integer", "records listed, on all pages"),
        "counted": known("integer", "of these, counted"),
        "excluded": {"type": "object", "additionalProperties": known("integer", "records of the window that are not in it, by why")},
        "items": listing(
            record(
                {
                    "id_call": maybe("string", "null for what is no call, and for a call that is not open to this token"),
                    "source": known("string", ""),
                    "at": known("integer", f"when it entered, rang, started or began, {INSTANT}"),
                    "ended_at": maybe("integer", INSTANT),
                    "queue_key": maybe("string", ""),
                    "agent_key": maybe("string", ""),
                    "number": maybe("string", "the caller's, of calls and lost callers, for tokens with the scope `numbers`"),
                    "outcome": known("string", "as of a visit, an offer or a call; an agent's state"),
                    **{name: maybe("number", SECONDS) for name in ("wait", "talk", "hold", "ring", "lasted")},
                    "transferred": known("boolean", ""),
                    "times": maybe("integer", "how often a lost caller gave up"),
                    "counted": known("boolean", ""),
                }
            )
        ),
        "next": maybe("string", "the address of the next page"),
    }
)
