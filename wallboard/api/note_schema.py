"""What the API tells of what vendors told beside the calls, as OpenAPI 3.1 schemas."""

from wallboard.api.report_schema import report_parameters
from wallboard.api.shapes import SECONDS, Schema, known, listing, maybe, record

_WORD = "in the vendor's word; null where it was not told"
_TURN = record(
    {
        "speaker": maybe("string", "as the vendor names them"),
        "text": known("string", ""),
        "start": maybe("number", f"{SECONDS} from the beginning of the sound"),
        "length": maybe("number", SECONDS),
        "confidence": maybe("number", "of whoever wrote it down, 0 to 1"),
    }
)
_TRANSCRIPT = record(
    {
        "part": known("string", "which part of the call; empty: all of it"),
        "by": known("string", "the source that wrote it down"),
        "summary": maybe("string", ""),
        "text": maybe("string", "where it is not told by turns"),
        "turns": listing(_TURN),
        "silence": maybe("number", f"{SECONDS} in which nobody spoke"),
    }
)
_DETAILS: dict[str, Schema] = {
    "called_number": maybe("string", "that was dialled; of a call that went out for tokens with the scope `numbers` alone"),
    "customer_name": maybe("string", "for tokens with the scope `numbers` alone"),
    "status": maybe("string", f"how it ended, {_WORD}"),
    "hangup_side": maybe("string", "caller, agent or system"),
    "error_code": maybe("string", _WORD),
    "error": maybe("string", _WORD),
    "sub_account": maybe("string", _WORD),
    "parent_call": maybe("string", "the id of the call it belongs to"),
    "menus": listing(known("string", "menus or routing rules, in order")),
    "keys": listing(known("string", "what was pressed or said; empty without the scope `numbers`")),
    "labels": listing(known("string", "")),
    "crm_name": maybe("string", "for tokens with the scope `numbers` alone"),
    "crm_url": maybe("string", "for tokens with the scope `numbers` alone"),
}


def _or_null(schema: Schema, description: str) -> Schema:
    return {**schema, "type": [str(schema["type"]), "null"], "description": description}


# What a call's document has beside the call.
OF_A_CALL: dict[str, Schema] = {
    "recordings": _or_null(
        record({"count": known("integer", ""), "lengths": listing(maybe("number", SECONDS))}),
        "null where none was told; never where they lie",
    ),
    "transcript": _or_null(listing(_TRANSCRIPT), "null where none was told, and for tokens without the scope `recordings`"),
    "sentiment": maybe("number", "0 (bad) to 100, by the vendor; null where it was not told, and without the scope `recordings`"),
    "details": _or_null(record(_DETAILS), "null where nothing was told"),
}


def _report(row: dict[str, Schema], counted: str) -> Schema:
    return record(
        {
            "timezone": known("string", "the organisation's, IANA"),
            "first": known("string", "the first day asked for"),
            "last": known("string", "the last day asked for, included"),
            "rows": listing(record({**row, counted: known("integer", "how many")})),
        },
        "the most first, at most 200",
    )


NOTE_SCHEMAS: dict[str, Schema] = {
    "DetailReport": _report(
        {name: maybe("string", _WORD) for name in ("called_number", "direction", "status", "hangup_side", "error_code")}, "calls"
    ),
    "MessageReport": _report({name: maybe("string", _WORD) for name in ("channel", "direction", "status")}, "messages"),
}
# Name, what it tells, what answers, and whether queues can be chosen.
NOTE_REPORTS: tuple[tuple[str, str, str, bool], ...] = (
    ("details", "Calls by the vendors' own words: dialled number, direction, status, who hung up, error code.", "DetailReport", True),
    ("messages", "Text messages and faxes by channel, direction and status.", "MessageReport", False),
)


def note_report_parameters(*, queues: bool) -> list[Schema]:
    """How such a report is asked for."""
    of_days = report_parameters("queue" if queues else "")
    return [each for each in of_days if each["name"] not in ("interval", "format")]
