"""Voxjar's own spelling: the answers of GraphQL read with tolerance, the documents asked, and the two parts of an upload.

Rules that hold here: every field may be missing; a length may be a number of seconds or an interval; a transcript may be turns or text.
The multipart form is what the vendor's published Python client (0.5.0) sends, made by the library that client uses.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from urllib3.fields import RequestField

# Asked once for each connection: what the schema has of what we read.
ABOUT = """query { __schema { types { name fields { name args { name } type {
kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }"""
TRIVIAL = "query { __typename }"
PAGE = 20

# By public scripts of its customers: what a turn has, where the schema cannot be asked.
USUAL_TURN = ("text", "timestamp", "confidence", "length")
SPEAKERS = ("speaker", "speakerLabel", "channel")


class Fault(msgspec.Struct, frozen=True):
    """One of an answer's errors."""

    message: str = ""
    extensions: dict[str, Any] | None = None


class Answer(msgspec.Struct, frozen=True):
    """What GraphQL answered."""

    data: dict[str, Any] | None = None
    errors: list[Fault] | None = None


class Taken(msgspec.Struct, frozen=True):
    """What /enqueue answered: the metadata again, or what is wrong with it."""

    error: Any = None
    errors: Any = None
    message: Any = None
    missing: Any = None


_answer = msgspec.json.Decoder(Answer)


def read_answer(body: bytes) -> Answer:
    """Raises msgspec.MsgspecError."""
    return _answer.decode(body)


def unknown_to(answer: Answer) -> bool:
    """Whether its errors say, by their codes, that it does not know who asks."""
    codes = {str((each.extensions or {}).get("code", "")).upper() for each in answer.errors or ()}
    return not codes.isdisjoint({"UNAUTHENTICATED", "FORBIDDEN"})


def read_taken(body: bytes) -> Taken:
    """Raises msgspec.MsgspecError; what is JSON but no object says nothing."""
    told = msgspec.json.decode(body)
    return msgspec.convert(told, Taken) if isinstance(told, dict) else Taken()


def parts_of(metadata: Mapping[str, Any], boundary: str) -> tuple[bytes, bytes]:
    """What stands before the sound, and what after it."""
    first = RequestField("metadata", b"")
    first.make_multipart(content_type="application/json")
    second = RequestField("file", b"", filename=str(metadata["identifier"]))
    second.make_multipart(content_type="application/octet-stream")
    edge = f"--{boundary}\r\n".encode()
    head = edge + first.render_headers().encode() + json.dumps(metadata).encode() + b"\r\n" + edge + second.render_headers().encode()
    return head, f"\r\n--{boundary}--\r\n".encode()


def calls_document(fields: Mapping[str, Sequence[str]]) -> str:
    """Asks for a page of calls, each with these fields; a field with parts of its own names them."""
    told = " ".join(f"{name} {{ {' '.join(parts)} }}" if parts else name for name, parts in fields.items())
    return f"query($filter: CallFilterInput, $offset: Int) {{ calls(filter: $filter, offset: $offset) {{ {told} }} }}"


_LONG_NUMBER = re.compile(r"\d{6,}")
_LONG_WORD = re.compile(r"[\w.~+/=-]{32,}")


def short(text: object, most: int = 200) -> str:
    """The vendor's words, safe for a log or a page: no token, no telephone number, no markup."""
    words = re.sub(r"<[^>]*>", " ", str(text))
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
    return _LONG_NUMBER.sub("#", _LONG_WORD.sub("…", words[: most * 4]))[:most].strip()
