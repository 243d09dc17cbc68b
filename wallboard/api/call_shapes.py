"""The shape of one call in the API's answers, with its visits and offers."""

from stats.domain.outcomes import OfferOutcome, VisitOutcome
from wallboard.api.note_schema import OF_A_CALL
from wallboard.api.shapes import ID, INSTANT, KEY, NAME, SECONDS, Schema, known, listing, maybe, record, ref

CALL_SCHEMAS: dict[str, Schema] = {
    "Visit": record(
        {
            "queue_id": ID,
            "queue_key": {**KEY, "type": ["string", "null"]},
            "queue": NAME,
            "entered_at": maybe("integer", INSTANT),
            "answered_at": maybe("integer", INSTANT),
            "left_at": maybe("integer", INSTANT),
            "wait": maybe("number", f"{SECONDS}; up to now while waiting"),
            "outcome": {"type": "string", "enum": [*(str(outcome) for outcome in VisitOutcome), "short_abandoned"]},
            "fail_reason": maybe("string", "why the queue let it go, in the vendor's word"),
        }
    ),
    "Offer": record(
        {
            "agent_id": ID,
            "agent_key": {**KEY, "type": ["string", "null"]},
            "agent": NAME,
            "queue_id": ID,
            "queue_key": {**KEY, "type": ["string", "null"]},
            "queue": NAME,
            "began_at": maybe("integer", INSTANT),
            "answered_at": maybe("integer", INSTANT),
            "ended_at": maybe("integer", INSTANT),
            **{name: maybe("number", SECONDS) for name in ("ring", "talk", "hold")},
            "outcome": {"type": "string", "enum": [str(outcome) for outcome in OfferOutcome]},
            "end_reason": maybe("string", "why it ended, in the vendor's word"),
        }
    ),
    "Call": record(
        {
            "id_call": known("string", ""),
            "source": known("string", ""),
            "number": maybe("string", "E.164 where it can be derived; null when withheld, and for a token without the scope `numbers`"),
            "number_masked": maybe("string", "its country and last digits; null when withheld"),
            "direction": {"type": ["string", "null"], "enum": ["in", "out", "internal", None]},
            "internal": known("boolean", ""),
            "answered": known("boolean", ""),
            "started_at": maybe("integer", INSTANT),
            "ended_at": maybe("integer", INSTANT),
            "ended": known("boolean", ""),
            "end_reason": maybe("string", "why it ended, in the vendor's word"),
            "menu": maybe("string", "the first menu it was in"),
            "transfers": maybe("integer", "how often it was handed on, as far as the vendor tells"),
            "visits": listing(ref("Visit")),
            "offers": listing(ref("Offer")),
            **OF_A_CALL,
        }
    ),
}
